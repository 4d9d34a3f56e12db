"""An image encoder that is not ours: what it makes is sent, and whatever it does, the event gets its image."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import (
    Engine,
    FrameFormat,
    FrameTime,
    HttpPost,
    Nv12,
    OutboxSettings,
    PlateRead,
    Profile,
    Settings,
)
from cammra_edge.engine.encoder import GROUP
from cammra_edge.engine.image_encoder import ImageEncoderDoor
from cammra_edge.engine.troubles import InputKind
from cammra_edge.imaging import encode_image
from cammra_edge.model import ImageKind, ImageSpec, Rect
from cammra_edge.receiver import Receiver
from cammra_edge.tracking import Tracker
from tests.emulation import PATIENCE
from tests.native.streams import at_ms, read
from tests.shots import encoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge import ImageEncoder

WIDTH, HEIGHT = 640, 360
VEHICLE, PLATE = (101.0, 61.0, 318.0, 241.0), (200.0, 200.0, 96.0, 24.0)
CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP)
PATIENCE_S = 60.0 * PATIENCE
COMMENT = b"\xff\xfe\x00\x06chip"


def pixels(count: int) -> bytes:
    return bytes(40 + at * 7 % 160 + (at // 640) % 13 for at in range(count))


FRAME = pixels(WIDTH * HEIGHT * 3 // 2)


def nv12_frame() -> memoryview:
    return memoryview(FRAME).cast("B", (HEIGHT * 3 // 2, WIDTH))


class Chip:
    """Stands for hardware: takes the planes as they are documented, and leaves its name in the JPEG."""

    def __init__(self) -> None:
        self.asked: list[tuple[Nv12, Rect, int]] = []

    def __call__(self, frame: Nv12, box: Rect, quality: int) -> bytes:
        self.asked.append((frame, box, quality))
        whole = memoryview(frame.y + frame.uv).cast("B", (frame.height * 3 // 2, frame.stride))
        spec = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=quality)
        jpeg = encode_image(whole, FrameFormat.NV12_FULL, spec, box).jpeg
        return jpeg[:2] + COMMENT + jpeg[2:]


def shot_of(frame_format: FrameFormat, frame: object, **profile: Any) -> Any:  # noqa: ANN401 - a shot
    wanting = Profile("gate", HttpPost("http://127.0.0.1:9/"), two_images=True, **profile)
    tracker = Tracker(Settings(profiles=[wanting], frame_format=frame_format))
    (event,) = tracker.observe(frame, [read("1AB1234", vehicle=VEHICLE, plate=PLATE)], at_ms(0))  # type: ignore[arg-type] # any frame
    return event.shot


def door_to(encoder: Any, answer_s: float = PATIENCE_S) -> tuple[ImageEncoderDoor, list[str]]:  # noqa: ANN401 - anything
    told: list[str] = []
    door = ImageEncoderDoor(encoder, told.append, answer_s)
    OPENED.append(door)
    return door, told


OPENED: list[ImageEncoderDoor] = []


@pytest.fixture(autouse=True)
def closed_doors() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def ours() -> bytes:
    return encode_image(nv12_frame(), FrameFormat.NV12, CROP, VEHICLE).jpeg


@pytest.mark.parametrize("frame_format", [FrameFormat.NV12, FrameFormat.NV12_FULL])
def test_the_encoder_gets_full_range_planes_of_the_box_in_whole_blocks(
    frame_format: FrameFormat,
) -> None:
    chip, shot = Chip(), shot_of(frame_format, nv12_frame())
    door, told = door_to(chip)
    door.make(shot, [CROP])
    ((frame, box, quality),) = chip.asked
    jpeg, width, height, shows = encoded(shot, CROP.kind)
    assert shows == (100, 60, 320, 242)
    assert (box, (width, height)) == (Rect(0, 0, 320, 242), (320, 242))
    assert (frame.width, frame.height, frame.stride, quality) == (320, 256, 320, 85)
    assert (len(frame.y), len(frame.uv)) == (320 * 256, 320 * 128)
    # The rows below the image repeat its last one, so that no block holds what is not there.
    rows = [frame.y[at : at + 320] for at in range(0, len(frame.y), 320)]
    assert set(rows[242:]) == {rows[241]}
    # Our own encoder makes the very same of these planes as of the frame: range and chroma are right.
    assert (
        jpeg.replace(COMMENT, b"") == encode_image(nv12_frame(), frame_format, CROP, VEHICLE).jpeg
    )
    assert told == []


def test_i420_comes_as_nv12() -> None:
    luma, chroma = FRAME[: WIDTH * HEIGHT], FRAME[WIDTH * HEIGHT :]
    i420 = memoryview(luma + chroma[::2] + chroma[1::2]).cast("B", (HEIGHT * 3 // 2, WIDTH))
    chips = Chip(), Chip()
    for chip, frame_format, frame in zip(
        chips, (FrameFormat.NV12, FrameFormat.I420), (nv12_frame(), i420), strict=True
    ):
        door_to(chip)[0].make(shot_of(frame_format, frame), [CROP])
    assert chips[0].asked == chips[1].asked
    assert len(chips[0].asked) == 1


def test_an_image_is_asked_for_once_and_small_ones_never() -> None:
    chip, shot = Chip(), shot_of(FrameFormat.NV12, nv12_frame())
    door, told = door_to(chip)
    plate = ImageSpec(kind=ImageKind.PLATE_CROP)
    for _ in range(3):
        door.make(shot, [CROP, plate, CROP])
    assert len(chip.asked) == 1
    assert COMMENT in encoded(shot, CROP.kind)[0]
    assert COMMENT not in encoded(shot, plate.kind)[0]
    assert told == []


@pytest.mark.parametrize(
    ("frame_format", "shape"),
    [
        (FrameFormat.RGB8, (HEIGHT, WIDTH, 3)),
        (FrameFormat.GRAY8, (HEIGHT, WIDTH)),
        (FrameFormat.JPEG, None),
    ],
)
def test_what_is_no_nv12_stays_with_our_encoder(
    frame_format: FrameFormat, shape: tuple[int, ...] | None
) -> None:
    full = ImageSpec(kind=ImageKind.FULL_FRAME)
    frame: object = encode_image(nv12_frame(), FrameFormat.NV12, full).jpeg
    if shape is not None:
        frame = memoryview(bytes(WIDTH * HEIGHT * (3 if len(shape) == 3 else 1))).cast("B", shape)
    chip = Chip()
    door_to(chip)[0].make(shot_of(frame_format, frame), [CROP])
    assert chip.asked == []


def test_other_subsampling_and_a_smaller_frame_stay_with_our_encoder() -> None:
    chip = Chip()
    shot = shot_of(FrameFormat.NV12, nv12_frame(), image=ImageKind.DOWNSIZED_FRAME)
    door, _ = door_to(chip)
    door.make(shot, [ImageSpec(kind=ImageKind.VEHICLE_CROP, subsampling="4:4:4")])  # type: ignore[arg-type] # its word
    door.make(shot, [ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=(320, 180))])
    assert chip.asked == []


def test_an_image_over_its_ceiling_is_made_by_ours_and_nothing_is_wrong() -> None:
    shot = shot_of(FrameFormat.NV12, nv12_frame())
    door, told = door_to(Chip())
    low = ImageSpec(kind=ImageKind.VEHICLE_CROP, max_bytes=len(ours()) // 2)
    door.make(shot, [low])
    jpeg = encoded(shot, low.kind, max_bytes=low.max_bytes)[0]
    assert len(jpeg) <= len(ours()) // 2
    assert COMMENT not in jpeg
    assert told == []


def raises(_frame: Nv12, _box: Rect, _quality: int) -> bytes:
    raise OSError(19, "no such device")


def asks_to_end(_frame: Nv12, _box: Rect, _quality: int) -> bytes:
    raise SystemExit(3)


class Unspeakable(Exception):  # noqa: N818 - it is none of ours
    def __str__(self) -> str:
        raise ValueError("no words")


def raises_without_words(_frame: Nv12, _box: Rect, _quality: int) -> bytes:
    raise Unspeakable


def another_size(frame: Nv12, _box: Rect, quality: int) -> bytes:
    return Chip()(frame, Rect(0, 0, frame.width, frame.height), quality)


def cut_off(frame: Nv12, box: Rect, quality: int) -> bytes:
    jpeg = Chip()(frame, box, quality)
    return jpeg[: len(jpeg) // 2]


def released(_frame: Nv12, _box: Rect, _quality: int) -> memoryview:
    view = memoryview(b"gone")
    view.release()
    return view


WRONG: list[tuple[Any, str]] = [
    (lambda *_: None, "a NoneType, want bytes"),
    (lambda *_: 10**15, "a int, want bytes"),
    (lambda *_: "\xff\xd8", "a str, want bytes"),
    (lambda *_: b"", "no usable JPEG"),
    (lambda *_: b"\x89PNG\r\n\x1a\n" + bytes(99), "no usable JPEG"),
    (lambda *_: b"\xff\xd8\xff\xd9", "no usable JPEG"),
    (lambda *_: bytes(50_000_000), "50000000 bytes for 320x242: want at most"),
    (lambda: b"", "TypeError"),
    (5, "TypeError"),
    (raises, "it raised OSError: [Errno 19] no such device"),
    (asks_to_end, "it raised SystemExit: 3"),
    (raises_without_words, "it raised Unspeakable"),
    (another_size, "a picture of 320x256: want 320x242"),
    (cut_off, "no usable JPEG"),
    (released, "it raised ValueError"),
]


@pytest.mark.parametrize(("encoder", "why"), WRONG)
def test_whatever_it_answers_the_image_is_there(encoder: Any, why: str) -> None:  # noqa: ANN401 - anything
    shot = shot_of(FrameFormat.NV12, nv12_frame())
    door, told = door_to(encoder)
    door.make(shot, [CROP])
    (said,) = told
    assert why in said
    assert encoded(shot, CROP.kind)[0] == ours()


def test_bytes_that_are_not_called_bytes_are_taken() -> None:
    for kind in (bytearray, memoryview):
        shot = shot_of(FrameFormat.NV12, nv12_frame())
        door, told = door_to(lambda *asked, kind=kind: kind(Chip()(*asked)))
        door.make(shot, [CROP])
        assert COMMENT in encoded(shot, CROP.kind)[0]
        assert told == []


class Hanging(Chip):
    """Answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.answered = threading.Semaphore(0)

    def __call__(self, frame: Nv12, box: Rect, quality: int) -> bytes:
        jpeg = super().__call__(frame, box, quality)
        self.free.wait()
        self.answered.release()
        return jpeg


