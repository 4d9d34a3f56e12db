"""The page's own files: read once, sent with an ETag; nothing else from the disk is served.

Routes are made from the folder's files at start, so that no path from outside reaches the file system
(`tests/web/test_security.py`). The files stay in memory: together they are smaller than one picture.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from cammra_edge.web.script import bundled

if TYPE_CHECKING:
    from starlette.requests import Request

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}

_LANGUAGE = re.compile(r"([a-z]{2})(?:-(\w+))?\.json")
"""The texts of a language: several files for those who write them, one for those who read them."""
_SPOKEN = frozenset({("en", "phrases"), ("en", "whys")})
"""What the camera says in this language already: only a page in another one needs its phrases."""
_SPARE = re.compile(rb"^ +|(?<=[;{]) | (?=[{}])", re.MULTILINE)
"""Spaces that a style sheet does without."""

SCRIPT = "app.js"
"""The one file that all modules of the page are sent as."""


class ServedFile(NamedTuple):
    """One file, ready to send."""

    content: bytes
    packed: bytes
    kind: str
    etag: str


@cache
def page_files() -> dict[str, ServedFile]:
    """The page's files by name."""
    contents: dict[str, bytes] = {}
    modules: dict[str, str] = {}
    texts: dict[str, dict[str, Any]] = {}
    for entry in resources.files("cammra_edge.web").joinpath("static").iterdir():
        content = entry.read_bytes()
        name, _, ending = entry.name.rpartition(".")
        if language := _LANGUAGE.fullmatch(entry.name):
            if language.groups() not in _SPOKEN:
                texts.setdefault(language[1], {})[language[2] or "page"] = json.loads(content)
        elif ending == "js":
            modules[name] = content.decode()
        elif ending in _TYPES:
            contents[entry.name] = _SPARE.sub(b"", content) if ending == "css" else content
    contents[SCRIPT] = bundled(modules).encode()
    for language_code, parts in texts.items():
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        contents[f"{language_code}.json"] = text.encode()
    return {name: _ready(name, content) for name, content in contents.items()}


def _ready(name: str, content: bytes) -> ServedFile:
    etag = '"' + hashlib.sha256(content).hexdigest()[:20] + '"'
    kind = _TYPES[name.rpartition(".")[2]]
    return ServedFile(content, gzip.compress(content, 9, mtime=0), kind, etag)


def routes() -> list[Route]:
    """A route for each file; `/` is the page."""
    names = {"/": "index.html", **{f"/static/{name}": name for name in page_files()}}
    return [Route(path, partial(_send, name), methods=["GET"]) for path, name in names.items()]


async def _send(name: str, request: Request) -> Response:
    file = page_files()[name]
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.kind
        )
    return Response(file.content, headers=headers, media_type=file.kind)
