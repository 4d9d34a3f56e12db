"""Feeding NV12 frames from a loop of one's own, as on a camera.

    cammra-edge listen &
    python examples/nv12_loop.py [http://127.0.0.1:8077/]

A camera hands out NV12: a plane of luma, then one of chroma at half the size, in one buffer. The engine
takes any buffer of that layout (a numpy array, or a memoryview of the camera's own memory), copies what
it needs and returns, so the loop may reuse the buffer at once.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile

WIDTH, HEIGHT, FPS = 1280, 720, 25


def camera_frames(count: int) -> Iterator[tuple[memoryview, list[PlateRead]]]:
    """Stands for the camera and its recogniser: a bright box with a plate drives down a grey road."""
    buffer = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)
    for number in range(count):
        luma, chroma = buffer[:HEIGHT], buffer[HEIGHT:]
        luma[:], chroma[:] = 90, 128
        top = 40 + 8 * number
        luma[top : top + 240, 500:820] = 160
        luma[top + 180 : top + 204, 600:720] = 230
        read = PlateRead(
            track=1,
            text="NV12 OK",
            confidence=0.94,
            vehicle=(500, top, 320, 240),
            plate=(600, top + 180, 120, 24),
            country="DEU",
        )
        yield buffer.data, [read]


def main(url: str) -> None:
    """Run the loop once."""
    engine = Engine(
        profiles=[
            Profile("receiver", HttpPost(url), device_id="NV12", events={"new", "reliable", "lost"})
        ],
        frame_format=FrameFormat.NV12,
        outbox=OutboxSettings(path=Path(gettempdir()) / "nv12-loop"),
    )
    with engine.running():
        for frame, reads in camera_frames(50):
            engine.observe(frame, reads, FrameTime(time.monotonic_ns(), time.time_ns()))
            time.sleep(1 / FPS)  # a real camera paces the loop by itself
        engine.finish()
        delivered = engine.drain(timeout_s=10)
    print("delivered" if delivered else "waits in the outbox for the receiver")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8077/")
