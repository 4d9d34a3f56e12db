"""Which frame of a vehicle an event shows: the exact read first, then the tallest and surest, then the sharpest."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import ImageError
from cammra_edge.model import ImageKind
from tests.budget import examples
from tests.native.streams import at_ms, read
from tests.native.test_tracking_shots import (
    HEIGHT,
    PLATE,
    VEHICLE,
    WIDTH,
    frame,
    see,
    settings_of,
    shade_of,
    shooting,
)
from tests.shots import encoded

if TYPE_CHECKING:
    from cammra_edge.model import Box
    from cammra_edge.tracking import Tracker, TrackEvent

SHARP = bytes(40 if x // 4 % 2 else 200 for x in range(WIDTH)) * HEIGHT
BLURRED = bytes(100 if x // 4 % 2 else 140 for x in range(WIDTH)) * HEIGHT


def shown(event: TrackEvent) -> Box:
    """The part of the frame that the plate's picture shows."""
    assert event.shot is not None
    return encoded(event.shot, ImageKind.PLATE_CROP)[3]


def misread(truth: str, chance: random.Random) -> str:
    """A read of a plate by a noisy recogniser: nearly every one is another text."""
    chars = list(truth)
    for _ in range(chance.choice((0, 1, 1, 1))):
        at = chance.randrange(len(chars))
        chars[at : at + 1] = chance.choice(([], [chance.choice("0123456789ABCDEF")]))
    return "".join(chars) or truth


@pytest.mark.parametrize("places", [2, 3])
def test_whatever_text_is_reported_its_own_frame_is_shown_if_there_was_one(places: int) -> None:
    updates = 0
    for seed in range(examples(400)):
        chance = random.Random(seed)  # noqa: S311 - a test
        tracker = shooting(ImageKind.PLATE_CROP, shots_per_track=places)
        seen: set[str] = set()
        for step in range(40):
            text = misread("EE7039", chance)
            seen.add(text)
            events = see(tracker, step, text, 50, confidence=chance.uniform(0.3, 0.99))
            events += tracker.finish() if step == 39 else []
            updates += len(events)
            for event in events:
                assert event.image_text == event.text or event.text not in seen, (seed, step)
    assert updates > examples(400) * 3


def test_a_taller_plate_is_shown_before_a_surer_one() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    see(tracker, 0, "1AB1234", 50, confidence=0.95, plate=(200, 200, 240, 58))
    see(tracker, 1, "1AB1234", 150, confidence=0.9, plate=(200, 200, 290, 72))
    see(tracker, 2, "1AB1234", 200, confidence=0.99, plate=(200, 200, 240, 60))
    lost = tracker.finish()[-1]
    assert (shade_of(lost), lost.plate_box) == (150, (200, 200, 290, 72))


def test_what_was_reported_keeps_its_picture_for_when_it_comes_back() -> None:
    tracker = shooting(ImageKind.PLATE_CROP, shots_per_track=1, update_interval_s=0.0)
    events = see(tracker, 0, "1AB1234", 50)
    step = 1
    for text, shade, times in (("1AB1284", 100, 6), ("1AB1238", 150, 1), ("1AB7234", 160, 1)):
        for _ in range(times):
            events += see(tracker, step, text, shade)
            step += 1
    for _ in range(12):
        # A frame without its picture: the vehicle's own earlier one is shown.
        events += tracker.observe(
            None, [read("1AB1234", vehicle=VEHICLE, plate=PLATE)], at_ms(40 * step)
        )
        step += 1
    events += tracker.finish()
    texts = [event.text for event in events if event.kind in ("new", "update")]
    assert texts[:3] == ["1AB1234", "1AB1284", "1AB1234"]
    assert all(event.image_text == event.text for event in events)
    assert shade_of(events[-1]) == 50


def striped(tracker: Tracker, step: int, text: str, pixels: bytes) -> list[TrackEvent]:
    picture = memoryview(pixels).cast("B", (HEIGHT, WIDTH))
    seen = read(text, vehicle=VEHICLE, plate=PLATE)
    return tracker.observe(picture, [seen], at_ms(40 * step))


@pytest.mark.parametrize("sharp_at", range(3))
def test_of_frames_that_are_equally_near_and_good_the_sharpest_is_shown(sharp_at: int) -> None:
    tracker = shooting(ImageKind.PLATE_CROP, result_delay_s=1.0, shots_per_track=3)
    texts = ["XB1234", "AX1234", "ABX234"]
    for step, text in enumerate(texts):
        striped(tracker, step, text, SHARP if step == sharp_at else BLURRED)
    for step, text in enumerate(["AB1X34", "AB12X4", "AB123X"], start=3):
        tracker.observe(None, [read(text, plate=PLATE)], at_ms(40 * step))
    (new,) = [event for event in tracker.tick(at_ms(1000)) if event.kind == "new"]
    assert (new.text, new.image_text) == ("AB1234", texts[sharp_at])


def test_a_plates_crop_has_a_margin_on_each_side() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    (new,) = see(tracker, 0, "1AB1234", 50)
    assert shown(new) == (192, 238, 112, 28)
    assert new.plate_box == PLATE


@pytest.mark.parametrize(
    ("margin", "plate", "shows"),
    [
        (0.0, PLATE, PLATE),
        (0.5, PLATE, (152, 228, 192, 48)),
        (0.08, (0, 336, 96, 24), (0, 334, 104, 26)),
        (1.0, (600, 0, 96, 24), (504, 0, 136, 48)),
    ],
)
def test_the_margin_is_a_setting_and_the_frame_cuts_it_off(
    margin: float, plate: Box, shows: Box
) -> None:
    tracker = shooting(ImageKind.PLATE_CROP, plate_margin=margin)
    (new,) = see(tracker, 0, "1AB1234", 50, plate=plate)
    assert shown(new) == shows


def test_the_margin_of_a_plate_in_a_vehicle_crop_is_cut_from_that_or_copied() -> None:
    tracker = shooting(ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP)
    (inside,) = see(tracker, 0, "1AB1234", 50)
    (beyond,) = tracker.observe(
        frame(50), [read("9XX9999", 2, vehicle=(10, 10, 60, 50), plate=(12, 38, 56, 22))], at_ms(10)
    )
    assert shown(inside) == (192, 238, 112, 28)
    assert shown(beyond) == (8, 36, 64, 26)


def test_a_plate_outside_the_frame_is_not_made_visible_by_its_margin() -> None:
    tracker = shooting(ImageKind.PLATE_CROP, plate_margin=1.0)
    (new,) = see(tracker, 0, "1AB1234", 50, plate=(WIDTH + 20, 100, 96, 24))
    assert new.shot is not None
    with pytest.raises(ImageError, match="outside"):
        encoded(new.shot, ImageKind.PLATE_CROP)


def test_another_margin_holds_from_the_next_frame_on() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    see(tracker, 0, "1AB1234", 50, confidence=0.9)
    tracker.apply(settings_of(ImageKind.PLATE_CROP, plate_margin=0.5))
    see(tracker, 1, "1AB1234", 100, confidence=0.2)
    assert shown(tracker.finish()[-1]) == (152, 228, 192, 48)
