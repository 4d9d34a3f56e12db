"""A recogniser of one's own behind the `Recogniser` protocol, run by `cammra-edge run`.

    cammra-edge listen &
    cammra-edge run examples/own_recogniser.py

An adapter is a class with a `read` method. This one stands for yours: it "recognises" the drawn scene by
knowing where its plates are, and, like many recognisers, it only finds plates: `PlateFollower` gives
them numbers that stay from frame to frame, `vehicle_around` guesses the vehicle.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, PlateRead, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.recogniser import PlateFollower, Recogniser, vehicle_around
from cammra_edge.recording.scene import Scene, SceneFrame

Frame = NDArray[np.uint8]


class SceneReader:
    """Reads plates of the drawn scene."""

    def __init__(self) -> None:
        self._follower = PlateFollower()

    def read(self, frame: SceneFrame, at: FrameTime) -> Sequence[PlateRead]:
        """Everything that can be read in one frame."""
        found = [(read.plate, read) for read in frame.reads if read.plate is not None]
        boxes = [box for box, _ in found]
        return [
            PlateRead(
                track=track,
                text=read.text,
                confidence=read.confidence,
                plate=box,
                vehicle=vehicle_around(box),
            )
            for track, (box, read) in zip(
                self._follower.follow(boxes, at.mono_ns), found, strict=True
            )
        ]


recogniser: Recogniser[SceneFrame] = SceneReader()

engine = Engine(
    profiles=[
        Profile(
            "receiver",
            HttpPost(os.environ.get("RECEIVER_URL", "http://127.0.0.1:8077/")),
            device_id="OWN-1",
            events={"reliable", "lost"},
            two_images=True,
        )
    ],
    frame_format=FrameFormat.RGB8,
)


def source() -> Iterator[tuple[Frame, Sequence[PlateRead], FrameTime]]:
    """What `cammra-edge run` plays: frame, reads and time, for as long as there are frames."""
    start = FrameTime(SYSTEM_CLOCK.mono_ns(), SYSTEM_CLOCK.utc_ns())
    for number, frame in zip(count(), Scene().frames(), strict=False):
        if number % 5 == 0:  # a slow recogniser: three frames a second
            at = FrameTime(start.mono_ns + frame.t_ns, start.utc_ns + frame.t_ns)
            yield np.asarray(frame.picture), recogniser.read(frame, at), at
