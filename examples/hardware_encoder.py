"""A JPEG encoder of one's own, such as a processor's hardware, in place of the package's.

    cammra-edge listen &
    cammra-edge run examples/hardware_encoder.py

An encoder is a function that gets the pixels of one image as NV12 and answers with its JPEG. This one goes through
PyAV (extra `camera`) by the name of an FFmpeg encoder: `mjpeg`, which is software and stands for yours, or the name in
ENCODER. Whatever it does wrong, its events go out with images that the package has made, and an alarm says so.
"""

import os
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange

from cammra_edge import (
    Engine,
    FrameFormat,
    FrameTime,
    HttpPost,
    Nv12,
    OutboxSettings,
    PlateRead,
    Profile,
)
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.model import Rect

ENCODER = os.environ.get("ENCODER", "mjpeg")
WIDTH, HEIGHT = 1280, 720


def encode(frame: Nv12, box: Rect, quality: int) -> bytes:
    """One whole JPEG of the box, which lies in the frame's upper left corner."""
    luma = np.frombuffer(frame.y, np.uint8).reshape(frame.height, frame.stride)
    chroma = np.frombuffer(frame.uv, np.uint8).reshape(frame.height // 2, frame.stride)
    pixels = np.concatenate(
        [luma[: box.height, : box.width], chroma[: box.height // 2, : box.width]]
    )
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="nv12")
    picture.color_range = ColorRange.JPEG  # the planes are of full range
    chip = av.CodecContext.create(ENCODER, "w")
    if not isinstance(chip, VideoCodecContext):
        raise TypeError(f"{ENCODER} makes no pictures")
    chip.width, chip.height, chip.pix_fmt = box.width, box.height, "yuvj420p"
    chip.time_base = Fraction(1, 25)
    scale = str(max(2, (100 - quality) // 3))  # FFmpeg's quality counts from 2, the best, to 31
    chip.options = {"qmin": scale, "qmax": scale}
    packets = [*chip.encode(picture.reformat(format="yuvj420p")), *chip.encode(None)]
    return b"".join(map(bytes, packets))


engine = Engine(
    profiles=[
        Profile(
            "receiver",
            HttpPost(os.environ.get("RECEIVER_URL", "http://127.0.0.1:8077/")),
            device_id="CHIP-1",
            events={"new", "lost"},
        )
    ],
    frame_format=FrameFormat.NV12,
    outbox=OutboxSettings(path="hardware-outbox"),
    image_encoder=encode,
)


def source() -> Iterator[tuple[memoryview, list[PlateRead], FrameTime]]:
    """Stands for a camera and its recogniser: one vehicle drives by."""
    buffer = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    start = FrameTime(SYSTEM_CLOCK.mono_ns(), SYSTEM_CLOCK.utc_ns())
    for number in range(10):
        top = 40 + 8 * number
        buffer[:HEIGHT] = 90
        buffer[top : top + 240, 500:820] = 160
        read = PlateRead(
            track=1,
            text="CHIP 1",
            confidence=0.94,
            vehicle=(500, top, 320, 240),
            plate=(600, top + 180, 120, 24),
        )
        passed_ns = number * 40_000_000
        yield buffer.data, [read], FrameTime(start.mono_ns + passed_ns, start.utc_ns + passed_ns)
