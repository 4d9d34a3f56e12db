"""A real toll lane under heavy noise: the text comes near the truth, the crops land on the vehicles.

Boxes were marked by hand in a few frames of the recording.
"""

import io
import json
import re
from collections import Counter
from datetime import UTC, datetime
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cammra_edge.receiver import Arrival, Receiver
from cammra_edge.recording import RecordedFrame, Recording
from tests.end_to_end.playing import assert_told_in_order, by_vehicle, config, finished, start
from tests.recordings import recordings

pytestmark = [pytest.mark.recordings, pytest.mark.slow]

Box = tuple[float, float, float, float]

# Frames, and by eye the vehicle and the plate that is read there: the first car stands, the second drives.
MARKED: list[tuple[range, Box, Box]] = [
    (range(25), (376, 311, 512, 405), (454, 652, 121, 50)),
    (range(30, 45), (355, 325, 524, 391), (431, 663, 123, 54)),
    (range(104, 107), (503, 318, 317, 265), (556, 509, 58, 32)),
    (range(108, 111), (457, 320, 358, 277), (511, 525, 75, 31)),
    (range(118, 123), (327, 339, 450, 347), (381, 592, 94, 48)),
]
MARGIN = 0.08  # what a plate's crop shows around it, where nothing else is set
VEHICLE_OVERLAP, PLATE_OVERLAP = 0.6, 0.3


def _distance(one: str, other: str) -> int:
    """Edit distance, the plain way."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above = row
        row = [i]
        for j, b in enumerate(other, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


@pytest.fixture(scope="module")
def frames() -> list[RecordedFrame]:
    """The recording itself."""
    return list(Recording.open(recordings() / "toll-lane").frames())


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Arrival]:
    """What a receiver gets of it."""
    folder = tmp_path_factory.mktemp("toll-lane")
    with Receiver() as receiver:
        script = config(folder / "camera.py", receiver.http_url, outbox=folder / "outbox")
        words = [
            "replay",
            str(recordings() / "toll-lane"),
            "--config",
            str(script),
            "--speed",
            "max",
        ]
        finished(start(*words, cwd=folder))
        assert receiver.problems == []
        return receiver.events


def test_both_vehicles_are_told_in_order_with_pictures(events: list[Arrival]) -> None:
    assert_told_in_order(events)
    assert len(by_vehicle(events)) == 2
    for event in events:
        assert [picture.kind for picture in event.pictures] == ["vehicle", "plate"]


def test_the_text_is_nearer_to_the_truth_than_the_reads_are(
    events: list[Arrival], frames: list[RecordedFrame]
) -> None:
    truth = json.loads((recordings() / "toll-lane" / "truth.json").read_text())["plates"]
    vehicles = list(by_vehicle(events).values())
    for track, of_vehicle in zip((1, 2), vehicles, strict=True):
        wanted = truth[str(track)]
        reads = [
            read.text
            for frame in frames
            for read in frame.reads
            if read.track == track and read.text
        ]
        reported = _distance(of_vehicle[-1].plate, wanted)
        assert reported < median(_distance(read, wanted) for read in reads)
        assert reported < _distance(reads[-1], wanted)
        assert reported <= _distance(Counter(reads).most_common(1)[0][0], wanted)


def _frame_of(picture_name: str, frames: list[RecordedFrame]) -> int:
    """The frame that a picture was cut from, by the time in its name (local time, Berlin in summer)."""
    found = re.match(r"(\d{14})_(\d{1,6})", picture_name)
    assert found is not None
    at = datetime.strptime(found[1] + "+0200", "%Y%m%d%H%M%S%z").astimezone(UTC)
    at_us = int(at.timestamp()) * 1_000_000 + int(found[2])
    return min(range(len(frames)), key=lambda number: abs(frames[number].at.utc_ns // 1000 - at_us))


def test_every_crop_shows_the_place_of_its_frame_that_the_text_says(
    events: list[Arrival], frames: list[RecordedFrame]
) -> None:
    for event in events:
        number = _frame_of(event.pictures[0].name, frames)
        whole = Image.open(io.BytesIO(frames[number].jpeg or b"")).convert("RGB")
        for picture, box in zip(event.pictures, _shown(event), strict=True):
            there = np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("RGB"), np.int16)
            # A crop may begin a pixel before its box, where chroma is shared by two.
            differences = [
                _difference(whole, (box[0] - left, box[1] - up), there)
                for left in (0, 1)
                for up in (0, 1)
            ]
            assert min(differences) < 8


def _difference(whole: Image.Image, corner: tuple[float, float], there: NDArray[np.int16]) -> float:
    x, y = (round(side) for side in corner)
    height, width = there.shape[:2]
    here = np.asarray(whole.crop((x, y, x + width, y + height)), np.int16)
    return float(np.abs(here - there).mean())


def _shown(event: Arrival) -> list[Box]:
    """Where each picture lies in its frame: the vehicle crop from the two boxes of the plate, the plate itself."""
    plate, within = event.body["plateCoordinates"], event.body["plateCoordinatesRelative"]
    assert isinstance(plate, list)
    assert isinstance(within, list)
    vehicle, crop = event.pictures
    corner = (plate[0] - within[0], plate[1] - within[1])
    # The plate with its margin. A crop that keeps the camera's own bits begins at the edge of a coded block, and ends
    # with that box.
    across, down = (MARGIN * side for side in plate[2:])
    left = min(plate[0] - across, plate[0] + plate[2] + across - crop.width)
    up = min(plate[1] - down, plate[1] + plate[3] + down - crop.height)
    return [(*corner, vehicle.width, vehicle.height), (left, up, crop.width, crop.height)]


def test_crops_land_on_the_vehicles_and_plates_marked_by_hand(
    events: list[Arrival], frames: list[RecordedFrame]
) -> None:
    for event in events:
        number = _frame_of(event.pictures[0].name, frames)
        marks = [(vehicle, plate) for numbers, vehicle, plate in MARKED if number in numbers]
        assert len(marks) == 1, f"frame {number} is not marked yet: look at it, and mark it"
        shown_vehicle, shown_plate = _shown(event)
        assert _overlap(shown_vehicle, marks[0][0]) >= VEHICLE_OVERLAP
        assert _overlap(shown_plate, marks[0][1]) >= PLATE_OVERLAP
