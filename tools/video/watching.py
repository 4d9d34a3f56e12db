"""Watches a stream as a site would: `VideoSource`, RapidOCR, an engine, and a receiver."""

from __future__ import annotations

import io
import math
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cammra_edge import Engine, HttpPost, OutboxSettings, Profile
from cammra_edge.camera import VideoSource
from cammra_edge.cli.commands.demo import wrong_with
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.model import Device, EventKind, FrameTime
from cammra_edge.plates import file_token
from cammra_edge.recogniser.rapid_ocr import RapidOcr
from cammra_edge.recording.scene import VISITS, Scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cammra_edge.camera import SourceStatus
    from cammra_edge.model import PlateRead
    from cammra_edge.receiver import Arrival, Receiver

ROAD = (0.0, 0.42, 1.0, 0.58)
"""Where plates are large enough to be read."""
_WAIT_S = 60.0
_JPEG_QUALITY = 90
_NS_PER_S = 1_000_000_000
_TYPICAL, _TRIALS = 66, 3
"""A frame with two vehicles that can be read, and how often it is read to measure how long that takes."""


class Watcher:
    """A recogniser that keeps the picture with the most plates, for the sheet."""

    def __init__(self) -> None:
        self._ocr = RapidOcr(regions=[ROAD])
        self._most = 0
        self._best: NDArray[np.uint8] | None = None

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
        """As RapidOCR does."""
        reads = self._ocr.read(frame, at)
        if len(reads) > self._most:
            self._most, self._best = len(reads), frame
        return reads

    def read_s(self) -> float:
        """How long it takes here to read one picture of the scene."""
        frame = next(islice(Scene().frames(), _TYPICAL, None))
        pixels = np.ascontiguousarray(np.asarray(frame.picture)[:, :, ::-1])
        began_ns = SYSTEM_CLOCK.mono_ns()
        for number in range(_TRIALS):
            self._ocr.read(pixels, FrameTime(number, 0))
        return (SYSTEM_CLOCK.mono_ns() - began_ns) / _NS_PER_S / _TRIALS

    def picture(self) -> bytes | None:
        """The kept one as JPEG."""
        if self._best is None:
            return None
        out = io.BytesIO()
        rgb = np.ascontiguousarray(self._best[:, :, ::-1])
        Image.fromarray(rgb).save(out, "JPEG", quality=_JPEG_QUALITY)
        return out.getvalue()


def watch(
    address: str,
    watcher: Watcher,
    receiver: Receiver,
    outbox: Path,
    *,
    most_s: float = math.inf,
) -> SourceStatus:
    """Watch a stream of the drawn film, and wait until the receiver has everything.

    Args:
        address: Of the stream, or the film's path.
        watcher: Reads plates.
        receiver: Is sent every event over HTTP.
        outbox: Where events wait.
        most_s: After so much of a stream it is enough; by default it is watched to its end.
    """
    source = VideoSource(address, watcher)
    engine = Engine(
        device=Device(serial="B8A44F960ACE", model="cammra_edge run-video", ip="127.0.0.1"),
        profiles=[
            Profile(
                "barrier",
                HttpPost(receiver.http_url),
                device_id="GATE-1",
                events=frozenset(EventKind),
                two_images=True,
            )
        ],
        outbox=OutboxSettings(path=outbox),
        frame_format=source.frame_format,
    )
    with engine.running(live=source.is_live, local_socket=False):
        began_ns = None
        for frame, reads, at in source:
            began_ns = at.mono_ns if began_ns is None else began_ns
            passed_s = (at.mono_ns - began_ns) / _NS_PER_S
            if passed_s > most_s:
                break
            engine.observe(frame, reads, at)
            if not source.is_live:
                engine.wait_for_room()
        status = source.status()
        engine.finish()
        engine.drain(_WAIT_S)
    return status


def missing(receiver: Receiver) -> list[str]:
    """What a receiver of the whole film should have and has not, and what is wrong with what it has."""
    wrong = list(receiver.problems)
    of_vehicle: dict[str, list[Arrival]] = defaultdict(list)
    for event in receiver.events:
        of_vehicle[event.car_id].append(event)
    came = sorted(events[-1].plate for events in of_vehicle.values())
    drawn = {file_token(visit.look.text): visit for visit in VISITS}
    if came != sorted(drawn):
        wrong.append(f"{', '.join(came)} came, and {', '.join(sorted(drawn))} were drawn")
    for events in of_vehicle.values():
        plate = events[-1].plate
        way = drawn[plate].direction if plate in drawn else events[-1].direction
        wrong += wrong_with(events, plate, way)
    if receiver.missing_packets:
        wrong.append(f"{receiver.missing_packets} packet numbers are missing")
    return wrong
