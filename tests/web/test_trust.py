"""Trust on first use: Test shows a certificate that nobody vouches for, and a person pins it."""

from __future__ import annotations

import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, FrameFormat, OutboxSettings
from cammra_edge.web import serve_page
from tests.servers import require_program
from tests.web.chromium import chromium, violations, window
from tests.web.still import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def self_signed(folder: Path) -> Iterator[int]:
    """A receiver with a certificate of its own making."""
    openssl = require_program("openssl", apt="openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=gate.example",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_certificate_that_test_shows_can_be_pinned(tmp_path: Path) -> None:
    engine = Engine(
        frame_format=FrameFormat.GRAY8,
        frame_size=(64, 48),
        outbox=OutboxSettings(path=tmp_path / "o.db"),
    )
    with (
        self_signed(tmp_path) as port,
        engine.running(),
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        chromium() as browser,
        window(browser) as page,
    ):
        page.goto(served.url)
        page.fill("#code", served.setup_code)
        page.fill("#password", PASSWORD)
        page.fill("#password-again", PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Integration").click()
        page.get_by_label("Server URL", exact=True).fill(f"https://127.0.0.1:{port}/")
        page.get_by_role("button", name="Test", exact=True).click()
        pin = page.get_by_text("Trust exactly this certificate")
        pin.wait_for()
        assert "gate.example" in page.locator(".trial").inner_text()
        assert violations(page) == []
        pin.click()
        page.get_by_role("button", name="Test", exact=True).and_(page.locator(":enabled")).click()
        page.get_by_text("The exact").wait_for()
        assert page.locator(".trial .state.failed").count() == 0
        assert violations(page) == []
