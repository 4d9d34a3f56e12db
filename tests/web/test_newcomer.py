"""A newcomer's whole way, by browser, with the real engine and receivers that others wrote (PHP, vsftpd)."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Engine, FrameFormat, OutboxSettings, TrackingSettings
from cammra_edge.receiver import Receiver
from cammra_edge.web import serve_page
from tests.ftp_servers import vsftpd
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
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PHP = r"""<?php
$event = json_decode(file_get_contents($_FILES['event']['tmp_name']), true);
file_put_contents(__DIR__ . '/got.jsonl', json_encode($event) . "\n", FILE_APPEND | LOCK_EX);
"""


def set_up_http(page: Page, port: int, wrong_port: int) -> None:
    """At first with a wrong port: Test says so, and what to do; mended, it succeeds."""
    fill(page, "Server URL", f"http://{LOOPBACK}:{wrong_port}/listener.php")
    fill(page, "Device ID", "GATE-1")
    for kind in ("Reliable", "Update", "Lost"):
        switch(page, kind, on=True)
    assert "refuses" in run_test(page)
    fill(page, "Server URL", f"http://{LOOPBACK}:{port}/listener.php")
    assert "refuses" not in run_test(page)
    assert page.locator(".trial .state.failed").count() == 0
    switch(page, "Send data to server", on=True)
    save(page)


def set_up_tcp(page: Page, address: str) -> None:
    open_profile(page, 2)
    page.get_by_label("Protocol", exact=True).select_option("TCP")
    fill(page, "Server URL", address)
    switch(page, "Do not send images", on=True)
    switch(page, "Send data to server", on=True)
    save(page)


def set_up_ftp(page: Page, port: int) -> None:
    open_profile(page, 3)
    page.get_by_label("Protocol", exact=True).select_option("FTP")
    fill(page, "Server URL", f"ftp://{LOOPBACK}:{port}")
    page.get_by_text("Path and naming").click()
    fill(page, "Path", "in/#DEVICE_ID")
    fill(page, "Naming", "#PLATE_ID_#PLATE")
    page.locator(".preview", has_text="in/defaultID/7543_AXIS1234.jpg").wait_for()
    switch(page, "Also write the event as JSON", on=True)
    switch(page, "Send data to server", on=True)
    save(page)


def nothing_was_lost(got: list[dict[str, Any]], vehicles: int, changed_at: int) -> None:
    """Every number once or more, every vehicle whole, and the new settings from the change on."""
    packets = {int(one["packetCounter"]) for one in got}
    assert packets == set(range(1, max(packets) + 1))
    states: dict[str, list[str]] = {}
    for one in got:
        states.setdefault(one["carID"], []).append(one["carState"])
    assert len(states) == vehicles
    assert all(said[0] == "new" and said[-1] == "lost" for said in states.values())
    assert {one["sensorProviderID"] for one in got} == {"GATE-1", "GATE-2"}
    late = [one for one in got if int(one["carID"]) > changed_at + 1]
    assert {one["sensorProviderID"] for one in late} == {"GATE-2"}


def export_wipe_import(page: Page, file: Path) -> None:
    before = settings_of(page)
    page.get_by_role("link", name="Integration").click()
    page.get_by_role("tab", name="Import and export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(file)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("tab", name="History").click()
    page.get_by_role("button", name="Back to the script").click()
    page.locator(".toast", has_text="in force again").wait_for()
    assert settings_of(page) != before
    page.get_by_role("link", name="Integration").click()
    page.get_by_role("tab", name="Import and export").click()
    page.locator("#file").set_input_files(file)
    page.locator(".note", has_text="Imported").wait_for()
    assert settings_of(page) == before


def test_a_newcomer_sets_up_every_protocol_and_nothing_is_lost(tmp_path: Path) -> None:
    php = require_program("php", apt="php-cli")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "listener.php").write_text(PHP)
    (tmp_path / "ftp").mkdir()
    port = free_port()
    engine = Engine(
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=tmp_path / "outbox.db"),
        tracking=TrackingSettings(lost_after_s=5.0),
    )
    with ExitStack() as stack:
        ftp = stack.enter_context(vsftpd(tmp_path / "ftp"))
        tcp = stack.enter_context(Receiver(http=None, tcp=(LOOPBACK, 0)))
        stack.enter_context(
            running([php, "-S", f"{LOOPBACK}:{port}", "-t", str(tmp_path / "web")], port=port)
        )
        stack.enter_context(engine.running())
        served = stack.enter_context(
            serve_page(engine, port=0, folder=tmp_path / "page", say=False)
        )
        page = stack.enter_context(window(stack.enter_context(chromium()), width=1280))

        first_visit(page, served)
        set_up_http(page, port, free_port())
        traffic = stack.enter_context(Traffic(engine))
        set_up_tcp(page, tcp.tcp_address)
        set_up_ftp(page, ftp.port)
        open_profile(page, 1)
        fill(page, "Device ID", "GATE-2")
        save(page)
        changed_at = traffic.vehicles
        page.get_by_role("link", name="Events").click()
        page.locator(".vehicle").first.wait_for()
        while traffic.vehicles < changed_at + 8:
            page.wait_for_timeout(100)
        traffic.stop()
        engine.finish()
        assert engine.drain(60)

        got = [
            json.loads(line) for line in (tmp_path / "web" / "got.jsonl").read_text().splitlines()
        ]
        nothing_was_lost(
            [one for one in got if one["packetCounter"] != "0"], traffic.vehicles, changed_at
        )
        assert len(tcp.events) > 0
        assert any((ftp.home / "in" / "defaultID").iterdir())
        export_wipe_import(page, tmp_path / "settings.json")


def settings_of(page: Page) -> Any:  # noqa: ANN401 - plain settings
    answer = page.context.request.get(page.url.split("#")[0] + "api/settings")
    return answer.json()["settings"]
