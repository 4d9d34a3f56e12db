"""JPEG frames as cameras make them: what costs no pixel is mended, what costs some is refused, for all images alike.

The judge is OpenCV, on another libjpeg-turbo than ours: a frame that it decodes to the very pixels of the sound frame
is one that viewers show, so none of our images of it may be missing; Pillow decodes strictly what was made.
"""

from __future__ import annotations

import io
import random
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from cammra_edge.errors import FrameError
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec
from cammra_edge.recording import Recording
from tests.budget import examples
from tests.native.pictures import jpeg_of, photo
from tests.recordings import recordings

if TYPE_CHECKING:
    from collections.abc import Callable

BOX = (20, 30, 60, 40)
SPECS = [
    ImageSpec(kind=ImageKind.VEHICLE_CROP),
    ImageSpec(kind=ImageKind.PLATE_CROP, quality=80),
    ImageSpec(kind=ImageKind.FULL_FRAME),
    ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, fit=(60, 60)),
]
SOS, EOI = b"\xff\xda", b"\xff\xd9"


def outcome(frame: bytes) -> list[bytes] | str:
    """All four images, or why there is none: never some of them."""
    images, reasons = [], set()
    for spec in SPECS:
        try:
            images.append(encode_image(frame, FrameFormat.JPEG, spec, BOX).jpeg)
        except FrameError as error:
            reasons.add(str(error))
    assert (len(images), len(reasons)) in {(0, 1), (len(SPECS), 0)}, (reasons, len(images))
    return images or reasons.pop()


def shown(frame: bytes) -> np.ndarray | None:
    """What viewers show of it, as it is stored: damaged or not. One takes what another does not."""
    as_stored = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(frame, np.uint8), as_stored)
    return pixels if pixels is not None else _shown_by_pillow(frame)


def _shown_by_pillow(frame: bytes) -> np.ndarray | None:
    with patch.object(ImageFile, "LOAD_TRUNCATED_IMAGES", new=True):
        try:
            with Image.open(io.BytesIO(frame)) as picture:
                return np.asarray(picture.convert("RGB"))[:, :, ::-1]
        except (OSError, ValueError, SyntaxError):
            return None


def strictly_shown(frame: bytes) -> np.ndarray:
    pixels = shown(frame)
    assert pixels is not None
    return pixels


def strictly(frame: bytes | str) -> np.ndarray:
    assert isinstance(frame, bytes), frame
    with Image.open(io.BytesIO(frame)) as picture:
        return np.asarray(picture)


def scan_of(frame: bytes) -> int:
    """Where the entropy-coded bytes begin."""
    at = frame.index(SOS)
    return at + 2 + int.from_bytes(frame[at + 2 : at + 4])


def restarts(frame: bytes) -> list[int]:
    at = scan_of(frame)
    return [
        i for i in range(at, len(frame) - 1) if frame[i] == 0xFF and 0xD0 <= frame[i + 1] <= 0xD7
    ]


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = exif.tobytes()
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2) + data


def _turned(frame: bytes, orientation: int) -> bytes:
    return frame[:2] + _exif(orientation) + frame[2:]


def _with_restart(frame: bytes, number: int, instead: bytes) -> bytes:
    at = restarts(frame)[number]
    return frame[:at] + instead + frame[at + 2 :]


PLAIN = jpeg_of(photo(120, 88))
RESTARTED = jpeg_of(photo(120, 88), restart_marker_rows=1)
PROGRESSIVE = jpeg_of(photo(120, 88), progressive=True)
GREY = jpeg_of(photo(120, 88)[:, :, 0])
HARMLESS: dict[str, Callable[[bytes], bytes]] = {
    "a second SOI": lambda frame: frame[:2] + frame,
    "a third SOI": lambda frame: frame[:2] * 2 + frame,
    "stray bytes in the header": lambda frame: frame[:2] + b"\x00\x17\x00" + frame[2:],
    "a byte short": lambda frame: frame[:-1],
    "without EOI": lambda frame: frame[:-2],
    "zeros after it": lambda frame: frame + bytes(700),
    "zeros before EOI": lambda frame: frame[:-2] + bytes(40) + EOI,
    "a few bytes before EOI": lambda frame: frame[:-2] + b"\x12\x34\x56" + EOI,
    "EOI twice": lambda frame: frame + EOI,
    "fill bytes before EOI": lambda frame: frame[:-2] + b"\xff\xff\xff" + EOI,
    "another segment after the scan": lambda frame: frame[:-2] + b"\xff\xfe\x00\x05abc" + EOI,
    **{f"EXIF orientation {value}": partial(_turned, orientation=value) for value in range(1, 9)},
}
"""What costs no pixel."""
SHOWN_BY_FEW = {"a second SOI", "a third SOI", "stray bytes in the header"}
"""Which cameras send all the same (libjpeg-turbo's issue 157)."""


@pytest.mark.parametrize("frame", [PLAIN, RESTARTED, PROGRESSIVE, GREY])
@pytest.mark.parametrize("name", HARMLESS)
def test_what_costs_no_pixel_is_mended_for_every_image(name: str, frame: bytes) -> None:
    odd = HARMLESS[name](frame)
    if frame is PROGRESSIVE and name in {"a byte short", "without EOI"}:
        assert "EOI" in str(outcome(odd)), "nobody can tell whether the last scan has come"
        return
    if name not in SHOWN_BY_FEW:
        pixels = shown(odd)
        assert pixels is not None
        assert (pixels == shown(frame)).all()
    images, sound = outcome(odd), outcome(frame)
    assert not isinstance(images, str), images
    assert not isinstance(sound, str)
    for image, wanted in zip(images, sound, strict=True):
        assert (strictly(image) == strictly(wanted)).all()
        assert Image.open(io.BytesIO(image)).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("marker", range(0xD0, 0xD8))
