"""Templates, strict and without logic: a text with named fields, from which a message is filled in.

A template is TOML: `content_type`, `escape` (`xml`, `json`, `csv`, `url` or `raw`), and either a `body` or
a list of multipart `[[parts]]`; as a rule no `method` (`POST`, `PUT`, or `GET`, which has neither body nor parts), no
`path` (for a Server URL that names none) and no `also_delivered` (statuses such as 409). A text may hold

* `{{field}}` or `{{field:format}}`: the field's value, always escaped for the target;
* `{{#field}}…{{/field}}`: a section, left out if the field is empty;
* `{{^field}}…{{/field}}`: a section, left out if it is not.

Everything is checked when the template is read: unknown fields, formats that do not suit the field's type, sections
that are not closed. So rendering cannot fail (`tests/payload/test_template.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote, unquote

from cammra_edge.checks import (
    Check,
    Want,
    choice,
    header_text,
    refused,
    set_of,
    shown,
    text,
    token,
    whole,
)
from cammra_edge.errors import ConfigError
from cammra_edge.profile.endpoint import TARGET_SAFE
from cammra_edge.profile.fields import FIELDS, Kind, format_wanted
from cammra_edge.profile.wants import TemplateWant

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEPEST: Final = 8
_HEAD: Final = {"title", "receiver", "content_type", "escape", "method", "path", "also_delivered"}
_MARKS: Final = "{{field}}, {{field:format}}, {{#field}}, {{^field}}"
_KNOWN: Final = frozenset(_HEAD | {"body", "parts"})
ALSO_DELIVERED: Final = set_of(whole(400, 499))
_MARK = re.compile(r"\{\{([#^/]?)([a-z0-9_]*)(?::([^{}]*))?\}\}")
_PATH = text(pattern="(?:/.*)?", want=TemplateWant.TEMPLATE_PATH(example="/topics/{{roi}}"))
_IS_PATH = re.compile(r"[^\n=]+\.toml")
_FILE_NAME = text(pattern="[A-Za-z0-9._{}:#/%-]*", want=TemplateWant.PART_FILE_NAME())
T = TypeVar("T")


class Escape(StrEnum):
    """What a value must not break out of."""

    XML = "xml"
    JSON = "json"
    CSV = "csv"
    URL = "url"
    RAW = "raw"


class Method(StrEnum):
    """How HTTP asks; a GET says all in its URL."""

    POST = "POST"
    PUT = "PUT"
    GET = "GET"


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes that are copied as they are."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value."""

    field: str
    form: str
    words: Mapping[str, str] | None = None
    """What stands for which value, with the format `map`."""


@dataclass(frozen=True, slots=True)
class Section:
    """A piece that is left out if the field is empty; with `absent`, if it is not."""

    field: str
    inner: tuple[Node, ...]
    absent: bool = False


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
    """A template that has been read and checked.

    `path` is for a Server URL that names none; `also_delivered` are statuses that say: I have the event already.
    """

    content_type: str
    escape: Escape
    method: Method = Method.POST
    path: tuple[Node, ...] = ()
    body: tuple[Node, ...] = ()
    parts: tuple[Part, ...] = ()
    also_delivered: frozenset[int] = frozenset()


