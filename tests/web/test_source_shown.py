"""How the camera's stream stands, and what it sees, on the page."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, FrameFormat, FrameTime, OutboxSettings
from cammra_edge.camera.status import SourceState, SourceStatus
from cammra_edge.camera.troubles import stream_error
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, violations, window
from tests.web.installer import FRAME, HEIGHT, WIDTH, enter, go

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PLAYS = SourceStatus(
    address="rtsp://***@192.0.2.7/stream1",
    state=SourceState.PLAYING,
    width=1280,
    height=720,
    codec="h264",
    rate_fps=12.5,
    pictures=9000,
    skipped_frames=33,
    reconnects=2,
    camera_clock_offset_ms=-61_250.0,
)
LOST = SourceStatus(
    address=PLAYS.address,
    state=SourceState.LOST,
    trouble=stream_error("unauthorised", "401").trouble,
)


def test_the_page_shows_how_the_stream_stands_and_what_it_sees(tmp_path: Path) -> None:
    engine = Engine(
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=tmp_path / "outbox"),
    )
    engine.source_status = lambda: PLAYS
    ended = threading.Event()

    def feed() -> None:
        while not ended.wait(0.05):
            engine.observe(FRAME, [], FrameTime(SYSTEM_CLOCK.mono_ns(), SYSTEM_CLOCK.utc_ns()))

    with (
        chromium() as browser,
        engine.running(local_socket=False),
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        window(browser, width=360, height=740) as page,
    ):
        enter(page, served)
        go(page, "settings/camera")
        look_again = page.get_by_role("button", name="Look again")
        page.locator(".hint", has_text="No picture came from the camera").wait_for()
        assert page.locator("img.sight").is_hidden()
        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            look_again.click()
            page.locator("img.sight").wait_for()
        finally:
            ended.set()
            feeder.join()
        said = page.locator("dl.facts").inner_text()
        for words in (
            "rtsp://***@192.0.2.7/stream1",
            "Playing · 1280 \N{MULTIPLICATION SIGN} 720 · h264 · 12.5 pictures a second",
            "9,000 pictures · 33 passed over, as newer ones had come · opened anew 2 times",
            "61.25 s behind this machine's",
        ):
            assert words in said
        assert violations(page) == []
        engine.source_status = lambda: LOST
        lost = page.locator("dl.facts dd", has_text="the camera refuses user and password (401)")
        lost.wait_for()
        assert "set those of an account that may watch" in lost.inner_text()
