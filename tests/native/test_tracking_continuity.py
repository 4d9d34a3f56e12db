"""Is it still the same vehicle? What place, speed and growth tell where texts tell nothing, or too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.native.streams import by_vehicle, counted, lives, play, read, times, tracker_of

if TYPE_CHECKING:
    from cammra_edge.model import Box

CAR = (800.0, 300.0, 300.0, 200.0)
FAR_AWAY = (100.0, 900.0, 300.0, 200.0)


def nearing(ms: float) -> Box:
    """A car that comes nearer: its box, and its speed, double in 0.6 s."""
    size = 100.0 * 2 ** (ms / 600)
    return (500.0 + 2 * size, 100.0 + 3 * size, size, 0.8 * size)


def test_a_car_that_comes_nearer_unseen_is_expected_further_on_and_larger() -> None:
    tracker = tracker_of()
    frames = [(40.0 * step, [read("1AB1234", vehicle=nearing(40 * step))]) for step in range(12)]
    seen_ms, back_ms = frames[-1][0], 440 + 800
    assert nearing(back_ms)[2] > 2 * nearing(seen_ms)[2]
    frames += [
        (back_ms + 40.0 * step, [read("1AB1234", 2, vehicle=nearing(back_ms + 40 * step))])
        for step in range(3)
    ]
    assert lives(play(tracker, frames) + tracker.finish()) == [("1AB1234", "1AB1234")]


def test_a_lorry_whose_other_plate_is_read_first_after_its_track_broke_is_told_once() -> None:
    tracker = tracker_of()
    texts = ["FIRST11"] * 6 + ["SECOND22"] * 2 + ["FIRST11"] * 6
    frames = [
        (40.0 * step, [read(text, 1 + (step >= 6), vehicle=nearing(40 * step))])
        for step, text in enumerate(texts)
        if step not in {4, 5}
    ]
    assert lives(play(tracker, frames) + tracker.finish()) == [("FIRST11", "FIRST11")]
    assert counted(tracker, "relinked") == [1]


def test_a_plate_that_has_been_read_beside_the_own_one_continues_the_lorry() -> None:
    tracker = tracker_of()
    events = play(tracker, times("FIRST11", 10, every_ms=40, vehicle=CAR))
    events += play(tracker, times("SECOND22", 2, start_ms=400, every_ms=40, vehicle=CAR))
    beside = (900.0, 300.0, 300.0, 200.0)
    events += play(
        tracker, times("SECOND22", 2, start_ms=700, every_ms=40, track=2, vehicle=beside)
    )
    events += play(tracker, times("FIRST11", 5, start_ms=800, every_ms=40, track=2, vehicle=beside))
    assert lives(events + tracker.finish()) == [("FIRST11", "FIRST11")]


def test_one_read_of_a_motorcycle_under_a_number_is_no_part_of_the_third_vehicle_there() -> None:
    tracker = tracker_of()
    events = play(tracker, times("FIRST11", 20, every_ms=40, vehicle=CAR))
    events += play(
        tracker, times("SECOND22", 1, start_ms=1_500, vehicle=FAR_AWAY, plate=(0, 0, 200, 72))
    )
    events += play(
        tracker,
        times("THIRD333", 20, start_ms=3_000, every_ms=40, vehicle=CAR, plate=(0, 0, 40, 12)),
    )
    events += tracker.finish()
    assert lives(events) == [("FIRST11", "FIRST11"), ("THIRD333", "THIRD333")]
    assert events[-1].confidence == pytest.approx(0.9)


def test_the_last_reads_of_a_car_are_told_though_a_third_one_has_its_number_next() -> None:
    tracker = tracker_of()
    events = play(tracker, times("FIRST11", 20, every_ms=40, vehicle=CAR))
    events += play(tracker, times("SECOND22", 4, start_ms=800, every_ms=40, vehicle=CAR))
    events += play(tracker, times("THIRD333", 10, start_ms=1_000, every_ms=40, vehicle=FAR_AWAY))
    assert lives(events + tracker.finish()) == [
        ("FIRST11", "FIRST11"),
        ("SECOND22", "SECOND22"),
        ("THIRD333", "THIRD333"),
    ]


def test_a_part_of_both_plates_is_of_the_car_that_is_there_after_a_jump() -> None:
    tracker = tracker_of()
    events = play(tracker, times("KH68MRB", 20, every_ms=40, vehicle=CAR))
    texts = ["KH68", "KH68UPF", "KH68UPF", "KH68", "KH68UPF", "KH68UPF", "KH68UPF"]
    for step, text in enumerate(texts):
        events += play(tracker, times(text, 1, start_ms=1_000 + 40 * step, vehicle=FAR_AWAY))
    assert lives(events + tracker.finish()) == [("KH68MRB", "KH68MRB"), ("KH68UPF", "KH68UPF")]


def test_a_gap_makes_no_longer_step_of_a_body_whose_speed_is_known() -> None:
    tracker = tracker_of()
    events = play(tracker, times("KN05TVE", 20, every_ms=40, vehicle=CAR))
    elsewhere = (1_250.0, 300.0, 300.0, 200.0)
    events += play(tracker, times("KN05XIJ", 10, start_ms=1_600, every_ms=40, vehicle=elsewhere))
    assert lives(events + tracker.finish()) == [("KN05TVE", "KN05TVE"), ("KN05XIJ", "KN05XIJ")]


NOISE = ["EB27", "IO7O7BM", "VI27", "TMZJ", "9HW2", "GB2K1Y", "KHU", "2527", "UIF2HSC", "EB27",
         "GB2T", "EO27Z", "3Z27", "89S", "RB277", "8A", "M0YT", "5PZGBHU", "GCVC7B", "J8R"]  # fmt: skip


@pytest.mark.parametrize("breaks", [False, True])
def test_far_noise_in_one_box_is_corrected_by_the_plate(breaks: bool) -> None:  # noqa: FBT001 - a case
    tracker = tracker_of()
    far, near = (0, 0, 50, 15), (0, 0, 130, 40)
    events = []
    for step, text in enumerate(NOISE):
        events += play(
            tracker,
            times(text, 1, start_ms=80 * step, vehicle=CAR, plate=far, confidence=0.35),
        )
    events += play(
        tracker,
        times(
            "RX14KLM", 20, start_ms=1_700, every_ms=80, vehicle=CAR, plate=near, track=1 + breaks
        ),
    )
    own = by_vehicle(events + tracker.finish())
    assert [one[-1].text for one in own.values()] == ["RX14KLM"]


def test_a_plate_near_that_of_a_car_that_has_left_is_no_sign_of_exchanged_numbers() -> None:
    tracker = tracker_of()
    gone, here = (1_500.0, 800.0, 300.0, 200.0), (200.0, 100.0, 300.0, 200.0)
    events = play(tracker, times("HZ3055", 10, every_ms=40, vehicle=gone))
    events += play(tracker, times("QQKW", 2, start_ms=1_000, every_ms=40, track=2, vehicle=here))
    events += play(tracker, times("HZ3855", 10, start_ms=1_080, every_ms=40, track=2, vehicle=here))
    events += tracker.finish()
    assert lives(events) == [("HZ3055", "HZ3055"), ("QQKW", "HZ3855")]
    assert counted(tracker, "rebound") == [0]


@pytest.mark.parametrize(("confidence", "vehicles"), [(0.4, 1), (0.9, 2)])
def test_a_single_unsure_read_is_no_evidence_against_the_same_car(
    confidence: float, vehicles: int
) -> None:
    tracker = tracker_of()
    events = play(tracker, times("BPANJD", 1, vehicle=CAR, confidence=confidence))
    onward = (860.0, 400.0, 330.0, 220.0)
    events += play(
        tracker,
        times("CRUONX", 2, start_ms=300, track=2, vehicle=onward, confidence=confidence),
    )
    assert len(by_vehicle(events + tracker.finish())) == vehicles
