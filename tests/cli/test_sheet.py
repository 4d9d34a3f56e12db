"""What `cli.sheet` promises: every event has its card with its picture, whatever the texts say."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cammra_edge.cli.sheet import draw_sheet, write_sheet
from cammra_edge.receiver import Arrival, Picture, Way
from tests.receiver.samples import PLATE, body, encoded, jpeg

RED = (200, 30, 40)


def _red_picture() -> bytes:

    out = io.BytesIO()
    Image.new("RGB", (160, 120), RED).save(out, "JPEG", quality=95)
    return out.getvalue()


def _arrival(number: int, kind: str = "update", car: int = 1, **changes: object) -> Arrival:
    members = body(carState=kind, carID=str(car), packetCounter=str(number), **changes)
    pictures = (
        Picture("a.jpg", "vehicle", _red_picture(), "image", 160, 120),
        Picture("b.jpg", "plate", PLATE, "image2", 32, 8),
    )
    return Arrival(
        number=number,
        way=Way.MULTIPART,
        peer="p",
        at_utc_ns=0,
        raw=encoded(members),
        body=members,
        pictures=pictures,
    )


def _red_areas(sheet: Image.Image) -> int:
    """Pixels of the event's picture on the sheet."""
    distance = np.abs(np.asarray(sheet, np.int16) - np.array(RED, np.int16)).sum(axis=2)
    return int((distance < 30).sum())


def test_every_event_shows_its_picture() -> None:
    one = draw_sheet([_arrival(1, "new")], None, "Title", ["* new a line", "and more"])
    three = draw_sheet([_arrival(1, "new"), _arrival(2), _arrival(3, "lost")], None, "Title", [])
    assert _red_areas(one) > 15_000
    assert _red_areas(three) == pytest.approx(3 * _red_areas(one), rel=0.02)


def test_a_long_story_takes_more_rows_and_a_further_vehicle_one_more() -> None:
    short = draw_sheet([_arrival(1)], None, "Title", [])
    long = draw_sheet([_arrival(number) for number in range(1, 9)], None, "Title", [])
    two = draw_sheet([_arrival(1), _arrival(2, car=2)], None, "Title", [])
    assert long.height == two.height > short.height
    assert long.width == short.width


def test_texts_from_outside_are_drawn_whatever_they_say() -> None:
    strange = _arrival(
        1,
        "\x1b[2J",
        plateUTF8="京PL3N67 \u202e" + "W" * 60,
        plateConfidence="9.0",
        vehicle_info={"make": "é" * 80},
    )
    assert draw_sheet([strange], None, "Title", []).height > 300


def test_events_without_pictures_say_so() -> None:
    arrival = _arrival(1)
    bare = Arrival(
        **{name: getattr(arrival, name) for name in Arrival.__slots__ if name != "pictures"}
    )
    assert _red_areas(draw_sheet([bare], None, "Title", [])) < 100


def test_the_file_is_small_enough_for_a_repository(tmp_path: Path) -> None:
    arrivals = [_arrival(number, car=1 + number // 5) for number in range(1, 25)]
    write_sheet(
        tmp_path / "new" / "sheet.png",
        draw_sheet(arrivals, jpeg(1280, 720), "Title", ["* lost a line"]),
    )
    assert (tmp_path / "new" / "sheet.png").stat().st_size < 600_000
    with Image.open(tmp_path / "new" / "sheet.png") as sheet:
        assert sheet.width == 1700
