"""Templates, strict and without logic: a text with named fields, from which a message is filled in.

A template is TOML: `content_type`, `escape` (`xml`, `json`, `csv`, `url` or `raw`), and either a `body` or
a list of multipart `[[parts]]`. A text may hold

* `{{field}}` or `{{field:format}}`: the field's value, always escaped for the target;
* `{{#field}}…{{/field}}`: a section, left out if the field is empty.

Everything is checked when the template is read: unknown fields, formats that do not suit the field's type, sections
that are not closed. So rendering cannot fail (`tests/payload/test_template.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, Literal, TypeVar, get_args

from cammra_edge.checks import Check, choice, header_text, refused, shown, text, token
from cammra_edge.errors import ConfigError

_DEEPEST: Final = 8
_MARK = re.compile(r"\{\{([#/]?)([a-z0-9_]*)(?::([^{}]*))?\}\}")
_FILE_NAME = text(pattern="[A-Za-z0-9._{}:#/%-]*", want="letters, digits, '.', '_', '-' and fields")
T = TypeVar("T")


class Escape(StrEnum):
    """What a value must not break out of."""

    XML = "xml"
    JSON = "json"
    CSV = "csv"
    URL = "url"
    RAW = "raw"


class Kind(StrEnum):
    """The type of a field, which decides its formats."""

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
    """Bytes that are copied as they are."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value."""

    field: str
    form: str


@dataclass(frozen=True, slots=True)
class Section:
    """A piece that is left out if the field is empty."""

    field: str
    inner: tuple[Node, ...]


Node = Text | Value | Section


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: a text or an image."""

    name: str
    filename: tuple[Node, ...]
    content_type: str
    content: tuple[Node, ...] = ()
    image: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A template that has been read and checked."""

    content_type: str
    escape: Escape
    body: tuple[Node, ...] = ()
    parts: tuple[Part, ...] = ()


Preset = Literal[
    "2n",
    "alpr-database",
    "bof2",
    "csv",
    "dahua-itsapi",
    "genetec",
    "hikvision",
    "plate-recognizer",
    "utmc",
    "utmc-2",
]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)
"""The templates that are shipped."""


@cache
def preset_text(name: Preset) -> str:
    """A shipped template's own text, to be read or changed."""
    from importlib.resources import files  # noqa: PLC0415 - a profile with a template pays for it, no other start

    path = files("cammra_edge.profile").joinpath("presets", f"{name}.toml")
    return path.read_text(encoding="utf-8")


def template() -> Check[str]:
    """A template's own text, or nothing."""
    typed = text(lines=True)

    def take(value: object) -> str:
        if template := typed.take(value):
            try:
                read(template)
            except ConfigError as error:
                place = f" ({error.field})" if error.field else ""
                raise refused(error.value, error.want + place) from error
        return template

    return Check(take, typed.schema)


@lru_cache(maxsize=32)
def read(template: str) -> Form:
    """Read and check a template.

    Raises:
        ConfigError: Says what is wrong, and in which part and line if that is known.
    """
    import tomllib  # noqa: PLC0415 - as above

    try:
        table = tomllib.loads(template)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise refused(str(error), "a template as TOML") from error
    known = {"title", "content_type", "escape", "body", "parts"}
    if strange := set(table) - known:
        raise refused(", ".join(sorted(strange)), f"only {', '.join(sorted(known))}")
    escape = _at("escape", choice(Escape), table.get("escape", ""))
    content_type = _at("content_type", header_text(), table.get("content_type", ""))
    if ("body" in table) == ("parts" in table):
        raise refused("body and parts", "either a body or parts")
    if "body" in table:
        return Form(content_type, escape, body=_nodes("body", table["body"]))
    parts = table["parts"]
    if not isinstance(parts, list) or not parts:
        raise refused(parts, "a list of parts")
    return Form(
        content_type,
        escape,
        parts=tuple(_part(f"parts[{index}]", part) for index, part in enumerate(parts)),
    )


def _at(place: str, check: Check[T], value: object) -> T:
    try:
        return check.take(value)
    except ConfigError as error:
        raise ConfigError(place, error.value, error.want) from error


def _part(at: str, part: object) -> Part:
    if not isinstance(part, dict):
        raise ConfigError(at, shown(part), "a table")
    known = {"name", "filename", "content_type", "content", "image"}
    if strange := set(part) - known:
        raise ConfigError(at, ", ".join(sorted(strange)), f"only {', '.join(sorted(known))}")
    if ("content" in part) == ("image" in part):
        raise ConfigError(at, "content and image", "either content or image")
    image = part.get("image", "")
    if "image" in part and (not isinstance(image, str) or FIELDS.get(image) is not Kind.IMAGE):
        raise ConfigError(f"{at}.image", shown(image), "image or plate_image")
    filename = _at(f"{at}.filename", _FILE_NAME, part.get("filename", ""))
    return Part(
        name=_at(f"{at}.name", token(), part.get("name")),
        filename=_nodes(f"{at}.filename", filename),
        content_type=_at(f"{at}.content_type", header_text(), part.get("content_type", "")),
        content=_nodes(f"{at}.content", part["content"]) if "content" in part else (),
        image=image,
    )


def _nodes(at: str, template: object) -> tuple[Node, ...]:
    """The nodes of a text."""
    if not isinstance(template, str):
        raise ConfigError(at, shown(template), "a text")
    stack: list[tuple[str, list[Node]]] = [("", [])]
    done = 0
    for mark in _MARK.finditer(template):
        _plain(at, template[done : mark.start()], stack[-1][1])
        done = mark.end()
        line = f"{at}, line {template.count(chr(10), 0, mark.start()) + 1}"
        if mark[2] not in FIELDS:
            raise ConfigError(line, mark[0], "a field: " + ", ".join(FIELDS))
        if mark[1]:
            _section(line, mark, stack)
        else:
            stack[-1][1].append(Value(mark[2], _format(line, mark[2], mark[3])))
    _plain(at, template[done:], stack[-1][1])
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


def _plain(at: str, piece: str, into: list[Node]) -> None:
    if "{{" in piece:
        raise ConfigError(at, shown(piece), "{{field}}, {{field:format}}, {{#field}} or {{/field}}")
    if piece:
        into.append(Text(piece.encode()))


def _format(line: str, field: str, form: str | None) -> str:
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