def test_one_that_hangs_is_not_waited_for_twice_and_is_asked_again_when_it_is_back() -> None:
    hanging = Hanging()
    door, told = door_to(hanging, answer_s=0.05)
    shots = [shot_of(FrameFormat.NV12, nv12_frame()) for _ in range(3)]
    door.make(shots[0], [CROP])
    assert told == ["it has not answered within 0.05 s"]
    door.make(shots[1], [CROP])
    assert told[1:] == ["it has not come back from an earlier image yet"]
    assert len(hanging.asked) == 1
    hanging.free.set()
    assert hanging.answered.acquire(timeout=PATIENCE_S)
    while len(hanging.asked) == 1:  # until its thread has noted that it is back
        door.make(shots[2], [CROP])
    assert [COMMENT in encoded(shot, CROP.kind)[0] for shot in shots] == [False, False, True]


# ---- in an engine ------------------------------------------------------------------------------


@contextmanager
def engine_to(receiver: Receiver, folder: Path, encoder: ImageEncoder | None) -> Iterator[Engine]:
    engine = Engine(
        profiles=[
            Profile("gate", HttpPost(receiver.http_url), events={"new", "lost"}, two_images=True)
        ],
        frame_format=FrameFormat.NV12,
        outbox=OutboxSettings(path=folder / "outbox"),
        image_encoder=encoder,
    )
    yield engine
    engine.stop()


