"""Best shots: an image shows what the text says, and memory has its bounds."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.config import OutboxSettings, Settings, TrackingSettings
from cammra_edge.errors import ImageError
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec
from cammra_edge.profile import HttpPost, Profile
from cammra_edge.recording import Recording
from cammra_edge.tracking import Tracker
from tests.native.streams import at_ms, read
from tests.recordings import recordings
from tests.shots import encoded

if TYPE_CHECKING:
    from cammra_edge.tracking import TrackEvent

WIDTH, HEIGHT = 640, 360
VEHICLE, PLATE = (100, 60, 320, 240), (200, 240, 96, 24)
SMALL = (160, 90)
ALL_IMAGES = tuple(ImageKind)


def settings_of(
    *kinds: ImageKind,
    frame_format: FrameFormat = FrameFormat.GRAY8,
    **rules: Any,  # noqa: ANN401 - any setting
) -> Settings:
    profiles = tuple(
        Profile(f"wants {kind}", HttpPost("http://127.0.0.1:1/"), image=kind, downsized_into=SMALL)
        for kind in kinds
    )
    return Settings(
        profiles=profiles,
        max_profiles=4,
        frame_format=frame_format,
        tracking=TrackingSettings(**rules),
        outbox=OutboxSettings(history_image=None),
    )


def shooting(*kinds: ImageKind, **rules: Any) -> Tracker:  # noqa: ANN401 - any setting
    return Tracker(settings_of(*kinds, **rules))


def frame(shade: int) -> memoryview:
    """A frame of one shade of grey."""
    return memoryview(bytearray([shade]) * (WIDTH * HEIGHT)).cast("B", (HEIGHT, WIDTH))


def shade_of(event: TrackEvent, kind: ImageKind = ImageKind.PLATE_CROP) -> int:
    """The shade of the event's image: which frame it was cut from."""
    image = pytest.importorskip("PIL.Image")
    assert event.shot is not None
    jpeg, width, height, _ = encoded(event.shot, kind)
    with image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == (width, height)
        shade: int = picture.convert("L").getpixel((width // 2, height // 2))
    return round(shade / 10) * 10


def see(
    tracker: Tracker,
    step: int,
    text: str | None,
    shade: int,
    **fields: Any,  # noqa: ANN401 - any field
) -> list[TrackEvent]:
    boxes = {"vehicle": VEHICLE, "plate": PLATE, **fields}
    return tracker.observe(frame(shade), [read(text, **boxes)], at_ms(40 * step))


def test_every_event_shows_the_frame_whose_read_is_the_reported_text() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    events = see(tracker, 0, "BAD1234", 20, confidence=0.9)
    for step in range(1, 8):
        events += see(tracker, step, "1AB1234", 100, confidence=0.7)
    events += see(tracker, 8, "9XX9999", 200, confidence=1.0)
    events += tracker.finish()
    shown = [(event.text, event.image_text, shade_of(event)) for event in events]
    assert shown[0] == ("BAD1234", "BAD1234", 20)
    assert shown[-1] == ("1AB1234", "1AB1234", 100)
    assert all(text == image_text for text, image_text, _ in shown)
    assert events[-1].image_utc_ns == at_ms(40).utc_ns
    assert (events[-1].vehicle_box, events[-1].plate_box) == (VEHICLE, PLATE)


def test_a_text_that_no_frame_gave_is_shown_by_the_nearest_and_says_so() -> None:
    tracker = shooting(ImageKind.PLATE_CROP, result_delay_s=1.0)
    texts = ["XB1234", "AX1234", "ABX234", "AB1X34", "AB12X4", "AB123X"]
    for step, text in enumerate(texts):
        see(tracker, step, text, 100)
    (new,) = [event for event in tracker.tick(at_ms(1000)) if event.kind == "new"]
    assert new.text == "AB1234"
    assert new.image_text in texts
    assert shade_of(new) == 100


def test_only_a_clearly_better_read_is_copied() -> None:
    tracker = shooting(ImageKind.VEHICLE_CROP)
    for step, confidence in enumerate([0.70, 0.74, 0.72, 0.75, 0.80, 0.84, 0.86]):
        see(tracker, step, "1AB1234", 10 * step + 10, confidence=confidence)
    assert tracker.counters()["shots_taken"] == 3
    assert shade_of(tracker.finish()[-1], ImageKind.VEHICLE_CROP) == 70


def test_a_whole_plate_is_preferred_to_one_over_the_edge() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    see(tracker, 0, "1AB1234", 50, confidence=0.8)
    see(tracker, 1, "1AB1234", 150, confidence=0.95, plate=(-20, 240, 96, 24))
    assert shade_of(tracker.finish()[-1]) == 50


def test_the_reported_text_always_finds_a_place() -> None:
    tracker = shooting(ImageKind.PLATE_CROP, shots_per_track=1)
    see(tracker, 0, "ZZZ9999", 20, confidence=1.0)
    for step in range(1, 12):
        see(tracker, step, "1AB1234", 100, confidence=0.6)
    lost = tracker.finish()[-1]
    assert (lost.text, lost.image_text, shade_of(lost)) == ("1AB1234", "1AB1234", 100)


def test_an_event_keeps_its_pixels_whatever_comes_after_it() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    (new,) = see(tracker, 0, "1AB1234", 50, confidence=0.3)
    for step in range(1, 6):
        see(tracker, step, "1AB1234", 200, confidence=0.3 + 0.1 * step)
    tracker.finish()
    assert shade_of(new) == 50


def test_without_a_frame_or_a_wish_there_is_no_shot_but_there_are_boxes() -> None:
    for tracker, picture in ((shooting(ImageKind.PLATE_CROP), None), (shooting(), frame(50))):
        (new,) = tracker.observe(picture, [read("1AB1234", vehicle=VEHICLE, plate=PLATE)], at_ms(0))
        assert new.shot is None
        assert (new.image_utc_ns, new.vehicle_box, new.plate_box) == (0, VEHICLE, PLATE)
        assert tracker.counters()["shot_bytes"] == 0


def test_new_wishes_hold_from_the_next_frame_on() -> None:
    tracker = shooting(ImageKind.PLATE_CROP)
    see(tracker, 0, "1AB1234", 50, confidence=0.9)
    tracker.apply(settings_of(ImageKind.FULL_FRAME))
    see(tracker, 1, "1AB1234", 100, confidence=0.2)
    assert shade_of(tracker.finish()[-1], ImageKind.FULL_FRAME) == 100


def test_a_missing_image_says_which_box_was_wrong() -> None:
    tracker = shooting(ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP)
    (new,) = see(tracker, 0, "1AB1234", 50, vehicle=(0, 0, -5, 5), plate=None)
    assert new.shot is not None
    with pytest.raises(ImageError, match=r"\[0, 0, -5, 5\]"):
        encoded(new.shot, ImageKind.VEHICLE_CROP)
    with pytest.raises(ImageError, match="no plate box"):
        encoded(new.shot, ImageKind.PLATE_CROP)


def fill(tracker: Tracker, vehicles: int) -> list[TrackEvent]:
    """Vehicles with rising certainty, one per frame."""
    events = []
    for track in range(vehicles):
        seen = read("1AB1234", track, confidence=0.5 + 0.01 * track, vehicle=VEHICLE, plate=PLATE)
        events += tracker.observe(frame(10 * track + 10), [seen], at_ms(track))
    return events


def images_of(event: TrackEvent) -> list[str]:
    """The kinds of image an event can still show."""
    assert event.shot is not None
    kept = []
    for kind in ImageKind:
        try:
            encoded(event.shot, kind, fit=SMALL if kind is ImageKind.DOWNSIZED_FRAME else None)
        except ImageError as error:
            assert "memory budget" in str(error)  # noqa: PT017 - the only reason there may be
        else:
            kept.append(kind.value)
    return kept


def test_over_the_budget_full_frames_go_first_and_plate_crops_last() -> None:
    budget = 2 << 20
    tracker = shooting(*ALL_IMAGES, shot_budget_bytes=budget, relink=False)
    fill(tracker, 12)
    counters = tracker.counters()
    assert counters["shot_bytes"] <= budget
    assert counters["shed_full_frames"] > 0
    assert counters["shed_plate_crops"] == 0
    lost = {event.track: images_of(event) for event in tracker.finish() if event.kind == "lost"}
    assert "full frame" not in lost[0]
    assert "downsized frame" in lost[0]
    assert "full frame" in lost[11]
    assert all("license plate crop" in kinds for kinds in lost.values())
    assert tracker.counters()["shot_bytes"] == 0


def test_the_budget_holds_however_many_vehicles_there_are() -> None:
    budget = 1 << 20
    tracker = shooting(*ALL_IMAGES, shot_budget_bytes=budget, max_tracks=64, relink=False)
    for track in range(200):
        seen = read("1AB1234", track, vehicle=VEHICLE, plate=PLATE)
        tracker.observe(frame(50), [seen], at_ms(track))
        assert tracker.counters()["shot_bytes"] <= budget
    counters = tracker.counters()
    assert counters["shed_full_frames"] > 0
    assert counters["shed_vehicle_crops"] > 0
    assert counters["open_tracks"] == 64


def test_pixels_are_let_go_with_their_vehicle() -> None:
    tracker = shooting(*ALL_IMAGES)
    fill(tracker, 5)
    assert tracker.counters()["shot_bytes"] > 0
    tracker.tick(at_ms(60_000))
    assert tracker.counters()["shot_bytes"] == 0


def test_the_largest_downsized_frame_that_a_profile_asks_for_is_kept() -> None:
    wide, high, off = (
        Profile(
            f"{size}",
            HttpPost("http://127.0.0.1:1/"),
            image=ImageKind.DOWNSIZED_FRAME,
            downsized_into=size,
            enabled=size != (WIDTH, HEIGHT),
        )
        for size in [(WIDTH // 2, 16), (32, HEIGHT // 4), (WIDTH, HEIGHT)]
    )
    tracker = Tracker(Settings(profiles=(wide, high, off), frame_format=FrameFormat.GRAY8))
    (event,) = tracker.observe(frame(50), [read("AAA111")], at_ms(0))
    assert event.shot is not None
    _, width, height, _ = encoded(event.shot, ImageKind.DOWNSIZED_FRAME, fit=(WIDTH, HEIGHT))
    assert (width, height) == (WIDTH // 4, HEIGHT // 4)


@pytest.mark.recordings
def test_the_toll_lanes_events_show_what_they_say() -> None:
    recording = Recording.open(recordings() / "toll-lane")
    tracker = Tracker(
        settings_of(ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP, frame_format=FrameFormat.JPEG)
    )
    events = []
    for seen in recording.frames():
        events += tracker.observe(seen.jpeg, seen.reads, seen.at)
    events += tracker.finish()
    for event in events:
        assert event.shot is not None
        assert event.image_text == event.text
        assert event.shot.frame_size == (recording.width, recording.height)
        jpeg, *_ = encoded(event.shot, ImageKind.PLATE_CROP)
        assert jpeg.startswith(b"\xff\xd8")


def test_what_the_memory_wants_is_kept_though_no_profile_asks_for_it() -> None:
    tracker = Tracker(replace(settings_of(), outbox=OutboxSettings()))
    (new,) = see(tracker, 0, "1AB1234", 50)
    assert shade_of(new, ImageKind.PLATE_CROP) == 50


def test_one_image_that_cannot_be_made_costs_no_other() -> None:
    tracker = shooting(ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP)
    (new,) = see(tracker, 0, "ABC1234", 100, vehicle=(600.0, 350.0, 900.0, 900.0), plate=None)
    assert new.shot is not None
    specs = [
        ImageSpec(kind=ImageKind.PLATE_CROP),
        ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=-1),
        ImageSpec(kind=ImageKind.VEHICLE_CROP, max_bytes=1),
        ImageSpec(kind=ImageKind.VEHICLE_CROP),
    ]
    *refused, made = new.shot.encode(specs)
    assert [type(one) for one in refused] == [ImageError] * 3
    assert ["plate" in str(refused[0]), "quality" in str(refused[1])] == [True, True]
    assert made == encoded(new.shot, ImageKind.VEHICLE_CROP)
    assert new.shot.encode([]) == []
