"""What becomes of input that is wrong: defined, counted, never a panic, and nothing else is lost by it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.errors import ConfigError, FrameError, ReadError
from cammra_edge.model import Direction, FrameTime, PlateRead, VehicleInfo
from tests.budget import examples
from tests.native.streams import at_ms, counted, read, told, tracker_of

BOX = (100, 100, 50, 20)


def test_time_that_steps_back_is_the_latest_time_seen() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111", 1)], at_ms(5000))
    late = tracker.observe(None, [read("BBB222", 2)], at_ms(3000))
    assert told(late) == [("new", 5000.0, "BBB222", "unknown")]
    assert late[0].at_utc_ns == at_ms(3000).utc_ns
    assert counted(tracker, "late_frames", "clock_restarts") == [1, 0]
    assert [e.at_mono_ns for e in tracker.tick(at_ms(6000))] == [at_ms(6000).mono_ns] * 2


def test_a_clock_that_starts_anew_goes_on_from_where_it_was() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], at_ms(100_000))
    tracker.observe(None, [read("AAA111")], at_ms(0))
    assert counted(tracker, "late_frames", "clock_restarts") == [0, 1]
    assert tracker.next_deadline_mono_ns() == at_ms(1000).mono_ns
    assert [e.kind for e in tracker.tick(at_ms(1000))] == ["reliable"]
    assert [e.kind for e in tracker.tick(at_ms(10_001))] == ["lost"]


def test_a_frame_that_only_timers_have_overtaken_is_in_order() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111", 1)], at_ms(0))
    tracker.tick(at_ms(1000))
    (new,) = tracker.observe(None, [read("BBB222", 2)], at_ms(700))
    assert new.at_mono_ns == at_ms(1000).mono_ns, "events stay in the order of their moments"
    tracker.tick(at_ms(20_000))
    tracker.observe(None, [read("BBB222", 2)], at_ms(800))
    assert counted(tracker, "late_frames", "clock_restarts") == [0, 0]
    tracker.observe(None, [], at_ms(750))
    assert counted(tracker, "late_frames", "clock_restarts") == [1, 0]


def test_the_wall_clock_may_jump() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], FrameTime(0, 0))
    tracker.observe(None, [read("AAA111")], FrameTime(40_000_000, 10**18))
    (reliable,) = tracker.tick(FrameTime(1_000_000_000, 0))
    assert (reliable.first_utc_ns, reliable.at_utc_ns) == (0, 10**18 + 960_000_000)


@pytest.mark.parametrize("mono_ns", [-(2**63), 2**63 - 1])
def test_the_ends_of_time_are_no_panic(mono_ns: int) -> None:
    tracker = tracker_of()
    for at in (FrameTime(0, 0), FrameTime(mono_ns, mono_ns), FrameTime(5, 5)):
        tracker.observe(None, [read("AAA111", vehicle=BOX)], at)
        tracker.next_deadline_mono_ns()
    assert [e.kind for e in tracker.finish()][-1] == "lost"


def test_a_track_id_is_a_new_vehicle_after_its_lost() -> None:
    tracker = tracker_of()
    tracker.observe(None, [read("AAA111")], at_ms(0))
    events = tracker.observe(None, [read("BBB222")], at_ms(60_000))
    assert [(e.kind, e.vehicle_no, e.text) for e in events] == [
        ("reliable", 1, "AAA111"),
        ("lost", 1, "AAA111"),
        ("new", 2, "BBB222"),
    ]
    assert events[-1].track == 1


def test_of_duplicates_in_a_frame_the_most_confident_text_counts() -> None:
    tracker = tracker_of()
    reads = [
        read("BAD111", confidence=0.3),
        read(None, confidence=1.0),
        read("OTHER1", track=2),
        read("GOOD11", confidence=0.8),
        read("NAN111", confidence=math.nan),
    ]
    events = tracker.observe(None, reads, at_ms(0))
    assert [(e.track, e.text, e.reads) for e in events] == [(2, "OTHER1", 1), (1, "GOOD11", 1)]
    assert counted(tracker, "duplicate_reads", "reads", "corrected_confidences") == [3, 5, 0]


@pytest.mark.parametrize("text", ["", "   ", "\t\r\n", None])
def test_a_text_without_characters_is_no_text(text: str | None) -> None:
    tracker = tracker_of()
    assert tracker.observe(None, [read(text)], at_ms(0)) == []
    assert tracker.counters()["open_tracks"] == 0


@pytest.mark.parametrize(
    ("confidence", "taken", "corrected"),
    [
        (0.0, 0.0, 0),
        (1.0, 1.0, 0),
        (-0.5, 0.0, 1),
        (7, 0.0, 1),
        (31.0, 0.0, 1),
        (math.nan, 0.0, 1),
        (math.inf, 0.0, 1),
        (None, 0.0, 0),
    ],
)
def test_a_read_counts_without_a_confidence_outside_its_range(
    confidence: float, taken: float, corrected: int
) -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AAA111", confidence=confidence)], at_ms(0))
    assert new.confidence == taken
    assert counted(tracker, "corrected_confidences") == [corrected]


def test_percent_makes_nothing_certain_and_is_below_the_least_confidence() -> None:
    tracker = tracker_of(min_confidence=0.6)
    assert tracker.observe(None, [read("AAA111", confidence=31.0)], at_ms(0)) == []
    assert counted(tracker, "corrected_confidences", "texts_below_confidence") == [1, 1]


def test_percent_of_make_and_colour_says_nothing() -> None:
    tracker = tracker_of()
    info = VehicleInfo(make="SKODA", colour="RED", confidence_mmr=97.0, confidence_colour=0.5)
    (new,) = tracker.observe(None, [read("AAA111", info=info)], at_ms(0))
    assert new.attributes == {"make": "SKODA", "colour": "RED"}
    assert (new.confidence_mmr, new.confidence_colour) == (None, 0.5)
    assert counted(tracker, "corrected_confidences") == [1]


def test_reads_without_any_confidence_still_have_a_majority() -> None:
    tracker = tracker_of()
    for step in range(12):
        text = "BAD111" if step % 4 == 0 else "GOOD11"
        tracker.observe(None, [read(text, confidence=0.0)], at_ms(40 * step))
    assert tracker.finish()[-1].text == "GOOD11"


@pytest.mark.parametrize(
    "box",
    [
        (math.nan, 0, 10, 10),
        (0, 0, math.inf, 10),
        (0, 0, 0, 10),
        (5, 5, -3, 10),
        (1e300, 0, 10, 10),
        (0, 0, 1e7, 1e7),
    ],
)
def test_an_absurd_box_is_no_box(box: tuple[float, float, float, float]) -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AAA111", vehicle=box, plate=box)], at_ms(0))
    assert (new.vehicle_box, new.plate_box) == (None, None)
    assert counted(tracker, "refused_boxes") == [2]


def test_boxes_over_the_edge_are_reported_as_far_as_they_lie_inside() -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(
        None, [read("AAA111", vehicle=(-50, 1000, 200, 300), plate=(5000, 5000, 10, 10))], at_ms(0)
    )
    assert (new.vehicle_box, new.plate_box) == ((0, 1000, 150, 80), None)


@pytest.mark.parametrize("text", ["A" * 10_000, "京" * 10_000, "é\r\n" * 5_000])
def test_a_text_of_ten_kilobytes_is_kept_cut(text: str) -> None:
    tracker = tracker_of()
    for step in range(4):
        tracker.observe(None, [read(text)], at_ms(40 * step))
    lost = tracker.finish()[-1]
    assert lost.text == text[:32]
    assert counted(tracker, "cut_texts") == [4]


@pytest.mark.parametrize(
    "text", ["TÖLSL123", "京PL3N67", "A\"B'C", "A\r\nB: c", "\x00\x01", "مصر ١٢٣"]
)
def test_any_other_text_is_reported_as_it_was_read(text: str) -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read(text)], at_ms(0))
    assert new.text == text.strip()


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AB\udc80CD")], at_ms(0))
    assert new.text.startswith("AB\ufffd")
    assert new.text.endswith("CD")


def test_a_long_attribute_is_kept_cut() -> None:
    tracker = tracker_of()
    (new,) = tracker.observe(None, [read("AAA111", region="é" * 5000)], at_ms(0))
    assert new.attributes == {"region": "é" * 23}
    assert counted(tracker, "cut_values") == [1]


def test_texts_below_the_least_confidence_are_not_taken_in() -> None:
    tracker = tracker_of(min_confidence=0.5)
    assert tracker.observe(None, [read("AAA111", confidence=0.49)], at_ms(0)) == []
    assert [e.kind for e in tracker.observe(None, [read("AAA111", confidence=0.5)], at_ms(1))] == [
        "new"
    ]
    assert counted(tracker, "texts_below_confidence") == [1]


def test_the_vehicle_not_read_for_longest_makes_room_and_says_its_last_words() -> None:
    tracker = tracker_of(max_tracks=2)
    tracker.observe(None, [read("AAA111", 1)], at_ms(0))
    tracker.observe(None, [read("BBB222", 2)], at_ms(100))
    events = tracker.observe(None, [read("CCC333", 3), read("AAA111", 1)], at_ms(200))
    assert [(e.kind, e.track) for e in events] == [("reliable", 2), ("lost", 2), ("new", 3)]
    assert counted(tracker, "evicted_vehicles", "open_tracks") == [1, 2]


def test_vehicles_in_view_are_not_evicted_for_each_other() -> None:
    tracker = tracker_of(max_tracks=3)
    crowd = [read(f"AAA{track}", track) for track in range(9)]
    kinds: list[str] = []
    for step in range(50):
        shifted = crowd[step % 9 :] + crowd[: step % 9]
        kinds += [e.kind for e in tracker.observe(None, shifted, at_ms(40 * step))]
    assert kinds.count("new") == 3
    assert "lost" not in kinds
    assert counted(tracker, "crowded_out_reads", "open_tracks") == [300, 3]


WRONG: list[tuple[str, Any, str]] = [
    ("track", "one", r"reads\[1\]\.track is a str: want a whole number"),
    (
        "track",
        2**80,
        r"reads\[1\]\.track is 1208925819614629174706176: want a whole number of 64 bits",
    ),
    ("track", None, r"reads\[1\]\.track is None"),
    ("text", 5, r"reads\[1\]\.text is 5: want a str or None"),
    ("text", b"1AB1234", r"reads\[1\]\.text is a bytes"),
    ("confidence", "high", r"reads\[1\]\.confidence is a str: want a number"),
    ("vehicle", (1, 2, 3), r"reads\[1\]\.vehicle is a tuple: want four numbers"),
    ("plate", (1, 2, 3, "4"), r"reads\[1\]\.plate is a tuple: want four numbers"),
    ("plate", 7, r"reads\[1\]\.plate is 7: want four numbers"),
    ("country", None, r"reads\[1\]\.country is None: want a str"),
    ("roi", "1", r"reads\[1\]\.roi is a str: want a whole number"),
    ("direction", "north", r"reads\[1\]\.direction is another text: want in, out, unknown or None"),
    ("info", "CAR", r"reads\[1\]\.view is missing in a str"),
    ("info", VehicleInfo(make=5), r"reads\[1\]\.make is 5: want a str"),  # type: ignore[arg-type]
    ("info", VehicleInfo(confidence_mmr="x"), r"info\.confidence_mmr is a str"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("field", "value", "message"), WRONG)
def test_a_wrong_field_is_named_and_nothing_else_is_lost(
    field: str, value: object, message: str
) -> None:
    tracker = tracker_of()
    fields: dict[str, Any] = {"track": 2, "text": "BAD111", "confidence": 0.9, field: value}
    reads = [read("AAA111", 1), PlateRead(**fields), read("CCC333", 3)]
    with pytest.raises(ReadError, match=message):
        tracker.observe(None, reads, at_ms(0))
    assert tracker.next_deadline_mono_ns() == at_ms(0).mono_ns
    kept = tracker.tick(at_ms(10))
    assert [(e.kind, e.track, e.at_mono_ns) for e in kept] == [("new", 1, 0), ("new", 3, 0)]
    assert tracker.next_deadline_mono_ns() == at_ms(1000).mono_ns
    assert counted(tracker, "refused_reads", "reads") == [1, 2]


def test_events_of_a_refused_frame_come_first_also_at_the_end() -> None:
    tracker = tracker_of()
    for step in range(2):
        with pytest.raises(ReadError):
            tracker.observe(None, [read("AAA111", step), read(5, 9)], at_ms(step))  # type: ignore[arg-type]
    kinds = [(e.kind, e.track) for e in tracker.finish()]
    assert kinds[:2] == [("new", 0), ("new", 1)]
    assert kinds[-1] == ("lost", 1)


def test_something_that_is_no_read_is_named() -> None:
    with pytest.raises(ReadError, match=r"reads\[0\]\.track is missing in a int"):
        tracker_of().observe(None, [5], at_ms(0))  # type: ignore[list-item]


def test_anything_with_the_fields_of_a_read_is_one() -> None:
    fields = {name: getattr(read("AAA111"), name) for name in PlateRead.__slots__}
    like = SimpleNamespace(**{**fields, "vehicle": np.array(BOX), "confidence": np.float32(0.5)})
    (new,) = tracker_of().observe(None, [like], at_ms(0))  # type: ignore[list-item]
    assert (new.text, new.vehicle_box, new.confidence) == ("AAA111", BOX, 0.5)


def test_a_read_that_calls_the_tracker_back_does_not_hang() -> None:
    tracker = tracker_of()

    class Mirror:
        def __getattr__(self, name: str) -> object:
            tracker.tick(at_ms(0))
            return getattr(read("AAA111"), name)

    assert [e.kind for e in tracker.observe(None, [Mirror()], at_ms(1))] == ["new"]  # type: ignore[list-item]


def test_a_frame_that_cannot_be_used_takes_nothing_in() -> None:
    tracker = tracker_of()
    with pytest.raises(FrameError):
        tracker.observe(bytes(16), [read("AAA111")], at_ms(5000))
    assert counted(tracker, "frames", "reads", "open_tracks") == [0, 0, 0]
    assert told(tracker.observe(None, [read("AAA111")], at_ms(0))) == [
        ("new", 0.0, "AAA111", "unknown")
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lost_after_s", -1.0),
        ("max_tracks", 0),
        ("min_confidence", math.nan),
        ("change_reads", "3"),
    ],
)
def test_a_setting_out_of_range_is_named(field: str, value: object) -> None:
    rules: dict[str, Any] = {field: value}
    with pytest.raises(ConfigError, match=field):
        tracker_of(**rules)


boxes = st.none() | st.tuples(*[st.floats() | st.integers(-(10**9), 10**9)] * 4)
broken_reads = st.builds(
    PlateRead,
    track=st.integers(-3, 12),
    text=st.none() | st.text(max_size=40) | st.sampled_from(["1AB1234", "1AB1235", "7XY0000"]),
    confidence=st.floats() | st.integers(-5, 5),
    vehicle=boxes,
    plate=boxes,
    country=st.text(max_size=60),
    roi=st.none() | st.integers(-2, 3),
    direction=st.none() | st.sampled_from(Direction),
)


@settings(max_examples=examples(150), deadline=None)
@given(
    frames=st.lists(
        st.tuples(st.integers(-(10**10), 10**11), st.lists(broken_reads, max_size=14)), max_size=12
    ),
    rules=st.fixed_dictionaries(
        {
            "max_tracks": st.integers(1, 6),
            "shots_per_track": st.integers(1, 3),
            "result_delay_s": st.sampled_from([0.0, 0.5]),
            "vehicles_without_plate": st.booleans(),
        }
    ),
)
def test_whatever_is_read_every_vehicle_tells_its_life_once_and_in_order(
    frames: list[tuple[int, list[PlateRead]]], rules: dict[str, Any]
) -> None:
    tracker = tracker_of(**rules)
    events = []
    for mono_ns, reads in frames:
        events += tracker.observe(None, reads, FrameTime(mono_ns, mono_ns))
        assert tracker.counters()["open_tracks"] <= rules["max_tracks"]
    events += tracker.finish()
    lives: dict[int, list[str]] = {}
    for event in events:
        lives.setdefault(event.vehicle_no, []).append(event.kind)
        assert 0.0 <= event.confidence <= 1.0
        assert len(event.text) <= 32
    for life in lives.values():
        assert [kind for kind in life if kind != "update"] == ["new", "reliable", "lost"]
        assert (life[0], life[-1]) == ("new", "lost")
    assert len(lives) == tracker.counters()["vehicles"]
