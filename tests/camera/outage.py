"""A drawn film whose pictures say their number, and a camera that goes away and comes back while it is watched.

Held are the promises of a live source as `test_outage.py` (at once, no wall time) and `make soak` (by the clock) ask
for them: what was seen wholly between two gaps is reported once, and nothing of it is lost.
"""

from __future__ import annotations

import io
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image
from tools.video.serving import free_port, rtsp_server

from cammra_edge import Engine, HttpPost, OutboxSettings, Profile
from cammra_edge.camera import VideoSource
from cammra_edge.model import EventKind, FrameTime, PlateRead
from cammra_edge.receiver import Receiver
from tests.camera.films import ffmpeg

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cammra_edge.model import Box
    from cammra_edge.receiver import Arrival

FPS = 25
WIDTH, HEIGHT = 320, 240
_BITS, _BLOCK = 16, 20
EVERY, STAYS = 100, 60
"""A vehicle comes each so many pictures, and is there for so many."""
_COLOURS = ((200, 40, 40), (40, 170, 60), (50, 80, 210), (210, 200, 50), (200, 60, 190))
_ROAD = 110
_PATIENCE_S = 60.0


def draw_numbered(path: Path, pictures: int) -> Path:
    """A film of H.264, a key picture a second."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.gop_size = FPS
        for number in range(pictures):
            frame = av.VideoFrame.from_ndarray(_picture(number), format="rgb24")
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def plate_of(vehicle: int) -> str:
    return f"AB{vehicle:03d}"


def colour_of(vehicle: int) -> int:
    """The number of a vehicle's colour."""
    return vehicle % len(_COLOURS)


def vehicle_in(number: int) -> tuple[int, Box] | None:
    """Which vehicle is in a picture, and where."""
    vehicle, step = divmod(number, EVERY)
    return (vehicle, (120, 40 + 2 * step, 80, 60)) if step < STAYS else None


def nearest_colour(jpeg: bytes) -> int:
    """Which of the colours a picture of a vehicle shows."""
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), dtype=np.int32)
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
    return int(np.argmin([np.abs(middle - colour).sum() for colour in _COLOURS]))


