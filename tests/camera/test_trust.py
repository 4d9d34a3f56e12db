"""Cameras with certificates: whoever the machine trusts is trusted, and nobody else gets a password."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from cammra_edge.camera.address import Address
from cammra_edge.camera.av_stream import AvStream
from cammra_edge.camera.mjpeg import MjpegStream
from cammra_edge.camera.troubles import StreamError
from tests.camera.films import draw_film
from tests.certificates import issue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def tls_server(
    certificate: str, content_type: str, content: bytes
) -> Iterator[tuple[int, list[str]]]:
    """Serves one thing over HTTPS; yields its port, and what it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(str(self.headers))
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("opened", [AvStream, MjpegStream])
def test_only_whom_the_machine_trusts(
    opened: type[AvStream | MjpegStream], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = issue().write(tmp_path / "camera.pem")
    film = draw_film(tmp_path / "film.mjpeg", "-c:v", "mjpeg", "-f", "mjpeg").read_bytes()
    with tls_server(certificate, "video/x-motion-jpeg", film) as (port, asked):
        address = Address.parse(f"https://me:geheim@127.0.0.1:{port}/video.mjpg")
        with pytest.raises(StreamError) as error:
            opened(address)
        assert error.value.trouble.kind == "tls"
        assert asked == [], "nothing was sent to a stranger"
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        stream = opened(address)
        assert next(iter(stream.pictures()))
        stream.close()
