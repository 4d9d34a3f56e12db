"""What is told of real streams, beside what was told before there were rules for two vehicles of one track, for one
vehicle of two tracks, and for updates in quick succession.

Figures of then were taken with the tracker at 8e00bfe, default settings, by `tests/native/marked.py`.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations, pairwise

import pytest

from tests.native.marked import Told, Track, told_of, tracks_of
from tests.recordings import recordings
from tests.simulator.edits import edits
from tests.simulator.numbers import overlap

pytestmark = pytest.mark.recordings

REPEATS_THEN, REPEATS = 16, 2
"""Of 45 vehicles of `motorway`, those that had just been told."""
REPEAT_WITHIN_NS = 3_000_000_000
NEAR_EDITS = 2

CLOSE_THEN, CLOSE = 20 / 71, 0.02
"""Updates within 200 ms of the Update before."""
CLOSE_NS = 200_000_000

BY_AGREEMENT = 1 / 3

OFF_THEN = {1: 1, 2: 1}
"""Edits of the last texts of `toll-lane` from the plates, by track."""


@cache
def motorway(*, follow: bool = False) -> list[Told]:
    return told_of("motorway", follow=follow)


@cache
def tracks() -> dict[int, Track]:
    return tracks_of("motorway")


def repeats(told: list[Told]) -> int:
    """Vehicles that begin where one just was that had nearly the same text."""
    return sum(any(_is_again(one, before) for before in told) for one in told)


def _is_again(one: Told, before: Told) -> bool:
    new = one.events[0]
    if before.events[0].first_mono_ns >= new.first_mono_ns:
        return False
    texts = {event.text for event in before.events}
    if min(edits(event.text, text) for event in one.events for text in texts) > NEAR_EDITS:
        return False
    box = next(
        box
        for number in one.parts
        for read, box in zip(tracks()[number].reads, tracks()[number].boxes, strict=True)
        if read.mono_ns == new.first_mono_ns
    )
    seen = [tracks()[number].last_before(new.first_mono_ns) for number in before.parts]
    last_ns, last_box = max((one for one in seen if one), key=lambda one: one[0])
    is_near = box is not None and last_box is not None and overlap(box, last_box) > 0
    return is_near and new.first_mono_ns - last_ns <= REPEAT_WITHIN_NS


def test_a_vehicle_whose_track_breaks_is_told_once() -> None:
    assert repeats(motorway()) <= REPEATS < REPEATS_THEN


@pytest.mark.parametrize("follow", [False, True])
def test_no_two_plates_are_one_vehicle(follow: bool) -> None:  # noqa: FBT001 - a case
    for told in motorway(follow=follow):
        plates = {tracks()[number].plate for number in told.parts} - {None}
        for one, other in combinations(sorted(plate for plate in plates if plate), 2):
            assert edits(one, other) <= NEAR_EDITS, f"joined in vehicle {told.events[0].vehicle_no}"


def test_a_second_car_under_one_number_of_the_follower_has_its_own_events() -> None:
    by_text = {event.text: told for told in motorway(follow=True) for event in told.events}
    first, second = by_text["KH05ZZK"], by_text["FJ14ZHY"]
    assert first is not second
    for told, text in ((first, "KH05ZZK"), (second, "FJ14ZHY")):
        kinds = [event.kind for event in told.events if event.kind != "update"]
        assert kinds == ["new", "reliable", "lost"]
        assert told.events[-1].text == text


def test_a_third_is_reliable_by_agreement_and_rightly_so() -> None:
    """Right is what Lost says, too; the timer's are so less often."""
    kept: dict[bool, list[bool]] = {True: [], False: []}
    for told in motorway():
        reliable = next(event for event in told.events if event.kind == "reliable")
        is_agreed = getattr(reliable, "reliable_by", None) == "agreement"
        kept[is_agreed].append(reliable.text == told.events[-1].text)
    agreed, timed = kept[True], kept[False]
    assert len(agreed) >= BY_AGREEMENT * (len(agreed) + len(timed))
    assert sum(agreed) * len(timed) > sum(timed) * len(agreed)


def test_updates_do_not_follow_each_other_within_two_hundred_milliseconds() -> None:
    updates = close = 0
    for told in motorway():
        at_ns = [event.at_mono_ns for event in told.events if event.kind == "update"]
        updates += len(at_ns)
        close += sum(b - a < CLOSE_NS for a, b in pairwise(at_ns))
    assert close <= CLOSE * updates
    assert CLOSE < CLOSE_THEN


def test_the_last_texts_of_the_toll_lane_are_no_further_from_the_plates() -> None:
    truth: dict[str, str] = json.loads((recordings() / "toll-lane" / "truth.json").read_text())[
        "plates"
    ]
    told = told_of("toll-lane")
    found = {
        number: edits(one.events[-1].text, truth[str(number)])
        for one in told
        for number in one.parts
    }
    assert found.keys() == OFF_THEN.keys()
    assert all(found[number] <= then for number, then in OFF_THEN.items())
