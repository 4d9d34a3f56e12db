"""An engine that is stopped while its disk does not answer goes all the same, and says what that costs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.engine import closing
from cammra_edge.engine import engine as engine_module
from cammra_edge.outbox import tail
from cammra_edge.outbox.segment import write_all
from cammra_edge.sinks.deadline import Deadline
from tests.servers import SLACK_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Disk:
    """Writes until it is frozen."""

    def __init__(self) -> None:
        self.frozen = threading.Event()
        self.waits = threading.Event()
        self.thawed = threading.Event()
        self._write_all = write_all

    def write_all(self, *words: object) -> object:
        if self.frozen.is_set():
            self.waits.set()
            self.thawed.wait(SLACK_S)
        return self._write_all(*words)  # type: ignore[arg-type] # whatever they are


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(tail, "write_all", disk.write_all)
    yield disk
    disk.thawed.set()


def engine_in(tmp_path: Path) -> Engine:
    gate = Profile("gate", HttpPost("http://127.0.0.1:9/"), image=None, events={"new"})
    return Engine(profiles=[gate], outbox=OutboxSettings(path=tmp_path / "outbox"))


def see(engine: Engine, track: int) -> None:
    read = PlateRead(track=track, text=f"1AB000{track}", confidence=0.9)
    engine.observe(None, [read], FrameTime(track * 10**9, 10**18))


def test_a_frozen_disk_keeps_nobody_and_it_is_said_how_many_events_that_costs(
    tmp_path: Path,
    disk: Disk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(engine_module, "DISK_S", 0.2)
    engine = engine_in(tmp_path)
    engine.start(live=False, local_socket=False)
    disk.frozen.set()
    for track in (1, 2, 3):
        see(engine, track)
    assert disk.waits.wait(SLACK_S)
    lost = engine.status().pending
    assert lost >= 3
    engine.stop()
    assert engine.is_stuck
    assert not engine.status().running
    assert f"the disk has not answered, leaving without it events_lost={lost}" in caplog.text
    disk.thawed.set()  # what is left of it ends by itself
    wait_until(lambda: not left(), "the end of its threads")


def test_a_disk_that_is_slow_is_waited_for(tmp_path: Path, disk: Disk) -> None:
    engine = engine_in(tmp_path)
    engine.start(live=False, local_socket=False)
    disk.frozen.set()
    see(engine, 1)
    assert disk.waits.wait(SLACK_S)
    threading.Timer(0.2, disk.thawed.set).start()
    engine.stop()
    assert not engine.is_stuck
    with engine.running(live=False, local_socket=False):
        assert len(engine.search().events) == 1


def test_what_goes_wrong_at_the_end_is_raised_and_without_threads_it_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("broken")

    patience = Deadline(SYSTEM_CLOCK, SLACK_S)
    with pytest.raises(OSError, match="broken"):
        closing.done_within(patience, fail)
    done: list[int] = []

    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert closing.done_within(patience, lambda: done.append(1))
    assert done == [1]


def left() -> list[str]:
    names = ("closing", "cammra-encoder", "delivery")
    return [one.name for one in threading.enumerate() if one.name.startswith(names)]