def number_of(frame: NDArray[np.uint8]) -> int:
    """The number that a picture says."""
    middles = frame[_BLOCK // 2, _BLOCK // 2 :: _BLOCK, 1][:_BITS]
    return sum(1 << bit for bit, level in enumerate(middles) if level > 128)


def _picture(number: int) -> NDArray[np.uint8]:
    picture = np.full((HEIGHT, WIDTH, 3), _ROAD, np.uint8)
    for bit in range(_BITS):
        picture[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 * (number >> bit & 1)
    if there := vehicle_in(number):
        vehicle, (x, y, width, height) = there
        picture[int(y) : int(y + height), int(x) : int(x + width)] = _COLOURS[colour_of(vehicle)]
    return picture


class NumberReader:
    """A recogniser of such films; knows what it has read, and when."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self._takes_s = takes_s
        self._changed = threading.Condition()
        self.read_at_s: list[tuple[int, float]] = []

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
        assert at.mono_ns
        number = number_of(frame)
        with self._changed:
            self.read_at_s.append((number, time.monotonic()))
            self._changed.notify_all()
        if self._takes_s:
            time.sleep(self._takes_s)
        there = vehicle_in(number)
        if there is None:
            return []
        vehicle, (x, y, width, height) = there
        plate = (x + 20, y + 40, 40, 10)
        return [
            PlateRead(
                track=vehicle + 1,
                text=plate_of(vehicle),
                confidence=0.9,
                plate=plate,
                vehicle=(x, y, width, height),
            )
        ]

    def wait_for(self, number: int) -> None:
        """Until this picture or a later one was read."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: bool(self.read_at_s) and self.read_at_s[-1][0] >= number, _PATIENCE_S
            )
        assert came, f"picture {number} never came"


@dataclass(slots=True)
class Watched:
    """What came of it."""

    events: list[Arrival]
    problems: list[str]
    missing_packets: int
    numbers: list[list[int]]
    """What was read of each part, between the gaps."""
    back_after_s: list[float] = field(default_factory=list)
    """From the server's return to the first picture that was read."""

    def seen_wholly(self) -> set[int]:
        """Vehicles read before they came, thrice at least, and after they had gone, without a gap."""
        seen = set()
        for part in self.numbers:
            for vehicle in range(part[0] // EVERY + 1, part[-1] // EVERY + 1):
                first, last = vehicle * EVERY, vehicle * EVERY + STAYS
                reads = sum(first <= number < last for number in part)
                if part[0] < first and part[-1] >= last and reads >= 3:
                    seen.add(vehicle)
        return seen

    def wrong(self) -> list[str]:
        """What does not hold."""
        wrong = list(self.problems)
        of_plate: dict[str, list[Arrival]] = defaultdict(list)
        for event in self.events:
            of_plate[event.plate].append(event)
        for vehicle in sorted(self.seen_wholly()):
            events = of_plate.get(plate_of(vehicle), [])
            kinds = [event.kind for event in events]
            counts = [kinds.count(kind) for kind in ("new", "reliable", "lost")]
            if counts != [1, 1, 1]:
                wrong.append(f"{plate_of(vehicle)}: {kinds}")
            shown = {nearest_colour(event.pictures[0].jpeg) for event in events if event.pictures}
            if shown != {colour_of(vehicle)}:
                wrong.append(f"{plate_of(vehicle)}: pictures show {shown}")
        if self.missing_packets:
            wrong.append(f"{self.missing_packets} packet numbers are missing")
        return wrong


def watch(folder: Path, parts: Sequence[tuple[int, int]], gap_s: float) -> Watched:
    """Watch a film of which a camera sends these parts, each from a key picture, and is away in between."""
    film = draw_numbered(folder / "film.mp4", parts[-1][1] + 2 * FPS)
    port = free_port()
    reader = NumberReader()
    came_back_s: list[float] = []
    failed: list[Exception] = []

    def serve() -> None:
        try:
            for number, (begins, ends) in enumerate(parts):
                if number:
                    time.sleep(gap_s)
                with rtsp_server(_from(film, begins), port):
                    came_back_s.append(time.monotonic())
                    reader.wait_for(ends)
        except Exception as error:  # noqa: BLE001 - raised again where the test is
            failed.append(error)
            source._reader.stop()

    source = VideoSource(f"rtsp://127.0.0.1:{port}/film", reader)
    server = threading.Thread(target=serve, daemon=True)
    with Receiver() as receiver:
        engine = Engine(
            profiles=[
                Profile(
                    "all",
                    HttpPost(receiver.http_url),
                    device_id="OUTAGE",
                    events=frozenset(EventKind),
                )
            ],
            outbox=OutboxSettings(path=folder / "outbox"),
            frame_format=source.frame_format,
        )
        with engine.running(local_socket=False):
            server.start()
            for frame, reads, at in source:
                engine.observe(frame, reads, at)
                if failed or reader.read_at_s[-1][0] >= parts[-1][1]:
                    break
            server.join(_PATIENCE_S)
            engine.finish()
            assert engine.drain(_PATIENCE_S)
        if failed:
            raise failed[0]
        numbers = _parted([number for number, _ in reader.read_at_s], parts)
        first_s = dict(reversed(reader.read_at_s))
        back_after_s = [
            first_s[part[0]] - back_s for part, back_s in zip(numbers, came_back_s, strict=True)
        ]
        return Watched(
            list(receiver.events),
            list(receiver.problems),
            receiver.missing_packets,
            numbers,
            back_after_s[1:],
        )


def _from(film: Path, picture: int) -> Path:
    """The film from this key picture on."""
    if not picture:
        return film
    part = film.with_name(f"from-{picture}.mp4")
    ffmpeg("-ss", f"{picture / FPS:g}", "-i", str(film), "-c", "copy", str(part))
    return part


def _parted(numbers: list[int], parts: Sequence[tuple[int, int]]) -> list[list[int]]:
    """What was read of each part; a part's pictures come before those of the next one."""
    assert all(earlier < later for earlier, later in pairwise(numbers)), "never back"
    begins = [begin - FPS for begin, _ in parts[1:]] + [1 << _BITS]
    told, left = [], numbers
    for end in begins:
        told.append([number for number in left if number < end])
        left = left[len(told[-1]) :]
    assert all(told), "each part was watched"
    return told
