"""A frame for a person: only when asked for, whole, and of any format."""

from __future__ import annotations

import threading

import pytest

from cammra_edge import FrameFormat
from cammra_edge.engine.snapshot import Snapshot
from tests.emulation import PATIENCE

PATIENCE_S = 20.0 * PATIENCE
GREY = memoryview(bytes(640 * 360)).cast("B", (360, 640))
NV12 = (
    memoryview(bytes(640 * 360)).cast("B", (360, 640)),
    memoryview(bytes(640 * 180)).cast("B", (180, 640)),
)


def taken_while_frames_come(frame: object, frame_format: FrameFormat) -> bytes | None:
    snapshot = Snapshot()
    got: list[bytes | None] = []
    asker = threading.Thread(target=lambda: got.append(snapshot.take(frame_format, PATIENCE_S)))
    asker.start()
    while asker.is_alive():
        if snapshot.wanted:
            snapshot.offer(frame)  # type: ignore[arg-type]  # also what is no frame
        asker.join(0.001)
    return got[0]


@pytest.mark.parametrize(
    ("frame", "frame_format"),
    [(GREY, FrameFormat.GRAY8), (NV12, FrameFormat.NV12)],
    ids=["grey", "planes"],
)
def test_a_frame_is_encoded_for_whom_asked(frame: object, frame_format: FrameFormat) -> None:
    jpeg = taken_while_frames_come(frame, frame_format)
    assert jpeg is not None
    assert (jpeg[:2], jpeg[-2:]) == (b"\xff\xd8", b"\xff\xd9")


def test_a_broken_frame_is_no_picture() -> None:
    assert taken_while_frames_come(b"short", FrameFormat.GRAY8) is None
    assert taken_while_frames_come(b"", FrameFormat.JPEG) is None
    assert taken_while_frames_come("no buffer at all", FrameFormat.GRAY8) is None


def test_nobody_waits_for_ever_and_nothing_is_copied_unasked() -> None:
    snapshot = Snapshot()
    assert not snapshot.wanted
    assert snapshot.take(FrameFormat.GRAY8, 0.01) is None
    assert not snapshot.wanted
