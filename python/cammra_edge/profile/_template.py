"""Templates: strict and logic-less. A text with named fields becomes a message; nothing in it is run.

A template is TOML: `content_type`, `escape` (`xml`, `json`, `csv`, `url` or `raw`), and either a `body` or
a list of multipart `[[parts]]`. In a text stand

* `{{field}}` or `{{field:format}}`: the field's value, always escaped for the target;
* `{{#field}}…{{/field}}`: a piece that is left out where the field is empty.

Everything is checked when the template is read: unknown fields, formats that do not fit the field's
type, pieces that are not closed. So rendering cannot fail (`tests/payload/test_template.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

from cammra_edge.errors import ConfigError
from cammra_edge.profile import _checks

LARGEST_TEMPLATE: Final = 64 << 10
_DEEPEST: Final = 8
_MARK = re.compile(r"\{\{([#/]?)([a-z0-9_]*)(?::([^{}]*))?\}\}")
_FILE_NAME = re.compile(r"[A-Za-z0-9._{}:#/%-]*")


class Escape(StrEnum):
    """What a value must not break out of."""

    XML = "xml"
    JSON = "json"
    CSV = "csv"
    URL = "url"
    RAW = "raw"


class Kind(StrEnum):
    """The type of a field, which says what formats it takes."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TIME = "time"
    IMAGE = "image"


FIELDS: Final[dict[str, Kind]] = {
    "plate": Kind.TEXT,
    "plate_ascii": Kind.TEXT,
    "tag": Kind.TEXT,
    "tag_bits": Kind.WHOLE,
    "country": Kind.TEXT,
    "region": Kind.TEXT,
    "region_code": Kind.TEXT,
    "confidence": Kind.NUMBER,
    "event": Kind.TEXT,
    "direction": Kind.TEXT,
    "direction_code": Kind.WHOLE,
    "toward_camera": Kind.TEXT,
    "roi": Kind.WHOLE,
    "time": Kind.TIME,
    "event_id": Kind.TEXT,
    "uuid": Kind.TEXT,
    "vehicle_uuid": Kind.TEXT,
    "car_id": Kind.WHOLE,
    "packet": Kind.WHOLE,
    "profile_id": Kind.WHOLE,
    "device_id": Kind.TEXT,
    "serial": Kind.TEXT,
    "mac": Kind.TEXT,
    "model": Kind.TEXT,
    "ip": Kind.TEXT,
    "latitude": Kind.NUMBER,
    "longitude": Kind.NUMBER,
    "vehicle_view": Kind.TEXT,
    "vehicle_type": Kind.TEXT,
    "vehicle_colour": Kind.TEXT,
    "vehicle_make": Kind.TEXT,
    "vehicle_model": Kind.TEXT,
    "list_name": Kind.TEXT,
    "list_mode": Kind.TEXT,
    "plate_left": Kind.WHOLE,
    "plate_top": Kind.WHOLE,
    "plate_width": Kind.WHOLE,
    "plate_height": Kind.WHOLE,
    "plate_right": Kind.WHOLE,
    "plate_bottom": Kind.WHOLE,
    "image": Kind.IMAGE,
    "plate_image": Kind.IMAGE,
    "image_name": Kind.TEXT,
    "plate_image_name": Kind.TEXT,
    "user": Kind.TEXT,
    "test": Kind.TEXT,
}
"""Every field a template may name. `image` is the selected one, `plate_image` the license plate crop."""

