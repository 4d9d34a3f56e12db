"""Whose reads are these: what is one vehicle, and what begins another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import Direction
from cammra_edge.recogniser.follow import PlateFollower
from cammra_edge.recording import Recording
from tests.native.streams import at_ms, by_vehicle, lives, play, read, times, tracker_of
from tests.recordings import recordings

if TYPE_CHECKING:
    from cammra_edge.model import PlateRead
    from cammra_edge.tracking import Tracker, TrackEvent

CAR = (800.0, 300.0, 300.0, 200.0)
FAR_AWAY = (100.0, 900.0, 300.0, 200.0)


def counted(tracker: Tracker) -> dict[str, int]:
    names = ("vehicles", "taken_over", "rebound", "relinked", "unlinked")
    return {name: value for name, value in tracker.counters().items() if name in names and value}


def test_a_second_car_under_the_same_number_is_told_from_its_first_read_on() -> None:
    tracker = tracker_of()
    events = play(tracker, times("FIRST11", 20))
    events += play(tracker, times("SECOND22", 40, start_ms=1_900 + 600))
    events += tracker.finish()
    first, second = by_vehicle(events).values()
    assert {event.text for event in first} == {"FIRST11"}
    assert {event.text for event in second} == {"SECOND22"}
    assert (first[-1].kind, first[-1].at_mono_ns) == ("lost", at_ms(1_900).mono_ns)
    assert (second[0].kind, second[0].at_mono_ns) == ("new", at_ms(2_500).mono_ns)
    assert counted(tracker) == {"vehicles": 2, "taken_over": 1}


@pytest.mark.parametrize("count", [3, 10, 20, 50])
def test_three_reads_that_agree_are_enough_however_long_the_first_car_was_read(count: int) -> None:
    tracker = tracker_of()
    events = play(tracker, times("ABC123", count))
    events += play(tracker, times("XYZ789", 3, start_ms=100 * count))
    assert [e.text for e in events if e.kind == "new"] == ["ABC123", "XYZ789"]


def test_reads_that_do_not_agree_with_each_other_are_no_car() -> None:
    tracker = tracker_of()
    events = play(tracker, times("ABC1234", 10))
    for step, noise in enumerate(["7XY9999", "QQKW", "0000000", "MMMTTT8", "L9"]):
        events += play(tracker, times(noise, 1, start_ms=1_000 + 100 * step))
    events += tracker.finish()
    assert lives(events) == [("ABC1234", "ABC1234")]
    assert counted(tracker) == {"vehicles": 1}


def test_a_wrong_first_read_is_corrected_and_is_no_car() -> None:
    tracker = tracker_of()
    events = play(tracker, times("QQ77KW", 1))
    events += play(tracker, times("1AB1234", 20, start_ms=100))
    events += tracker.finish()
    assert lives(events) == [("QQ77KW", "1AB1234")]
    assert [e.at_mono_ns // 1_000_000 for e in events if "plate" in e.changed] == [300]


def test_a_plate_that_is_half_hidden_at_first_is_one_car() -> None:
    tracker = tracker_of()
    events = play(tracker, times("3A", 5)) + play(tracker, times("34A36837", 10, start_ms=500))
    assert lives(events + tracker.finish()) == [("3A", "34A36837")]


@pytest.mark.parametrize("texts", [("MA7X9A", "MAB1234A"), ("MAB1234A", "MA7X9A")])
def test_a_part_of_a_plate_that_is_hidden_for_long_is_the_same_car(texts: tuple[str, str]) -> None:
    tracker = tracker_of()
    events = play(tracker, times(texts[0], 10, vehicle=CAR))
    events += play(tracker, times(texts[1], 20, start_ms=1_000, vehicle=CAR))
    events += play(tracker, times("MAB1234A", 20, start_ms=3_000, vehicle=CAR))
    events += tracker.finish()
    assert lives(events) == [(texts[0], "MAB1234A")]
    assert counted(tracker) == {"vehicles": 1}


def test_short_noise_is_no_car_however_near_it_is_to_other_noise() -> None:
    tracker = tracker_of()
    for step, noise in enumerate(["QK", "7K", "QJ", "Q1", "7J", "WK"]):
        play(tracker, times(noise, 1, start_ms=40 * step, vehicle=CAR))
    events = play(tracker, times("1AB1234", 20, start_ms=240, every_ms=40, vehicle=CAR))
    events += tracker.finish()
    assert events[-1].text == "1AB1234"
    assert counted(tracker) == {"vehicles": 1}


def test_the_reads_of_a_car_that_takes_over_bring_their_attributes() -> None:
    tracker = tracker_of()
    events = play(tracker, times("FIRST11", 20, country="CZE"))
    events += play(tracker, times("SECOND22", 3, start_ms=2_500, country="DEU"))
    events += tracker.finish()
    _, second = by_vehicle(events).values()
    assert {event.attributes["country"] for event in second} == {"DEU"}


def test_never_taken_over_when_switched_off() -> None:
    tracker = tracker_of(takeover_reads=0)
    events = play(tracker, times("FIRST11", 5) + times("SECOND22", 40, start_ms=1_000))
    assert len(by_vehicle(events + tracker.finish())) == 1


def test_two_numbers_that_were_exchanged_are_bound_anew_and_nothing_is_said() -> None:
    tracker = tracker_of()
    left, right = (100.0, 300.0, 300.0, 200.0), (450.0, 300.0, 300.0, 200.0)
    frames: list[tuple[float, list[PlateRead]]] = []
    for step in range(40):
        one, two = (1, 2) if step < 15 else (2, 1)
        frames.append(
            (
                40 * step,
                [
                    read("AAA111", one, vehicle=left, direction=Direction.IN),
                    read("BBB222", two, vehicle=right, direction=Direction.IN),
                ],
            )
        )
    events = play(tracker, frames)
    assert [e.kind for e in events].count("new") == 2
    events += tracker.finish()
    assert lives(events) == [("AAA111", "AAA111"), ("BBB222", "BBB222")]
    assert counted(tracker) == {"vehicles": 2, "rebound": 1}
    assert [e.track for e in events if e.kind == "lost"] == [2, 1]


@pytest.mark.parametrize("is_read", [True, False])
def test_a_car_that_comes_out_from_behind_another_with_its_number_is_a_car_of_its_own(
    *, is_read: bool
) -> None:
    """The number goes to the one behind, and the one in front goes on under a new one; neither box jumps."""
    tracker = tracker_of()
    behind = (700.0, 250.0, 260.0, 170.0)
    events = play(tracker, times("LB68HNC", 10, every_ms=40, vehicle=CAR))
    for step in range(10):
        reads = [
            read("LB68KVZ" if is_read else None, 1, vehicle=behind),
            read("LB68HNC", 2, vehicle=CAR),
        ]
        events += play(tracker, [(400.0 + 40 * step, reads)])
    events += tracker.finish()
    told = [("LB68HNC", "LB68HNC"), ("LB68KVZ", "LB68KVZ")]
    assert lives(events) == (told if is_read else told[:1])
    assert counted(tracker) == {"vehicles": 1 + is_read, "relinked": 1}


def test_a_new_number_in_the_same_place_continues_whatever_a_far_plate_is_read_as() -> None:
    tracker = tracker_of()
    events = play(tracker, times("7X", 2, every_ms=40, vehicle=CAR))
    events += play(tracker, times("K3QV", 1, start_ms=240, track=2, vehicle=CAR, confidence=0.4))
    events += play(tracker, times("LB68HNC", 8, start_ms=280, every_ms=40, track=2, vehicle=CAR))
    events += tracker.finish()
    assert lives(events) == [("7X", "LB68HNC")]
    assert counted(tracker) == {"vehicles": 1, "relinked": 1}


def test_plates_one_edit_apart_are_two_cars_while_both_boxes_are_there() -> None:
    tracker = tracker_of()
    events = play(tracker, times("LB68HNC", 8, every_ms=40, vehicle=CAR))
    events += play(tracker, times("YS14KTD", 8, start_ms=320, track=2, vehicle=FAR_AWAY))
    for step in range(10):
        reads = [read(None, 1, vehicle=CAR), read("LB68HNO", 2, vehicle=(900.0, 900.0, 60.0, 40.0))]
        events += play(tracker, [(1_800.0 + 40 * step, reads)])
    events += tracker.finish()
    assert [last for _, last in lives(events)] == ["LB68HNC", "YS14KTD", "LB68HNO"]


def test_nonsense_of_half_a_second_in_one_box_makes_no_other_car() -> None:
    tracker = tracker_of()
    events = play(tracker, times("EFUU5BZ", 8, every_ms=40, vehicle=CAR))
    events += play(tracker, times("LB68HNC", 40, start_ms=320, every_ms=40, vehicle=CAR))
    events += tracker.finish()
    assert lives(events) == [("EFUU5BZ", "LB68HNC")]


def test_a_box_that_has_jumped_is_another_car_though_its_far_plate_is_read_ever_otherwise() -> None:
    tracker = tracker_of()
    events = play(tracker, times("LB68HNC", 20, every_ms=40, vehicle=CAR))
    for step, text in enumerate(("7X", "3KQ", "V1", "88M", "QQ4T", "ZD")):
        far = (900.0, 60.0 + step, 60.0, 40.0)
        events += play(tracker, [(800.0 + 40 * step, [read(text, vehicle=far)])])
    assert [e.kind for e in events if e.vehicle_no == 1][-1] == "lost"
    assert len(by_vehicle(events + tracker.finish())) == 2


def test_the_box_of_another_car_gives_no_direction() -> None:
    tracker = tracker_of()
    play(tracker, times("LB68HNC", 20, every_ms=40, vehicle=CAR))
    frames = [
        (800.0 + 40 * step, [read(None, vehicle=(100.0, 100.0 + 20 * step, 60.0, 40.0))])
        for step in range(20)
    ]
    events = play(tracker, frames) + tracker.finish()
    assert {event.direction for event in events if event.vehicle_no == 1} == {Direction.UNKNOWN}


def test_a_lorry_whose_two_plates_take_turns_is_one_vehicle_with_the_surer_plate() -> None:
    tracker = tracker_of()
    frames = []
    for step in range(80):
        text, confidence = ("LORRY11", 0.9) if step % 4 < 2 else ("TRAIL77", 0.4)
        frames += times(text, 1, start_ms=40 * step, vehicle=CAR, confidence=confidence)
    events = play(tracker, frames) + tracker.finish()
    assert lives(events) == [("LORRY11", "LORRY11")]
    assert counted(tracker) == {"vehicles": 1}


def test_a_near_plate_is_another_car_after_a_jump_of_the_box_only() -> None:
    for box, cars in [(CAR, 1), (FAR_AWAY, 2)]:
        tracker = tracker_of(relink=False)
        events = play(tracker, times("HN12345", 10, every_ms=40, vehicle=CAR))
        events += play(tracker, times("HN12567", 10, start_ms=400, every_ms=40, vehicle=box))
        assert len(lives(events + tracker.finish())) == cars


def test_three_last_reads_of_another_car_are_told_at_the_end() -> None:
    tracker = tracker_of()
    events = play(tracker, times("FIRST11", 20, every_ms=40, vehicle=CAR))
    events += play(tracker, times("SECOND22", 3, start_ms=800, every_ms=40, vehicle=CAR))
    assert len(by_vehicle(events)) == 1
    events += tracker.finish()
    assert lives(events) == [("FIRST11", "FIRST11"), ("SECOND22", "SECOND22")]


def driving(step: int) -> tuple[float, float, float, float]:
    return (800.0, 100.0 + 12 * step, 300.0, 200.0)


def test_a_car_whose_track_breaks_is_told_once() -> None:
    tracker = tracker_of()
    frames = [
        (40 * step, [read("1AB1234", 1 + step // 6, vehicle=driving(step))])
        for step in range(60)
        if step % 6 < 4
    ]
    events = play(tracker, frames) + tracker.finish()
    assert lives(events) == [("1AB1234", "1AB1234")]
    assert counted(tracker) == {"vehicles": 1, "relinked": 9}
    assert events[-1].track == 10


def test_without_relink_every_track_is_a_vehicle() -> None:
    tracker = tracker_of(relink=False)
    frames = [
        (40 * step, [read("1AB1234", 1 + step // 10, vehicle=driving(step))]) for step in range(30)
    ]
    assert len(by_vehicle(play(tracker, frames) + tracker.finish())) == 3


@pytest.mark.parametrize(
    ("text", "box", "after_ms", "vehicles"),
    [
        ("1AB1234", CAR, 1_500, 1),
        ("1AB1235", CAR, 1_500, 1),
        ("AB123", CAR, 1_500, 1),
        ("7XY9876", CAR, 500, 2),
        ("1AB1234", FAR_AWAY, 500, 2),
        ("1AB1234", CAR, 3_500, 2),
    ],
)
def test_a_new_number_continues_where_the_old_one_was_expected(
    text: str, box: tuple[float, float, float, float], after_ms: float, vehicles: int
) -> None:
    tracker = tracker_of()
    events = play(tracker, times("1AB1234", 5, vehicle=CAR))
    events += play(tracker, times(text, 5, start_ms=400 + after_ms, track=2, vehicle=box))
    assert len(by_vehicle(events + tracker.finish())) == vehicles


def test_a_tracker_that_starts_anew_in_a_queue_gives_every_car_its_own() -> None:
    tracker = tracker_of()
    places = [(800.0, 100.0 + 260 * at, 300.0, 200.0) for at in range(3)]
    texts = ["1AB1234", "1AB1243", "1AB1432"]
    frames = []
    for step in range(20):
        base = 10 if step >= 10 else 0
        row = list(enumerate(zip(texts, places, strict=True)))
        if base:
            row.reverse()
        frames.append(
            (
                100.0 * step,
                [
                    read(text, base + (2 - at if base else at), vehicle=place)
                    for at, (text, place) in row
                ],
            )
        )
    events = play(tracker, frames) + tracker.finish()
    assert lives(events) == [(text, text) for text in texts]
    assert counted(tracker) == {"vehicles": 3, "relinked": 3}


def test_two_numbers_that_are_seen_in_one_frame_after_all_are_two_vehicles() -> None:
    tracker = tracker_of()
    beside = (900.0, 320.0, 300.0, 200.0)
    events = play(tracker, times("1AB1234", 5, every_ms=40, vehicle=CAR))
    events += play(tracker, times("1AB1235", 2, start_ms=240, every_ms=40, track=2, vehicle=CAR))
    assert len(by_vehicle(events)) == 1
    both = [
        (320.0 + 40 * step, [read("1AB1234", vehicle=CAR), read("1AB1235", 2, vehicle=beside)])
        for step in range(5)
    ]
    events += play(tracker, both) + tracker.finish()
    assert lives(events) == [("1AB1234", "1AB1234"), ("1AB1235", "1AB1235")]
    assert counted(tracker) == {"vehicles": 2, "relinked": 1, "unlinked": 1}


def test_a_number_that_was_seen_beside_a_vehicle_never_continues_it() -> None:
    tracker = tracker_of()
    events = play(
        tracker,
        [
            (40.0 * step, [read("1AB1234", vehicle=CAR), read(None, 2, vehicle=CAR)])
            for step in range(5)
        ],
    )
    events += play(tracker, times("1AB1234", 5, start_ms=300, track=2, vehicle=CAR))
    assert len(by_vehicle(events + tracker.finish())) == 2


@pytest.mark.recordings
def test_no_car_of_the_motorway_is_swallowed_by_a_follower_of_plates() -> None:
    recording = Recording.open(recordings() / "motorway")
    tracker, follower = tracker_of((recording.width, recording.height)), PlateFollower()
    events: list[TrackEvent] = []
    for frame in recording.frames():
        seen = [(r, r.plate) for r in frame.reads if r.plate is not None]
        numbers = follower.follow([plate for _, plate in seen], frame.at.mono_ns)
        reads = [
            read(r.text, number, confidence=r.confidence, plate=plate)
            for number, (r, plate) in zip(numbers, seen, strict=True)
        ]
        events += tracker.observe(None, reads, frame.at)
    events += tracker.finish()
    own = [own for own in by_vehicle(events).values() if own[-1].text == "FJ14ZHY"]
    assert len(own) == 1
    kinds = [event.kind for event in own[0] if event.kind != "update"]
    assert kinds == ["new", "reliable", "lost"]