def template() -> Check[str]:
    """A template's own text, or nothing; a script may give the path of its file instead."""
    typed = text(lines=True)

    def checked(value: object) -> str:
        if template := typed.take(value):
            try:
                read(template)
            except ConfigError as error:
                want = error.want
                if error.field:
                    want = TemplateWant.AT_PLACE(want=want, place=error.field)
                raise refused(error.value, want) from error
        return template

    def take(value: object) -> str:
        if isinstance(value, PathLike) or (isinstance(value, str) and _IS_PATH.fullmatch(value)):
            try:
                return checked(Path(value).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise refused(str(value), TemplateWant.TEMPLATE_OR_FILE()) from error
        return checked(value)

    return Check(take, typed.schema, plain=checked)


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
        raise refused(str(error), TemplateWant.TEMPLATE_AS_TOML()) from error
    if strange := set(table) - _KNOWN:
        raise refused(", ".join(sorted(strange)), Want.ONLY(options=", ".join(sorted(_KNOWN))))
    method = _at("method", choice(Method), table.get("method", "POST"))
    escape = _at("escape", choice(Escape), table.get("escape", ""))
    content_type = _at("content_type", header_text(), table.get("content_type", ""))
    path = _target("path", _at("path", _PATH, table.get("path", "")))
    if (("body" in table) + ("parts" in table)) != (method is not Method.GET):
        raise refused("body and parts", TemplateWant.BODY_OR_PARTS())
    also = _at("also_delivered", ALSO_DELIVERED, table.get("also_delivered", []))
    form = Form(content_type, escape, method, path, also_delivered=also)
    if "parts" not in table:
        return replace(form, body=_nodes("body", table.get("body", "")))
    parts = table["parts"]
    if not isinstance(parts, list) or not parts:
        raise refused(parts, TemplateWant.LIST_OF_PARTS())
    numbered = enumerate(parts)
    return replace(form, parts=tuple(_part(f"parts[{index}]", part) for index, part in numbered))


def target_of(target: str) -> tuple[Node, ...]:
    """The fields in a URL's path and query; nothing where there are none.

    Args:
        target: As an endpoint has it, with braces and blanks percent-encoded.
    """
    template = target.replace("%7B%7B", "{{").replace("%7D%7D", "}}")
    if "{{" not in template:
        return ()
    return _target("", _MARK.sub(lambda mark: unquote(mark[0]), template))


def _target(at: str, template: str) -> tuple[Node, ...]:
    """Take a path and query apart; what stands between the fields is percent-encoded."""

    def quoted(node: Node) -> Node:
        match node:
            case Text(content=content):
                return Text(quote(content, TARGET_SAFE).encode())
            case Section(inner=inner):
                return replace(node, inner=tuple(quoted(one) for one in inner))
            case Value():
                return node

    return tuple(quoted(node) for node in _nodes(at, template))


def _at(place: str, check: Check[T], value: object) -> T:
    try:
        return check.take(value)
    except ConfigError as error:
        raise ConfigError(place, error.value, error.want) from error


def _part(at: str, part: object) -> Part:
    if not isinstance(part, dict):
        raise ConfigError(at, shown(part), TemplateWant.TABLE())
    known = {"name", "filename", "content_type", "content", "image"}
    if strange := set(part) - known:
        want = Want.ONLY(options=", ".join(sorted(known)))
        raise ConfigError(at, ", ".join(sorted(strange)), want)
    if ("content" in part) == ("image" in part):
        raise ConfigError(at, "content and image", TemplateWant.CONTENT_OR_IMAGE())
    image = part.get("image", "")
    if "image" in part and (not isinstance(image, str) or FIELDS.get(image) is not Kind.IMAGE):
        raise ConfigError(f"{at}.image", shown(image), TemplateWant.IMAGE_FIELD())
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
        raise ConfigError(at, shown(template), Want.TEXT())
    stack: list[tuple[str, list[Node]]] = [("", [])]
    done = 0
    for mark in _MARK.finditer(template):
        _plain(at, template[done : mark.start()], stack[-1][1])
        done = mark.end()
        line = f"{at}, line {template.count(chr(10), 0, mark.start()) + 1}"
        if mark[2] not in FIELDS:
            raise ConfigError(line, mark[0], TemplateWant.TEMPLATE_FIELD(fields=", ".join(FIELDS)))
        if mark[1]:
            _section(line, mark, stack)
        else:
            stack[-1][1].append(_value(line, mark[2], mark[3] or ""))
    _plain(at, template[done:], stack[-1][1])
    if len(stack) > 1:
        sign, name = stack[-1][0][:1], stack[-1][0][1:]
        raise ConfigError(at, f"{{{{{sign}{name}}}}}", TemplateWant.SECTION_END(end=_end_of(name)))
    return tuple(stack[0][1])


def _section(line: str, mark: re.Match[str], stack: list[tuple[str, list[Node]]]) -> None:
    """Open or close a section."""
    sign, field, form = mark.groups()
    if form is not None:
        raise ConfigError(line, mark[0], TemplateWant.NO_FORMAT_IN_SECTION())
    if sign != "/":
        if len(stack) > _DEEPEST:
            raise ConfigError(line, mark[0], TemplateWant.SECTIONS_AT_MOST(most=_DEEPEST))
        stack.append((sign + field, []))
        return
    opened, inner = stack[-1]
    name = opened[1:]
    if name != field:
        first = TemplateWant.SECTION_END_FIRST(end=_end_of(name))
        raise ConfigError(line, mark[0], first if name else TemplateWant.SECTION_OPENED())
    stack.pop()
    stack[-1][1].append(Section(field, tuple(inner), absent=opened[0] == "^"))


def _end_of(section: str) -> str:
    return "{{/" + section + "}}"


def _plain(at: str, piece: str, into: list[Node]) -> None:
    if "{{" in piece:
        raise ConfigError(at, shown(piece), TemplateWant.MARKS(marks=_MARKS, last="{{/field}}"))
    if piece:
        into.append(Text(piece.encode()))


def _value(line: str, field: str, form: str) -> Value:
    if form and (want := format_wanted(field, form)):
        raise ConfigError(line, f"{{{{{field}:{form}}}}}", want)
    name, _, pairs = form.partition(" ")
    if name != "map":
        return Value(field, form)
    words = dict(pair.split("=", 1) for pair in pairs.split(" "))
    return Value(field, name, words)
