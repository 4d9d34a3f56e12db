"""What `recording.reads` promises: what is broken is left out with a reason, the rest is taken in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.errors import RecordingError
from cammra_edge.model import Direction, FrameTime, PlateRead, VehicleInfo
from cammra_edge.recording.reads import MAX_TRACK, MAX_UTC_NS, format_line, parse_line

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_sides = st.integers(-5000, 5000) | st.floats(-5000, 5000)
_boxes = st.none() | st.tuples(_sides, _sides, _sides, _sides)
_shares = st.floats(0, 1)
_reads = st.builds(
    PlateRead,
    track=st.integers(0, MAX_TRACK),
    text=st.none() | _texts,
    confidence=_shares,
    vehicle=_boxes,
    plate=_boxes,
    country=_texts,
    region=_texts,
    region_code=_texts,
    iso3166_2=_texts,
    roi=st.none() | st.integers(0, 255),
    direction=st.none() | st.sampled_from([Direction.IN, Direction.OUT]),
    info=st.none()
    | st.builds(VehicleInfo, make=_texts, colour=_texts, confidence_mmr=st.none() | _shares),
)


@settings(deadline=None)
@given(frame=st.integers(0, 10**9), t_ns=st.integers(0, 10**15), reads=st.lists(_reads, max_size=4))
def test_what_is_written_is_read_back(frame: int, t_ns: int, reads: list[PlateRead]) -> None:
    line = parse_line(format_line(frame, t_ns, reads))
    assert (line.frame, line.t_ns, list(line.reads), line.left_out) == (frame, t_ns, reads, ())


@pytest.mark.parametrize("flag", [True, False, None])
def test_the_wall_clock_and_whether_it_was_set_are_kept(*, flag: bool | None) -> None:
    line = parse_line(format_line(1, 40, [], FrameTime(7, 1_700_000_000, flag)))
    assert (line.utc_ns, line.clock_synced) == (1_700_000_000, flag)
    assert parse_line(format_line(1, 40, [])).utc_ns is None


@pytest.mark.parametrize("utc_ns", [-1, MAX_UTC_NS + 1])
def test_a_clock_that_nobody_can_mean_costs_no_reads(utc_ns: int) -> None:
    line = parse_line(
        format_line(1, 40, [PlateRead(track=7)], FrameTime(7, utc_ns, clock_synced=False))
    )
    assert [read.track for read in line.reads] == [7]
    assert (line.utc_ns, line.clock_synced) == (None, False)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"frame":1,"t_ns":' + b"9" * 5000 + b',"reads":[]}', "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "want a JSON object"),
        (b'{"frame":-1,"t_ns":0,"reads":[]}', "frame is -1: want a whole number"),
        (b'{"frame":true,"t_ns":0,"reads":[]}', "frame is True"),
        (b'{"frame":1,"t_ns":0.5,"reads":[]}', "t_ns is 0.5"),
        (b'{"frame":1,"t_ns":0}', "reads: want a list"),
        (b'{"frame":1,"t_ns":0,"utc_ns":-1,"reads":[]}', "utc_ns is -1: want a whole number"),
        (
            b'{"frame":1,"t_ns":0,"clock_synced":"yes","reads":[]}',
            "clock_synced is 'yes': want true or false",
        ),
        (b'{"frame":1,"t_ns":NaN,"reads":[]}', "NaN is no number"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(line: bytes, why: str) -> None:
    with pytest.raises(RecordingError, match=why.replace("-", "[-]")):
        parse_line(line)


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ("7", "want a JSON object"),
        ({}, "track is None"),
        ({"track": "3"}, "track is '3'"),
        ({"track": 1 << 32}, "track is 4294967296"),
        ({"track": 1, "text": 5}, "text is 5: want a text"),
        ({"track": 1, "text": "\ud800"}, "text is '\\ud800': want a text without half characters"),
        ({"track": 1, "vehicle": [1, 2, 3]}, "vehicle is [1, 2, 3]: want four numbers"),
        ({"track": 1, "vehicle": [1, 2, 3, None]}, "want four numbers"),
        ({"track": 1, "plate": [1, 2, 3, "4"]}, "plate is '4': want a number"),
        ({"track": 1, "plate": [1, 2, 3, 10**400]}, "want a finite number"),
        ({"track": 1, "confidence": "high"}, "confidence is 'high': want a number"),
        ({"track": 1, "direction": "left"}, "direction is 'left': want in, out or unknown"),
        ({"track": 1, "roi": 999}, "roi is 999"),
        ({"track": 1, "info": []}, "want a JSON object"),
    ],
)
def test_a_broken_read_is_left_out_and_its_neighbours_stay(read: object, why: str) -> None:
    good = {"track": 9, "text": "1AB1234"}
    line = parse_line(json.dumps({"frame": 0, "t_ns": 0, "reads": [good, read, good]}).encode())
    assert [kept.track for kept in line.reads] == [9, 9]
    assert len(line.left_out) == 1
    assert line.left_out[0].startswith("reads[1]: ")
    assert why in line.left_out[0]


def test_an_unknown_direction_leaves_it_to_the_boxes() -> None:
    line = parse_line(b'{"frame":0,"t_ns":0,"reads":[{"track":1,"direction":"unknown"}]}')
    assert line.reads[0].direction is None
