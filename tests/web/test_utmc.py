"""The rest of a newcomer's way: UTMC over HTTP, UTMC-2 over TCP, and a template, by browser and with real receivers."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from cammra_edge import Engine, FrameFormat, OutboxSettings, TrackingSettings
from cammra_edge.payload import utmc
from cammra_edge.web import serve_page
from tests.servers import LOOPBACK, free_port, require_program, running
from tests.web.chromium import chromium, window
from tests.web.installer import (
    HEIGHT,
    WIDTH,
    Traffic,
    fill,
    first_visit,
    open_profile,
    run_test,
    save,
    switch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VEHICLES = 4
NAMESPACE = "{urn:cammra-edge:anpr-read:1}"
PHP = r"""<?php
$line = base64_encode(file_get_contents('php://input')) . "\n";
file_put_contents(__DIR__ . '/' . basename($_SERVER['REQUEST_URI']), $line, FILE_APPEND | LOCK_EX);
"""


@contextmanager
def tcp_taker() -> Iterator[tuple[int, bytearray]]:
    """A TCP receiver that keeps every byte."""
    got = bytearray()

    class Taker(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while chunk := self.request.recv(65536):
                got.extend(chunk)

    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Taker) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], got
        finally:
            server.shutdown()
            thread.join()


def set_up(page: Page, number: int, protocol: str, server_url: str) -> None:
    """A profile of this protocol; Test says that it arrives before it is switched on."""
    open_profile(page, number)
    page.get_by_label("Protocol", exact=True).select_option(protocol)
    fill(page, "Server URL", server_url)
    for kind in ("New", "Reliable", "Update"):
        switch(page, kind, on=False)
    switch(page, "Lost", on=True)
    said = run_test(page)
    assert page.locator(".trial .state.failed").count() == 0, said
    switch(page, "Send data to server", on=True)
    save(page)


def reads_of(messages: list[bytes]) -> list[etree._Element]:
    """The messages, each held against the schema that ships; without those that Test sent."""
    schema = etree.XMLSchema(
        etree.fromstring(
            files("cammra_edge.profile").joinpath("presets", "anpr-read-1.xsd").read_bytes()
        )
    )
    made = [etree.fromstring(one) for one in messages]
    for one in made:
        schema.assertValid(one)
    return [one for one in made if text_of(one, "Sequence") != "0"]


def text_of(read: etree._Element, name: str) -> str:
    return read.findtext(f"{NAMESPACE}{name}") or ""


def test_a_newcomer_sends_utmc_utmc_2_and_a_template(tmp_path: Path) -> None:
    php = require_program("php", apt="php-cli")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "listener.php").write_text(PHP)
    port = free_port()
    engine = Engine(
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=tmp_path / "outbox.db"),
        tracking=TrackingSettings(lost_after_s=1.0),
    )
    with ExitStack() as stack:
        tcp_port, taken = stack.enter_context(tcp_taker())
        listener = [php, "-S", f"{LOOPBACK}:{port}", str(tmp_path / "web" / "listener.php")]
        stack.enter_context(running(listener, port=port))
        stack.enter_context(engine.running())
        served = stack.enter_context(
            serve_page(engine, port=0, folder=tmp_path / "page", say=False)
        )
        page = stack.enter_context(window(stack.enter_context(chromium()), width=1280))

        first_visit(page, served)
        set_up(page, 1, "UTMC", f"http://{LOOPBACK}:{port}/utmc")
        set_up(page, 2, "UTMC-2", f"tcp://{LOOPBACK}:{tcp_port}")
        set_up(page, 3, "Template", f"http://{LOOPBACK}:{port}/template")
        with Traffic(engine) as traffic:
            while traffic.vehicles < VEHICLES:
                page.wait_for_timeout(100)
        engine.finish()
        assert engine.drain(60)
        plates = {f"AB{number:04d}" for number in range(1, traffic.vehicles + 1)}

    def posted(name: str) -> list[bytes]:
        return [base64.b64decode(one) for one in (tmp_path / "web" / name).read_text().split()]

    tags = {text_of(one, "Tag") for one in reads_of(posted("utmc"))}
    assert tags == {utmc.tag(plate, 24) for plate in plates}
    sent = [one + b"</AnprRead>" for one in bytes(taken).split(b"</AnprRead>")[:-1]]
    clear = reads_of([one.lstrip(b"\0\r\n") for one in sent])
    assert {text_of(one, "VRM") for one in clear} == plates
    assert all(one.find(f"{NAMESPACE}OverviewImage") is not None for one in clear)
    assert {json.loads(one)["plate_number"] for one in posted("template")} >= plates
