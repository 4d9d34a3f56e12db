"""The receiver's HTTP side: takes POSTs, answers what it was told to answer.

Every answer leaves in one write, so that it does not wait for an acknowledgement in between.
"""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Protocol

from cammra_edge.receiver.accounts import Accounted

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BODY_BYTES = 64 << 20
_IDLE_S = 60.0
_LINE_BYTES = 256


class HttpApp(Protocol):
    """What stands behind the server."""

    def take_post(
        self, peer: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request; returns status, further headers and body of the answer."""
        ...


class HttpServer(Accounted):
    """Listens, and hands each POST to the app."""

    def __init__(self, address: tuple[str, int], app: HttpApp) -> None:
        self.app = app
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "cammra-edge-listen"
    sys_version = ""
    timeout = _IDLE_S
    disable_nagle_algorithm = True
    server: HttpServer

    def do_POST(self) -> None:
        content = self._content()
        if content is None:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"Connection": "close"}, b"")
            return
        status, headers, body = self.server.app.take_post(
            f"{self.client_address[0]}:{self.client_address[1]}",
            {name.lower(): value for name, value in self.headers.items()},
            content,
        )
        self._answer(status, headers, body)

    def do_GET(self) -> None:
        self._answer(
            HTTPStatus.OK, {"Content-Type": "text/plain"}, b"cammra-edge listen: POST events here\n"
        )

    def _content(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
            return None
        content = self.rfile.read(int(length))
        return content if len(content) == int(length) else None

    def _chunks(self) -> bytes | None:
        content = bytearray()
        while True:
            line = self.rfile.readline(_LINE_BYTES).split(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                return None
            if size < 0 or len(content) + size > MAX_BODY_BYTES:
                return None
            content += self.rfile.read(size)
            if self.rfile.readline(_LINE_BYTES) != b"\r\n":
                return None
            if size == 0:
                return bytes(content)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in {
            "Server": self.server_version,
            **headers,
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self._headers_buffer.extend([b"\r\n", body])  # type: ignore[attr-defined]  # the stub leaves it out
        self.flush_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: what arrives is shown by the one who listens."""
