"""Requests of hostile shapes: bodies, types, encodings, lengths, paths, queries and headers.

Deterministic: a seed makes the same requests again.
"""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from cammra_edge.web.operation import Operation, Schema

_DEEP: Final = (5, 60, 400, 3000)
_RAW: Final = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "-0", "1e-999", "9" * 30, "9" * 5000, "-" + "9" * 400,
    "0.1e1", "01", "+1", "0x10", "tru", "'x'", '"\t"', '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\\x41"', '""',
    '" "', '"' + "x" * 5000 + '"', '{"a":1,"a":[]}', '{"\\ud800":1}', '{"":{}}', '{"__proto__":1}', "[[]]", "[null]",
    "{}", "[]", "null", "true", "1", '"../../etc/passwd"', '"a\\r\\nX: y"', '"\u202e\ufeff\uffff"', '"\U0001f697"', "",
    *("[" * depth + "]" * depth for depth in _DEEP),
    *('{"a":' * depth + "1" + "}" * depth for depth in _DEEP),
)  # fmt: skip
"""What stands where something else should, as it is written in JSON, or in what is none."""
_MEMBERS: Final = ('"x"', '"\\ud800"', '""', "x")
_TYPES: Final = (
    "", "text/plain", "application/json; charset=utf-16", "application/json;;", "application/JSON", "APPLICATION/XML",
    "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "*/*", "application/json, text/xml",
    "\xff",
)  # fmt: skip
_CODECS: Final = (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "utf-32-be",
    "latin-1",
    "utf-7",
    "cp037",
    "cp1252",
)
_XML_CODECS: Final = (
    *_CODECS, "utf-8", "us-ascii", "cp500", "koi8-r", "iso8859-5", "shift_jis", "euc_jp", "gb18030", "big5",
    "iso2022_jp",
)  # fmt: skip
_DECLARED: Final = (
    *_XML_CODECS, "UTF-16", "ucs-2", "ebcdic-cp-us", "foo", "utf-8\x00", "../x", "", "base64", "idna",
)  # fmt: skip
_BOMB: Final = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(10))
_XML_BODIES: Final = (
    "<cloud_config/>", "<cloud_config>{inner}</cloud_config>", "<other>{inner}</other>", "{inner}", "", "<a",
    "<cloud_config xmlns='urn:x' a='b'>{inner}</cloud_config>", "<cloud_config>{inner}</cloud_config>{inner}",
    f"<!DOCTYPE c [{_BOMB}]><cloud_config><user>&e9;</user></cloud_config>", "<a>" * 3000,
    '<!DOCTYPE c SYSTEM "file:///etc/passwd"><cloud_config>{inner}</cloud_config>',
    '<!DOCTYPE c [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]><cloud_config/>',
    "<cloud_config>&#x0;&lol;</cloud_config>", "<cloud_config>\x00</cloud_config>",
    "<?xml-stylesheet href='x'?><cloud_config><![CDATA[{inner}]]></cloud_config>",
)  # fmt: skip
_XML_NAMES: Final = (
    "protocol", "url", "user", "password", "latitude", "enable", "event_new", "path_template", "x", "é",
)  # fmt: skip
_XML_TEXTS: Final = (
    "", "1", "99", "nan", "inf", "-1e999", "9" * 5000, "AAA", "/////w==", "aHR0cDovL3gv", "true", "TRUE", "%Z/#Q",
    "&amp;", "\u202e", "\U0001f697", "<b><c/></b>", "<!--x-->", "]]>",
)  # fmt: skip
_PATHS: Final = (
    "", "vms", "barrier", "%00", "%FF", "%ED%A0%80", "%", "%2F..%2F", "..", ".", "%2e%2e", "x" * 1500, "é", "0", "-1",
    "%F0%9F%9A%97", "1" * 25, "9223372036854775808", "18446744073709551616", "1e3", "0x1", "a;b", "a?b", "%0d%0aX:y",
    "{key}",
)  # fmt: skip
_QUERY_TEXTS: Final = (
    "", "x", "%00", "%FF", "%ED%A0%80", "*" * 500, "-1", "9" * 30, "nan", "inf", "1e400", "true", "yes", "2026-01-01",
    "9999-12-31T23:59:59", "0000-00-00", "1970-01-01T00:00:00+99:99", "%0d%0a", "a,b,,c", "é", "'--", "[", "\\", "%",
    "0", "1", "0.5", "new", "allow", "waiting", "1A*", "12:00", "yesterday",
)  # fmt: skip
_HEADERS: Final = (
    ("Origin", "http://["), ("Origin", "null"), ("Origin", "\xff"), ("Origin", ""), ("Sec-Fetch-Site", "cross-site"),
    ("Cookie", "=;=;\xff"), ("Cookie", "a" * 4000), ("Authorization", "Bearer \xff\xfe"), ("Authorization", "Bearer"),
    ("Authorization", "Basic ////"), ("X-CSRF-Token", "\xe9"), ("Accept", "\xff"), ("If-None-Match", '"'),
    ("Range", "bytes=-1"), ("Host", "["), ("Host", "\xff"), ("Content-Encoding", "gzip"), ("Expect", "x"),
    ("Upgrade", "websocket"), ("X-Forwarded-For", "127.0.0.1"), ("Accept-Encoding", "gzip;q=x"),
    ("Last-Event-ID", "\xff"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """One request as bytes; `cut` says that it ends before it has said what it announced."""

    method: str
    target: str
    content: bytes
    headers: tuple[tuple[str, str], ...]
    framing: bytes
    cut: bool = False

    def raw(self, host: str, more: Mapping[str, str]) -> bytes:
        """The request on the wire, with these headers where it has none of the name."""
        own = {name.lower() for name, _ in self.headers}
        lines = [f"{name}: {text}" for name, text in self.headers]
        lines += [
            f"{name}: {text}"
            for name, text in {"Host": host, **more}.items()
            if name.lower() not in own
        ]
        head = "\r\n".join((f"{self.method} {self.target} HTTP/1.1", *lines)).encode("latin-1")
        return head + b"\r\n" + self.framing + b"\r\n" + self.content


@dataclass(slots=True)
class Shaper:
    """Makes shapes of the requests that operations expect.

    Args:
        chance: Decides.
        names: Flat names of settings that there are, with a good value of each.
    """

    chance: random.Random
    names: Mapping[str, object]
    made: int = field(default=0)

    def shape(self, operation: Operation) -> Shape:
        """One hostile request to an operation."""
        self.made += 1
        content, kind = self._content(operation)
        headers = [("Content-Type", kind)] if kind else []
        if self._is_rare(6):
            headers.append(self.chance.choice(_HEADERS))
        framing, content, cut = self._framed(content)
        return Shape(
            operation.method, self._target(operation), content, tuple(headers), framing, cut
        )

    def _is_rare(self, one_in: int) -> bool:
        return self.chance.randrange(one_in) == 0

    def _target(self, operation: Operation) -> str:
        parts = []
        for part in operation.path.split("/"):
            parameter = part.startswith("{")
            parts.append(quote(self.chance.choice(_PATHS), safe="%") if parameter else part)
        path = "/".join(parts)
        if not operation.query or self._is_rare(5):
            return path
        texts = [
            f"{quote(one.name)}={quote(self.chance.choice(_QUERY_TEXTS), safe='%')}"
            for one in self.chance.choices(operation.query, k=self.chance.randint(1, 3))
        ]
        if self._is_rare(8):
            texts.append("%FF=%00&&=")
        return f"{path}?{'&'.join(texts)}"

    # ---- the body --------------------------------------------------------------------------------

    def _content(self, operation: Operation) -> tuple[bytes, str]:
        kind = operation.takes_raw or "application/json"
        if kind == "text/xml":
            content = self._xml()
        elif operation.path == "/api/import":
            inner = self._spoiled(self._good({"type": "object", "properties": {"changes": {}}}))
            content = self._encoded(f'{{"cammra_edge":{self._raw("1")},"settings":{inner}}}')
        else:
            content = self._encoded(self._spoiled(self._good(operation.body_schema)))
        if self._is_rare(6):
            kind = self.chance.choice(_TYPES)
        return content, kind

    def _raw(self, usual: str) -> str:
        return self.chance.choice(_RAW) if self._is_rare(6) else usual

    def _good(self, schema: Schema) -> Any:  # noqa: ANN401 - JSON is anything
        """A value that a schema takes, near enough."""
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        members = schema.get("properties", {})
        if "changes" in members or "patternProperties" in schema:
            names = self.chance.sample(sorted(self.names), 3)
            return {"changes": {name: self.names[name] for name in names}}
        kind = schema.get("type", "object")
        match kind[0] if isinstance(kind, list) else kind:
            case "object":
                good: object = {name: self._good(inner) for name, inner in members.items()}
            case "array":
                good = [self._good(schema.get("items", {}))]
            case "integer" | "number":
                good = schema.get("minimum", 1)
            case "boolean":
                good = True
            case _:
                good = "x" * schema.get("minLength", 1)
        return good

    def _spoiled(self, good: object) -> str:
        """The value in JSON, with something hostile at some depth."""
        places = _places(good)
        chosen = set(self.chance.sample(places, min(len(places), self.chance.randint(1, 2))))
        return self._written(good, (), chosen)

    def _written(
        self, value: object, at: tuple[object, ...], spoiled: set[tuple[object, ...]]
    ) -> str:
        if at in spoiled:
            return self.chance.choice(_RAW)
        if isinstance(value, dict):
            members = [
                f"{json.dumps(name)}:{self._written(one, (*at, name), spoiled)}"
                for name, one in value.items()
            ]
            if self._is_rare(10):
                name = self.chance.choice((*_MEMBERS, *members[:1]))[:4000]
                members.append(f"{name}:1")
            return "{" + ",".join(members) + "}"
        if isinstance(value, list):
            return (
                "["
                + ",".join(self._written(one, (*at, n), spoiled) for n, one in enumerate(value))
                + "]"
            )
        return json.dumps(value, allow_nan=isinstance(value, float) and not math.isfinite(value))

    def _encoded(self, text: str) -> bytes:
        if not self._is_rare(5):
            return text.encode("utf-8", "replace")
        match self.chance.randrange(4):
            case 0:
                return text.encode(self.chance.choice(_CODECS), "replace")
            case 1:
                return gzip.compress(text.encode("utf-8", "replace"), 1)
            case 2:
                content = text.encode("utf-8", "replace")
                return content[: self.chance.randrange(len(content) + 1)]
            case _:
                return self.chance.randbytes(self.chance.randrange(200))

    def _xml(self) -> bytes:
        inner = "".join(
            f"<{name}>{self.chance.choice(_XML_TEXTS)}</{name}>"
            for name in self.chance.choices(_XML_NAMES, k=self.chance.randint(0, 4))
        )
        declared = self.chance.choice(_DECLARED)
        begins = self.chance.choice(
            ("", f'<?xml version="1.0" encoding="{declared}"?>', "<?xml version='9'?>")
        )
        text = begins + self.chance.choice(_XML_BODIES).replace("{inner}", inner)
        codec = (
            declared
            if declared in _XML_CODECS and not self._is_rare(3)
            else self.chance.choice(_XML_CODECS)
        )
        return text.encode(codec, "replace")

    def _framed(self, content: bytes) -> tuple[bytes, bytes, bool]:
        """Headers that say how long the body is, the body on the wire, and whether its end is missing."""
        length = len(content)
        told = f"Content-Length: {length}\r\n".encode()
        if not self._is_rare(8):
            return told, content, False
        chunked = b"Transfer-Encoding: chunked\r\n"
        pieces = b"%x\r\n%b\r\n" % (length, content) if length else b""
        return self.chance.choice(
            [
                (b"", content, True),
                (f"Content-Length: {length + 9}\r\n".encode(), content, True),
                (f"Content-Length: {max(length - 3, 0)}\r\n".encode(), content, True),
                (b"Content-Length: -1\r\n", content, True),
                (b"Content-Length: 1_0\r\n", content, True),
                (b"Content-Length: 99999999999999999999\r\n", content, True),
                (told + told, content, False),
                (told + chunked, content, True),
                (chunked, pieces + b"0\r\n\r\n", False),
                (chunked, pieces + b"zz\r\n", True),
                (chunked, pieces, True),
                (told + b"Expect: 100-continue\r\n", content, False),
            ]
        )


def _places(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The path of everything within a value, itself first."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(place for name, one in inner for place in _places(one, (*at, name)))]
