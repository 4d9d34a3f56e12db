"""The time of a live stream between two frames: timers fire, and no frame under way is overtaken."""

from __future__ import annotations

from cammra_edge.engine.timing import StreamTime
from cammra_edge.engine.troubles import Troubles
from cammra_edge.model import FrameTime
from tests.fakes import NS, FakeClock


def _stream(clock: FakeClock) -> StreamTime:
    time = StreamTime(clock, Troubles(clock))
    time.begin(live=True)
    return time


def _came(time: StreamTime, clock: FakeClock, taken_s: float, came_s: float) -> None:
    clock.now_mono_ns = round((1000 + came_s) * NS)
    time.of(FrameTime(round(taken_s * NS), 0))


def _now_s(time: StreamTime) -> float:
    now = time.now()
    assert now is not None
    return now.mono_ns / NS


def test_before_the_first_frame_it_has_no_time() -> None:
    assert _stream(FakeClock()).now() is None


def test_it_goes_on_with_the_machines_clock_when_no_frame_comes() -> None:
    clock = FakeClock()
    time = _stream(clock)
    _came(time, clock, 7.0, 0.5)
    assert _now_s(time) == 7.0
    clock.advance(2.5)
    assert _now_s(time) == 9.5


def test_it_does_not_overtake_the_next_frame_of_a_recogniser_that_takes_now_less_and_now_longer() -> (
    None
):
    clock = FakeClock()
    time = _stream(clock)
    took_s = [0.5, 2.0, 0.4, 1.9, 0.5, 2.0]
    taken_s = 0.0
    for number, took in enumerate(took_s):
        came_s = taken_s + took
        if number > 1:
            clock.now_mono_ns = round((1000 + came_s) * NS) - 1
            assert _now_s(time) <= taken_s, "the frame that is being read was taken then"
        _came(time, clock, taken_s, came_s)
        assert _now_s(time) == taken_s, "nor does it go back"
        taken_s = came_s
    clock.advance(100)
    assert abs(_now_s(time) - (taken_s - 2.0 + 100)) < 0.001


def test_one_slow_frame_is_forgotten() -> None:
    clock = FakeClock()
    time = _stream(clock)
    _came(time, clock, 0.0, 5.0)
    for number in range(8):
        _came(time, clock, 5.0 + number, 5.04 + number)
    clock.advance(1.0)
    assert _now_s(time) == 13.0
