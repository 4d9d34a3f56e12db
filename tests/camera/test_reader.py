"""The live reader against streams that break, stall and burst: no thread but its own, no wall time."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from cammra_edge.camera.picture import Taken
from cammra_edge.camera.reader import REFUSED_WAIT_S, WAITS_S, LiveReader, Newest, _wait_s
from cammra_edge.camera.status import SourceState
from cammra_edge.camera.troubles import StreamError, stream_error
from cammra_edge.clock import SYSTEM_CLOCK
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import pytest

    from cammra_edge.model import FrameFormat

S = 1_000_000_000


class Numbered:
    """A picture that knows its number."""

    width, height = 64, 48

    def __init__(self, number: int) -> None:
        self.number = number

    def frame(self, frame_format: FrameFormat) -> bytes:
        return f"{self.number} as {frame_format}".encode()

    def pixels(self) -> int:
        return self.number


class Scripted:
    """A stream that hands over what it is told to, waits where it is told to, and ends as it is told to."""

    codec = "scripted"
    began_utc: datetime | None = None

    def __init__(self, steps: list[int | threading.Event | StreamError | None]) -> None:
        self.steps = steps
        self.closed = threading.Event()

    def pictures(self) -> Iterator[Taken | None]:
        for step in self.steps:
            match step:
                case threading.Event():
                    step.wait(30)
                case StreamError():
                    raise step
                case None:
                    yield None
                case int():
                    yield Taken(Numbered(step), step * S // 25)

    def close(self) -> None:
        self.closed.set()


def _reader(*streams: Scripted | Exception) -> LiveReader:
    left = list(streams)

    def opened() -> Scripted:
        stream = left.pop(0)
        if isinstance(stream, Exception):
            raise stream
        return stream

    return LiveReader("rtsp://***@c/s", opened, SYSTEM_CLOCK)


def _taken(reader: LiveReader) -> int:
    newest = reader.take()
    assert newest is not None
    return _number(newest)


def _number(newest: Newest) -> int:
    picture = newest.picture
    assert isinstance(picture, Numbered)
    return picture.number


def test_the_newest_picture_is_taken_and_what_was_passed_over_is_counted() -> None:
    laid, go_on = threading.Event(), threading.Event()

    class Marks(Scripted):
        def pictures(self) -> Iterator[Taken | None]:
            for number in range(1, 6):
                yield Taken(Numbered(number), number * S // 25)
            laid.set()
            go_on.wait(30)

    reader = _reader(Marks([]))
    reader.start()
    laid.wait(30)
    assert _taken(reader) == 5
    status = reader.status()
    assert (status.pictures, status.skipped_frames, status.state) == (5, 4, SourceState.PLAYING)
    assert (status.width, status.height, status.codec) == (64, 48, "scripted")
    go_on.set()
    reader.stop()


def test_ten_minutes_of_a_slow_recogniser_are_never_more_than_one_picture_behind() -> None:
    clock = FakeClock()
    reader = LiveReader("rtsp://***@c/s", lambda: Scripted([]), clock)
    kept: WeakSet[Numbered] = WeakSet()
    taken, picture_ns, read_ns = 0, S // 25, 7 * S // 10
    free_ns = clock.mono_ns()
    for number in range(1, 10 * 60 * 25 + 1):
        clock.now_mono_ns += picture_ns
        picture = Numbered(number)
        kept.add(picture)
        reader._lay_down(Taken(picture, number * picture_ns))
        del picture
        if clock.mono_ns() >= free_ns:
            newest = reader.take()
            assert newest is not None
            assert clock.mono_ns() - newest.at.mono_ns <= picture_ns
            assert _number(newest) == number
            taken += 1
            free_ns = clock.mono_ns() + read_ns
        assert reader.status().lag_ms <= picture_ns / 1_000_000
        assert len(kept) <= 2, "the one that is read, and the newest"
    status = reader.status()
    waits = status.pictures - taken - status.skipped_frames
    assert (taken, waits) == (834, 1)
    assert status.rate_fps == 25.0


def test_it_is_opened_anew_after_each_end_and_says_each_trouble_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cammra_edge.camera.reader.WAITS_S", (0.0,))
    hold = threading.Event()
    broken = [stream_error("refused"), stream_error("refused"), stream_error("no_route")]
    first, last = Scripted([1, stream_error("cut")]), Scripted([None, 2, hold])
    reader = _reader(first, *broken, UnicodeError("a name that IDNA does not know"), last)
    caplog.set_level(logging.WARNING)
    reader.start()
    numbers = {_taken(reader)}
    while 2 not in numbers:
        numbers.add(_taken(reader))
    assert first.closed.is_set()
    hold.set()
    reader.stop()
    status = reader.status()
    assert (status.damaged_frames, status.reconnects) == (1, 5)
    kinds = [record.getMessage().split("kind=")[-1].split()[0] for record in caplog.records]
    assert kinds[:4] == ["cut", "refused", "no_route", "unknown"]
    assert "pictures come again" in caplog.records[4].getMessage()


def test_status_says_what_is_wrong_and_what_to_do() -> None:
    reader = _reader(stream_error("unauthorised"))
    reader.start()
    _until(lambda: reader.status().trouble is not None)
    status = reader.status()
    assert status.state is SourceState.LOST
    assert status.trouble is not None
    assert status.trouble.kind == "unauthorised"
    assert "user" in status.trouble.remedy.lower()
    reader.stop()
    assert reader.take() is None


def test_pictures_that_cannot_be_used_are_said_once_not_with_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gates = [threading.Event() for _ in range(5)]
    steps: list[int | threading.Event | StreamError | None] = []
    for number, gate in enumerate(gates, start=1):
        steps += [number, gate]
    reader = _reader(Scripted(steps))
    caplog.set_level(logging.WARNING)
    reader.start()
    for gate in gates:
        _taken(reader)
        reader.fail(stream_error("not_jpeg"))
        if gate is not gates[-1]:
            gate.set()
    status = reader.status()
    assert (status.state, status.trouble and status.trouble.kind) == (SourceState.LOST, "not_jpeg")
    assert len(caplog.records) == 1
    gates[-1].set()
    reader.stop()


def test_a_thread_that_hung_does_not_read_on_for_the_next_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cammra_edge.camera.reader._STOP_S", 0.01)
    hang, hold = threading.Event(), threading.Event()
    first, second = Scripted([1, hang, 2, 3]), Scripted([7, hold])
    reader = _reader(first, second)
    reader.start()
    assert _taken(reader) == 1
    reader.stop()
    reader.start()
    hang.set()
    assert first.closed.wait(30)
    assert _taken(reader) == 7
    assert reader.status().pictures == 2
    hold.set()
    reader.stop()


def test_waits_are_short_but_not_where_an_account_could_be_locked() -> None:
    assert [_wait_s(stream_error("cut"), failures) for failures in range(1, 9)] == [
        *WAITS_S,
        *[WAITS_S[-1]] * 4,
    ]
    assert max(WAITS_S) <= 2
    assert _wait_s(stream_error("unauthorised"), 1) == REFUSED_WAIT_S


def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come")
