"""The page over TLS: a certificate is taken only when it works, and from the next start on."""

from __future__ import annotations

import ssl
import stat
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.web import serve_page
from tests.servers import require_program
from tests.web.still import ANSWER_S, PASSWORD, StillEngine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Browser

PEM = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def pem(tmp_path: Path) -> bytes:
    openssl = require_program("openssl", apt="openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate.read_bytes() + key.read_bytes()


def put(browser: Browser, content: bytes) -> httpx.Response:
    headers = {**PEM, "X-CSRF-Token": browser.csrf}
    return browser.http.put("/api/certificate", content=content, headers=headers)


def test_a_certificate_serves_the_page_from_the_next_start_on(
    browser: Browser, engine: StillEngine, tmp_path: Path, pem: bytes
) -> None:
    taken = put(browser, pem)
    assert taken.json()["set"]
    assert not taken.json()["in_use"]
    kept = tmp_path / "page" / "certificate.pem"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (tmp_path / "ca.pem").write_bytes(pem)
    trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        httpx.Client(base_url=served.url, verify=trust, trust_env=False, timeout=ANSWER_S) as http,
    ):
        assert served.url.startswith("https://")
        answer = http.post("/api/session", json={"password": PASSWORD})
        assert answer.status_code == 200
        words = answer.headers["set-cookie"]
        assert words.startswith("__Host-cammra=")
        assert "Secure" in words
        assert "max-age" in answer.headers["strict-transport-security"]
        assert http.get("/api/settings").status_code == 200


def test_what_is_no_certificate_with_its_key_is_refused(browser: Browser, pem: bytes) -> None:
    certificate = pem[: pem.index(b"-----BEGIN PRIVATE")]
    key = pem[pem.index(b"-----BEGIN PRIVATE") :]
    for content in (b"", b"x", certificate, key, b"\x00" * 100, certificate + key[:200]):
        assert put(browser, content).status_code == 422
    assert not browser.send("GET", "/api/certificate").json()["set"]


def test_a_certificate_can_be_taken_away_again(browser: Browser, pem: bytes) -> None:
    assert put(browser, pem).status_code == 200
    assert browser.send("DELETE", "/api/certificate").status_code == 204
    assert not browser.send("GET", "/api/certificate").json()["set"]
