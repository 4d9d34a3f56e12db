"""What the recogniser takes is counted, and what it raises costs one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.camera.recognition import Recognition
from cammra_edge.camera.status import SourceState, SourceStatus
from cammra_edge.camera.troubles import StreamError, stream_error
from cammra_edge.model import FrameTime, PlateRead
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Sequence

AT = FrameTime(1, 2)
STATUS = SourceStatus(address="a", state=SourceState.PLAYING)


class Slow:
    """A recogniser that takes 0.25 s, and raises for what is no picture."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    def read(self, frame: object, at: FrameTime) -> Sequence[PlateRead]:
        assert at is AT
        self.clock.advance(0.25)
        if not isinstance(frame, bytes):
            raise TypeError("no picture")
        return [PlateRead(track=1, text=frame.decode())]


def test_frames_seconds_and_errors_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    recognition = Recognition(Slow(clock), "rtsp://camera/", clock)
    assert [read.text for read in recognition.read(lambda: b"1AB1234", AT)] == ["1AB1234"]
    for _ in range(3):
        assert recognition.read(lambda: 7, AT) == ()
    assert recognition.read(lambda: None, AT) == ()  # a picture that cannot be had in that format
    counted = recognition.counted_in(STATUS)
    assert (counted.recognitions, counted.recogniser_s, counted.recogniser_errors) == (4, 1.0, 3)
    assert counted.address == "a"
    assert [record.args for record in caplog.records] == [("rtsp://camera/", "TypeError")]


def test_a_stream_that_cannot_give_the_format_is_not_the_recognisers_fault() -> None:
    recognition = Recognition(Slow(FakeClock()), "a", FakeClock())

    def refused() -> bytes:
        raise stream_error("codec")

    with pytest.raises(StreamError):
        recognition.read(refused, AT)
    assert recognition.counted_in(STATUS) == STATUS