def test_restart_markers_are_numbered_anew(number: int, marker: int) -> None:
    odd = _with_restart(RESTARTED, number, bytes([0xFF, marker]))
    assert outcome(odd) == outcome(RESTARTED)


def test_a_restart_marker_that_is_doubled_or_has_stray_bytes_before_it() -> None:
    at = restarts(RESTARTED)[2]
    twice = RESTARTED[:at] + RESTARTED[at : at + 2] + RESTARTED[at:]
    stray = RESTARTED[:at] + b"\x55\x55" + RESTARTED[at:]
    for odd in (twice, stray):
        assert outcome(odd) == outcome(RESTARTED)


def _announced(frame: bytes) -> bytes:
    """Restart markers that the header announces and nobody wrote."""
    at = frame.index(SOS)
    return frame[:at] + b"\xff\xdd\x00\x04\x00\x08" + frame[at:]


DAMAGED: dict[str, bytes] = {
    "cut in the scan": PLAIN[: len(PLAIN) * 2 // 3],
    "cut in the scan, ended": PLAIN[: len(PLAIN) * 2 // 3] + EOI,
    "cut in the scan, padded": PLAIN[: len(PLAIN) * 2 // 3] + bytes(500) + EOI,
    "announced restart markers": _announced(PLAIN),
    "a restart marker missing": _with_restart(RESTARTED, 2, b""),
    "an interval missing": RESTARTED[: restarts(RESTARTED)[1]]
    + RESTARTED[restarts(RESTARTED)[2] :],
    "the scan's middle missing": PLAIN[: len(PLAIN) // 2] + PLAIN[len(PLAIN) // 2 + 300 :],
    "a progressive frame, cut": PROGRESSIVE[: len(PROGRESSIVE) // 2],
    "grey, cut": GREY[: len(GREY) // 2] + EOI,
    "nothing after the header": PLAIN[: scan_of(PLAIN)],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_costs_pixels_is_refused_for_every_image(name: str) -> None:
    why = outcome(DAMAGED[name])
    assert isinstance(why, str)
    assert "not a usable JPEG" in why


def _markers(frame: bytes) -> list[int]:
    return [i for i in range(len(frame) - 1) if frame[i] == 0xFF and frame[i + 1] not in (0, 0xFF)]


def _flipped(frame: bytes, draw: random.Random) -> bytes:
    odd = bytearray(frame)
    for _ in range(draw.randint(1, 3)):
        odd[draw.randrange(2, len(odd))] ^= 1 << draw.randrange(8)
    return bytes(odd)


def _at_a_marker(
    frame: bytes, draw: random.Random, take: int, put: Callable[[bytes], bytes]
) -> bytes:
    at = draw.choice(_markers(frame))
    return frame[:at] + put(frame[at : at + 2]) + frame[at + take :]


def _without_table(frame: bytes, draw: random.Random) -> bytes:
    at = frame.find(draw.choice([b"\xff\xc4", b"\xff\xdb"]))
    return (
        frame if at < 0 else frame[:at] + frame[at + 2 + int.from_bytes(frame[at + 2 : at + 4]) :]
    )


def _in_frame_header(frame: bytes, offset: int, value: int) -> bytes:
    at = frame.index(b"\xff\xc0") + offset
    return frame[:at] + bytes([value]) + frame[at + 1 :]


CHANGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": lambda frame, draw: frame[: draw.randrange(2, len(frame))],
    "flip": _flipped,
    "double": lambda frame, draw: _at_a_marker(frame, draw, 0, lambda marker: marker),
    "drop": lambda frame, draw: _at_a_marker(frame, draw, 2, lambda _: b""),
    "renumber": lambda frame, draw: _at_a_marker(
        frame, draw, 2, lambda _: bytes([0xFF, draw.randrange(0xC0, 0xF0)])
    ),
    "insert": lambda frame, draw: _at_a_marker(
        frame, draw, 0, lambda _: draw.randbytes(draw.randint(1, 3))
    ),
    "table": _without_table,
    "no end": lambda frame, draw: frame[: -draw.randint(1, 2)],
    "arithmetic": lambda frame, _: _in_frame_header(frame, 1, 0xC9),
    "12 bit": lambda frame, _: _in_frame_header(frame, 4, 12),
}
"""One thing of a frame changed, as links, memory cards and encoders do."""


@pytest.mark.parametrize("name", ["street", "toll-lane"])
def test_frames_of_cameras_damaged_at_random_have_one_verdict(name: str) -> None:
    draw = random.Random(name)  # noqa: S311 - the same changes each time
    frames = [
        bytes(entry.jpeg)
        for entry in islice(Recording.open(recordings() / name).frames(), 3)
        if entry.jpeg is not None
    ]
    for number in range(examples(120)):
        frame = frames[number % len(frames)]
        how = list(CHANGES)[number % len(CHANGES)]
        odd = CHANGES[how](frame, draw)
        images = outcome(odd)
        pixels, wanted = shown(odd), shown(frame)
        assert wanted is not None
        is_same = (
            pixels is not None and pixels.shape == wanted.shape and bool((pixels == wanted).all())
        )
        if isinstance(images, str):
            assert not is_same, f"{number} {how}: refused, though nothing of it is lost: {images}"
            continue
        for image in images:
            strictly(image)
        if how in {"cut", "no end", "double", "insert"}:
            assert np.array_equal(strictly_shown(images[2]), wanted), (
                f"{number} {how}: part of it is lost"
            )