def a_read(track: int = 1) -> PlateRead:
    return PlateRead(
        track=track, text=f"1AB{1000 + track}", confidence=0.9, vehicle=VEHICLE, plate=PLATE
    )


def drive(engine: Engine) -> None:
    for step in range(4):
        engine.observe(nv12_frame(), [a_read()], FrameTime(step * 40_000_000, 10**18 + step))
    engine.finish()
    assert engine.drain(PATIENCE_S)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def test_the_receiver_gets_what_the_encoder_made(receiver: Receiver, tmp_path: Path) -> None:
    chip = Chip()
    with engine_to(receiver, tmp_path, chip) as engine:
        engine.start(live=False)
        drive(engine)
        assert engine.status().input_troubles == ()
    assert len(receiver.events) == 2
    for event in receiver.events:
        vehicle, plate = event.pictures
        assert COMMENT in vehicle.jpeg
        assert COMMENT not in plate.jpeg
    assert len(chip.asked) == 1
    assert receiver.problems == []
    assert not any(thread.name == "cammra-image-encoder" for thread in alive())


def alive() -> list[threading.Thread]:
    """The threads, once those that were told to end have ended."""
    for thread in threading.enumerate():
        if thread.name == "cammra-image-encoder":
            thread.join(PATIENCE_S)
    return threading.enumerate()


def test_one_that_fails_costs_no_event_and_no_image_and_is_told(
    receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), engine_to(receiver, tmp_path, raises) as engine:
        engine.start(live=False)
        drive(engine)
        (trouble,) = engine.status().input_troubles
    assert [event.pictures[0].jpeg for event in receiver.events] == [ours(), ours()]
    assert (trouble.kind, trouble.count) == (InputKind.ENCODER, 1)
    assert "no such device" in trouble.why
    (said,) = [record.message for record in caplog.records if "kind=encoder" in record.message]
    assert "no such device" in said
    assert "1AB" not in said


def test_while_it_falls_behind_our_encoder_helps(receiver: Receiver, tmp_path: Path) -> None:
    chip = Chip()
    with engine_to(receiver, tmp_path, chip) as engine:
        reads = [a_read(track) for track in range(1, GROUP + 3)]
        for step in range(3):
            engine.observe(nv12_frame(), reads, FrameTime(step * 40_000_000, 10**18 + step))
        engine.start(live=False)
        engine.wait_for_room(1)
        engine.stop()
        kinds = [event.kind for event in engine.recent_events()]
    assert len(kinds) == len(reads)
    assert len(chip.asked) == len(reads) - GROUP
