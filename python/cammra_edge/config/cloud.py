"""The camera's own profile file, `cloud.cgi` XML, to a profile's flat fields and back.

Only what that file knows is taken over; protocols that it has no public number for (UTMC) cannot be
written. Entities and document types are refused, so that a file cannot name other files or grow
(`tests/config/test_cloud.py`).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape

from cammra_edge.checks import Want
from cammra_edge.config.wants import ConfigWant
from cammra_edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.config.flat import Flat

_PROTOCOLS = {"1": "HTTP POST", "8": "TCP", "16": "FTP"}
_EVENTS = {"event_new": "new", "event_update": "update", "event_lost": "lost"}
_SWITCHES = {"enable": "enabled", "use_multipart": "multipart", "send_second_image": "two_images"}
_IN_BASE64 = frozenset({"url", "user", "password"})
_MAX_DEPTH = 2
_SECOND_IMAGE = "21"  # the plate crop, the only one the file is known to hold


def fields_from_cloud(xml: bytes) -> Flat:
    """The fields of a profile that a `cloud.cgi` file sets.

    Raises:
        ConfigError: Names the element.
    """
    elements = _elements(xml)
    fields: Flat = {}
    if (number := elements.get("protocol")) is not None:
        if number not in _PROTOCOLS:
            raise ConfigError("cloud_config.protocol", number[:20], ConfigWant.CLOUD_NUMBER())
        fields["protocol"] = _PROTOCOLS[number]
    for name, field in (
        ("url", "server_url"), ("user", "user"), ("password", "password"), ("sensorProviderID", "device_id"),
        ("x_auth_key", "auth_header"),
    ):  # fmt: skip
        if name in elements:
            fields[field] = _decoded(name, elements[name]) if name in _IN_BASE64 else elements[name]
    fields |= {
        name: _number(name, elements[name])
        for name in ("latitude", "longitude")
        if elements.get(name)
    }
    fields |= {
        field: _flag(name, elements[name]) for name, field in _SWITCHES.items() if name in elements
    }
    if any(name in elements for name in _EVENTS):
        fields["events"] = [
            kind for name, kind in _EVENTS.items() if _flag(name, elements.get(name, "false"))
        ]
    if "skip_image_in_post" in elements:
        fields["image"] = (
            None if _flag("skip_image_in_post", elements["skip_image_in_post"]) else "vehicle crop"
        )
    if elements.get("path_template"):
        path, _, name = elements["path_template"].strip("/").rpartition("/")
        fields |= {"path": path, "naming": name}
    return fields


def cloud_from_fields(fields: Mapping[str, object], *, secrets: bool = False) -> str:
    """A profile as a `cloud.cgi` file; passwords only when asked for.

    Raises:
        ConfigError: The file has no number for this protocol.
    """
    numbers = {word: number for number, word in _PROTOCOLS.items()}
    word = str(fields.get("protocol"))
    if word not in numbers:
        raise ConfigError("protocol", word, ConfigWant.CLOUD_PROTOCOL())
    events = fields.get("events")
    kinds = events if isinstance(events, list) else []
    path = "/".join(
        part for part in (str(fields.get("path") or ""), str(fields.get("naming") or "")) if part
    )
    values = {
        "url": _encoded(fields.get("server_url")),
        "latitude": _text(fields.get("latitude")),
        "longitude": _text(fields.get("longitude")),
        "sensorProviderID": _text(fields.get("device_id")),
        "protocol": numbers[word],
        "enable": _word(fields.get("enabled")),
        "skip_image_in_post": _word(fields.get("image") is None),
        **{name: _word(kind in kinds) for name, kind in _EVENTS.items()},
        "use_multipart": _word(fields.get("multipart")),
        "use_event_buffer": "true",
        "user": _encoded(fields.get("user")),
        "password": _encoded(fields.get("password") if secrets else ""),
        "http_auth_type": "0",
        "send_second_image": _word(fields.get("two_images")),
        "second_image_type": _SECOND_IMAGE,
        "path_template": path if word == "FTP" else "",
        "x_auth_key": _text(fields.get("auth_header") if secrets else ""),
    }
    lines = [f"    <{name}>{escape(value)}</{name}>" for name, value in values.items()]
    return "\n".join(
        ['<?xml version="1.0" encoding="utf-8" ?>', "<cloud_config>", *lines, "</cloud_config>", ""]
    )


def _elements(xml: bytes) -> dict[str, str]:
    elements: dict[str, str] = {}
    path: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ConfigError("cloud_config", "a document type or entity", ConfigWant.PLAIN_ELEMENTS())

    def start(name: str, _: object) -> None:
        path.append(name)
        if len(path) > _MAX_DEPTH or path[0] != "cloud_config":
            raise ConfigError("cloud_config", name[:40], ConfigWant.CLOUD_CONFIG())
        if len(path) == _MAX_DEPTH:
            elements[name] = ""

    def text(content: str) -> None:
        if len(path) == _MAX_DEPTH:
            elements[path[-1]] += content

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: path.pop()
    parser.CharacterDataHandler = text
    try:
        parser.Parse(xml, True)  # noqa: FBT003 - expat takes it by position only
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two: of its encoding
        raise ConfigError("cloud_config", str(error), ConfigWant.XML()) from error
    return {name: content.strip() for name, content in elements.items()}


def _decoded(name: str, text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"cloud_config.{name}", "", ConfigWant.BASE64()) from error


def _encoded(value: object) -> str:
    return base64.b64encode(str(value or "").encode()).decode()


def _flag(name: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise ConfigError(f"cloud_config.{name}", text[:20], Want.TRUE_OR_FALSE())
    return text == "true"


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"cloud_config.{name}", text[:20], Want.NUMBER()) from error


def _word(value: object) -> str:
    return "true" if value else "false"


def _text(value: object) -> str:
    return "" if value is None else str(value)
