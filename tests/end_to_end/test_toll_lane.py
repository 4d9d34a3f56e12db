"""A real toll lane: the pictures that arrive show the vehicle and the plate, judged against boxes marked by hand."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from cammra_edge import Engine, Event, FrameFormat, HttpPost, OutboxSettings, Profile
from cammra_edge.model import ImageKind, Rect
from cammra_edge.receiver import Arrival, Receiver
from cammra_edge.recording import Recording
from tests.recordings import recordings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.recordings]

PATIENCE_S = 120.0

# Marked by eye on a grid of 100 pixels, some pixels true: frame, vehicle, plate. The tracker that made the
# recording's boxes is noisy itself, hence the modest overlaps asked for below.
MARKED = {
    0: (Rect(378, 325, 513, 394), Rect(457, 654, 118, 49)),
    35: (Rect(369, 329, 517, 390), Rect(443, 661, 119, 49)),
    105: (Rect(501, 319, 320, 264), Rect(554, 509, 61, 32)),
    109: (Rect(459, 323, 353, 272), Rect(510, 527, 75, 33)),
}
LEAST_VEHICLE_OVERLAP = 0.6
LEAST_PLATE_OVERLAP = 0.5


def overlap(one: Rect, other: Rect) -> float:
    """Intersection over union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(0, width) * max(0, height)
    return both / (one.width * one.height + other.width * other.height - both)


Told = tuple[list[tuple[Event, Arrival]], dict[int, int], dict[int, bytes]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The events beside what arrived of each, the frame number of each time, and the frames."""
    recording = Recording.open(recordings() / "toll-lane")
    folder: Path = tmp_path_factory.mktemp("toll-lane")
    numbers: dict[int, int] = {}
    frames: dict[int, bytes] = {}
    with Receiver() as receiver:
        engine = Engine(
            profiles=[
                Profile(
                    "vms",
                    HttpPost(receiver.http_url),
                    events={"new", "reliable", "update", "lost"},
                    two_images=True,
                )
            ],
            frame_format=FrameFormat.JPEG,
            frame_size=(recording.width, recording.height),
            outbox=OutboxSettings(path=folder / "outbox.db"),
            stream_id=recording.stream_id(),
        )
        with engine.running(live=False):
            for number, (frame, reads, at) in enumerate(recording.frames()):
                numbers[at.utc_ns] = number
                if frame is not None:
                    frames[number] = frame
                engine.observe(frame, reads, at)
                engine.wait_for_room()
            engine.finish()
            assert engine.drain(PATIENCE_S)
        assert receiver.problems == []
        by_id = {arrival.event_id: arrival for arrival in receiver.events}
    pairs = [(event, by_id[event.event_id]) for event in engine.recent_events()]
    return pairs, numbers, frames


def test_each_vehicle_tells_its_whole_story_with_both_pictures(told: Told) -> None:
    pairs, _, _ = told
    for vehicle_no in (1, 2):
        kinds = [event.kind.value for event, _ in pairs if event.vehicle_no == vehicle_no]
        assert kinds[0] == "new"
        assert kinds[-1] == "lost"
        assert kinds.count("reliable") == 1
    assert all(len(arrival.pictures) == 2 for _, arrival in pairs)


def test_every_picture_is_cut_from_the_frame_whose_read_is_reported(told: Told) -> None:
    """Each JPEG looks like the frame of that time at the place it claims to show."""
    pairs, numbers, frames = told
    for event, arrival in pairs:
        assert event.image_text == event.plate.text
        frame = np.asarray(Image.open(io.BytesIO(frames[numbers[event.image_utc_ns]])).convert("L"))
        for ref, picture in zip(event.images, arrival.pictures, strict=True):
            shows = ref.shows
            got = np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("L"))
            place = np.s_[shows.y : shows.y + shows.height, shows.x : shows.x + shows.width]
            difference = np.abs(frame[place].astype(int) - got.astype(int)).mean()
            assert difference < 4.0, (event.ordinal, ref.spec.kind, difference)


def test_the_crops_land_on_the_vehicle_and_on_its_plate(told: Told) -> None:
    pairs, numbers, _ = told
    judged = set()
    for event, _ in pairs:
        marked = MARKED.get(numbers[event.image_utc_ns])
        if marked is None:
            continue
        shown = {ref.spec.kind: ref.shows for ref in event.images}
        vehicle, plate = marked
        assert overlap(shown[ImageKind.VEHICLE_CROP], vehicle) >= LEAST_VEHICLE_OVERLAP
        if numbers[event.image_utc_ns] != 105:  # there the other vehicle hides a third of the plate
            assert overlap(shown[ImageKind.PLATE_CROP], plate) >= LEAST_PLATE_OVERLAP
        judged.add((event.vehicle_no, event.kind.value))
    assert {(1, "new"), (1, "lost"), (2, "new"), (2, "reliable"), (2, "lost")} <= judged
