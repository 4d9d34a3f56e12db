"""A page that nobody looks at lets the processor sleep."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from cammra_edge.web import live, serve_page
from tests.servers import wait_until
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

USUAL_S = live.SAMPLE_S
LOOKS = 20


def test_it_wakes_up_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted from look to look: nothing else has a timer, so that the time between looks only spaces them."""
    woken = looked = 0
    run_once = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]  # how asyncio wakes up

    def counted(loop: asyncio.BaseEventLoop) -> None:
        nonlocal woken
        sleeps = not loop._ready  # type: ignore[attr-defined]  # else it goes on at once
        woken += sleeps and threading.current_thread().name == "page"
        run_once(loop)

    engine = StillEngine(still_settings(tmp_path))
    status = engine.status

    def look() -> object:
        nonlocal looked
        looked += 1
        return status()

    monkeypatch.setattr(engine, "status", look)
    monkeypatch.setattr(live, "SAMPLE_S", 0.01)
    monkeypatch.setattr(asyncio.BaseEventLoop, "_run_once", counted)
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False):
        wait_until(lambda: looked > 1, "a first look")  # its thread is there from now on
        woken = looked = 0
        wait_until(lambda: looked >= LOOKS, "more looks")
        # And its thread wakes up once for each look.
        assert woken + looked <= USUAL_S * LOOKS, (woken, looked)