_TIME_FORMAT = re.compile(r"(?:local |utc )?(?:%[YmdHMSvz]|[ T:./_Z-])+")
_FORMATS: Final[dict[Kind, re.Pattern[str]]] = {
    Kind.TEXT: re.compile(r"upper|lower|[1-9][0-9]{0,3}"),
    Kind.WHOLE: re.compile(r"0[1-9]"),
    Kind.NUMBER: re.compile(r"percent|\.[0-9]"),
    Kind.TIME: re.compile(rf"iso|iso_local|unix|unix_ms|{_TIME_FORMAT.pattern}"),
    Kind.IMAGE: re.compile(r"base64"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes that stand as they are."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value."""

    field: str
    form: str


@dataclass(frozen=True, slots=True)
class Section:
    """A piece that is there only when the field is not empty."""

    field: str
    inner: tuple[Node, ...]


Node = Text | Value | Section


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: its text, or an image."""

    name: str
    filename: tuple[Node, ...]
    content_type: str
    content: tuple[Node, ...] = ()
    image: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A template that has been read and checked."""

    content_type: str
    escape: Escape
    body: tuple[Node, ...] = ()
    parts: tuple[Part, ...] = ()


@cache
def preset_names() -> tuple[str, ...]:
    """The templates that are shipped."""
    from importlib.resources import files  # noqa: PLC0415 - a profile with a template pays for it, no other start

    names = (entry.name for entry in files("cammra_edge.profile").joinpath("presets").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def preset_text(name: str) -> str:
    """A shipped template's own text, to be read or changed."""
    from importlib.resources import files  # noqa: PLC0415 - as above

    path = files("cammra_edge.profile").joinpath(
        "presets", f"{_checks.one_of('preset', name, preset_names())}.toml"
    )
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=32)
def read(text: str) -> Message:
    """Read and check a template.

    Raises:
        ConfigError: Says what is wrong, and on which line where that can be told.
    """
    import tomllib  # noqa: PLC0415 - as above

    if len(text) > LARGEST_TEMPLATE:
        raise ConfigError("template", f"{len(text)} characters", f"at most {LARGEST_TEMPLATE}")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError("template", _shown(str(error)), "a template as TOML") from error
    known = {"title", "content_type", "escape", "body", "parts"}
    if strange := set(table) - known:
        raise ConfigError("template", sorted(strange), f"only {', '.join(sorted(known))}")
    escape = _checks.choice("template.escape", table.get("escape", ""), Escape)
    content_type = _checks.header_text("template.content_type", table.get("content_type", ""))
    if ("body" in table) == ("parts" in table):
        raise ConfigError("template", "body and parts", "either a body or parts")
    if "body" in table:
        return Message(content_type, escape, body=_nodes("template.body", table["body"]))
    given = table["parts"]
    if not isinstance(given, list) or not given:
        raise ConfigError("template.parts", _shown(given), "a list of parts")
    return Message(
        content_type,
        escape,
        parts=tuple(_part(f"template.parts[{index}]", part) for index, part in enumerate(given)),
    )


def _part(at: str, part: object) -> Part:
    if not isinstance(part, dict):
        raise ConfigError(at, _shown(part), "a table")
    if strange := set(part) - {"name", "filename", "content_type", "content", "image"}:
        raise ConfigError(at, sorted(strange), "only name, filename, content_type, content, image")
    if ("content" in part) == ("image" in part):
        raise ConfigError(at, "content and image", "either content or image")
    filename = part.get("filename", "")
    if not isinstance(filename, str) or not _FILE_NAME.fullmatch(filename):
        raise ConfigError(
            f"{at}.filename", _shown(filename), "letters, digits, '.', '_', '-' and fields"
        )
    image = part.get("image", "")
    if "image" in part and (not isinstance(image, str) or FIELDS.get(image) is not Kind.IMAGE):
        raise ConfigError(f"{at}.image", _shown(image), "image or plate_image")
    return Part(
        name=_checks.token(f"{at}.name", part.get("name")),
        filename=_nodes(f"{at}.filename", filename),
        content_type=_checks.header_text(f"{at}.content_type", part.get("content_type", "")),
        content=_nodes(f"{at}.content", part["content"]) if "content" in part else (),
        image=image,
    )


def _nodes(at: str, text: object) -> tuple[Node, ...]:
    """Take a text apart."""
    if not isinstance(text, str):
        raise ConfigError(at, _shown(text), "a text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(at, _shown(text), "valid Unicode") from error
    stack: list[tuple[str, list[Node]]] = [("", [])]
    done = 0
    for mark in _MARK.finditer(text):
        _plain(at, text[done : mark.start()], stack[-1][1])
        done = mark.end()
        line = f"{at}, line {text.count(chr(10), 0, mark.start()) + 1}"
        if mark[2] not in FIELDS:
            raise ConfigError(line, mark[0], "a field: " + ", ".join(FIELDS))
        if mark[1]:
            _section(line, mark, stack)
        else:
            stack[-1][1].append(Value(mark[2], _form(line, mark[2], mark[3])))
    _plain(at, text[done:], stack[-1][1])
    if len(stack) > 1:
        raise ConfigError(at, f"{{{{#{stack[-1][0]}}}}}", "its end, {{/" + stack[-1][0] + "}}")
    return tuple(stack[0][1])


def _section(line: str, mark: re.Match[str], stack: list[tuple[str, list[Node]]]) -> None:
    """Open or close a section."""
    sign, field, form = mark.groups()
    if form is not None:
        raise ConfigError(line, mark[0], "no format in a section")
    if sign == "#":
        if len(stack) > _DEEPEST:
            raise ConfigError(line, mark[0], f"at most {_DEEPEST} sections in each other")
        stack.append((field, []))
        return
    name, inner = stack[-1]
    if name != field:
        raise ConfigError(
            line, mark[0], "{{/" + name + "}} first" if name else "a section that was opened"
        )
    stack.pop()
    stack[-1][1].append(Section(field, tuple(inner)))


def _plain(at: str, text: str, into: list[Node]) -> None:
    if "{{" in text:
        raise ConfigError(at, _shown(text), "{{field}}, {{field:format}}, {{#field}} or {{/field}}")
    if text:
        into.append(Text(text.encode()))


def _form(line: str, field: str, form: str | None) -> str:
    if form is None:
        return ""
    pattern = _FORMATS[FIELDS[field]]
    if not pattern.fullmatch(form):
        raise ConfigError(
            line,
            f"{{{{{field}:{form}}}}}",
            f"a format of a {FIELDS[field].value}: {pattern.pattern}",
        )
    return form


def _shown(value: object) -> str:
    return str(value)[:80]
