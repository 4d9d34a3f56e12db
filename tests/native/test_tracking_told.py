"""What an event tells beside its values: the text before, other texts, first and last read."""

from __future__ import annotations

import pytest

from tests.native.streams import EPOCH_NS, MS_NS, at_ms, read, tracker_of


def test_an_update_of_the_plate_names_the_text_before_and_no_other_event_does() -> None:
    tracker = tracker_of(update_interval_s=0)
    texts = ["1A81234", *["1AB1234"] * 9, *["1AB1235"] * 40]
    events = []
    for step, text in enumerate(texts):
        events += tracker.observe(None, [read(text)], at_ms(40 * step))
    events += tracker.finish()
    updates = [event for event in events if "plate" in event.changed]
    assert [(event.previous_text, event.text) for event in updates] == [
        ("1A81234", "1AB1234"),
        ("1AB1234", "1AB1235"),
    ]
    assert {event.previous_text for event in events if "plate" not in event.changed} == {""}


def test_each_event_names_the_texts_that_its_plate_may_have_the_told_one_first() -> None:
    tracker = tracker_of()
    events = []
    for step, text in enumerate(["1AB1234", "1AB1284", "1AB1234", "1AB1284", "1AB1234"]):
        events += tracker.observe(None, [read(text)], at_ms(40 * step))
    events += tracker.finish()
    assert events[0].candidates == [("1AB1234", 1.0)]
    for event in events:
        assert event.candidates[0][0] == event.text
    texts, supports = zip(*events[-1].candidates, strict=True)
    assert texts == ("1AB1234", "1AB1284")
    assert supports == pytest.approx((0.76, 0.64), abs=1e-3)  # three, and two that are one off


def test_a_vehicle_without_a_plate_has_no_candidates() -> None:
    tracker = tracker_of(vehicles_without_plate=True)
    events = tracker.observe(None, [read(None, vehicle=(100, 100, 200, 100))], at_ms(0))
    events += tracker.finish()
    assert [event.candidates for event in events] == [[], [], []]


def test_no_event_names_more_than_four_texts() -> None:
    tracker = tracker_of()
    events = []
    for step in range(12):
        events += tracker.observe(None, [read(f"1AB123{step % 6}")], at_ms(40 * step))
    events += tracker.finish()
    assert max(len(event.candidates) for event in events) == 4


def test_events_tell_when_their_vehicle_was_read_first_and_last() -> None:
    tracker = tracker_of()
    events = []
    for ms in (0, 40, 2_000, 2_040):
        events += tracker.observe(None, [read("1AB1234")], at_ms(ms))
    events += tracker.tick(at_ms(13_000))
    new, reliable, lost = (
        ((event.first_utc_ns - EPOCH_NS) // MS_NS, (event.last_utc_ns - EPOCH_NS) // MS_NS)
        for event in events
        if event.kind != "update"
    )
    assert (new, reliable, lost) == ((0, 0), (0, 40), (0, 2_040))
