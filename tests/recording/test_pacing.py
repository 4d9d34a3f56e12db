"""What `recording.pacing` promises: no frame early, and none waited for that is late."""

from dataclasses import dataclass, field

from cammra_edge.model import FrameTime
from cammra_edge.recording import RecordedFrame, paced


@dataclass
class _Clock:
    now_ns: int = 7_000
    waits: list[float] = field(default_factory=list)

    def mono_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return 0

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now_ns += round(seconds * 1e9)


def _frames(*times_s: float) -> list[RecordedFrame]:
    return [RecordedFrame(None, [], FrameTime(round(t_s * 1e9), 0)) for t_s in times_s]


def test_frames_come_at_their_times_divided_by_the_speed() -> None:
    clock = _Clock()
    list(paced(_frames(5.0, 5.5, 7.5), 2.0, clock=clock, wait=clock.wait))
    assert clock.waits == [0.25, 1.0]


def test_a_late_frame_comes_at_once_and_the_next_ones_are_on_time_again() -> None:
    clock = _Clock()
    stream = paced(_frames(0.0, 1.0, 2.0, 3.0), 1.0, clock=clock, wait=clock.wait)
    next(stream)
    clock.now_ns += 1_800_000_000  # the consumer took its time
    list(stream)
    assert clock.waits == [0.2, 1.0]


def test_no_speed_never_waits() -> None:
    clock = _Clock()
    assert len(list(paced(_frames(0.0, 9.0), None, clock=clock, wait=clock.wait))) == 2
    assert clock.waits == []
