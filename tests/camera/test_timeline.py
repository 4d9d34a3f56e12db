"""Stream time to ours: even intervals, never from the future, never back, slow clocks followed."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.camera.timeline import JUMP_NS, Timeline

MS = 1_000_000
S = 1_000 * MS
STEP = 40 * MS


def test_an_uneven_way_does_not_make_uneven_intervals() -> None:
    draw = random.Random(1)  # noqa: S311 - noise that is the same each time
    timeline = Timeline()
    times = [
        timeline.at(number * STEP, 5 * S + number * STEP + draw.randrange(30 * MS))
        for number in range(2_000)
    ]
    settled = [later - earlier for earlier, later in pairwise(times[500:])]
    assert max(abs(interval - STEP) for interval in settled) < MS


def test_no_picture_is_from_the_future_and_a_burst_at_the_beginning_does_no_harm() -> None:
    timeline = Timeline()
    # A server hands a whole group of pictures over at once.
    for number in range(25):
        came = 10 * S + number * MS
        assert timeline.at(number * STEP, came) <= came + number
    steady = [
        timeline.at(number * STEP, 10 * S + (number - 24) * STEP + 25 * MS)
        for number in range(25, 100)
    ]
    assert all(b - a == STEP for a, b in pairwise(steady[2:]))


def test_a_slow_clock_is_followed_for_a_day() -> None:
    timeline = Timeline()
    slow = 1.0002  # the camera's clock loses 17 s a day
    for second in range(86_400):
        came = round(second * S * slow)
        late_ns = came - timeline.at(second * S, came)
        assert 0 <= late_ns < 50 * MS


def test_a_stream_that_begins_anew_begins_now() -> None:
    timeline = Timeline()
    timeline.at(100 * S, 50 * S)
    timeline.begin_anew()
    assert timeline.at(0, 60 * S) == 60 * S
    assert timeline.at(7 * S, 61 * S) == 61 * S, "a jump of the stream is another beginning"
    assert timeline.at(7 * S + JUMP_NS // 2, 61 * S + JUMP_NS // 2) == 61 * S + JUMP_NS // 2


def test_without_stream_time_pictures_are_from_when_they_came() -> None:
    timeline = Timeline()
    assert [timeline.at(None, came) for came in (5, 9, 9, 7)] == [5, 9, 10, 11]


@given(
    st.lists(
        st.tuples(st.integers(-(2**62), 2**62) | st.none(), st.integers(0, 2**62)), max_size=60
    )
)
def test_times_never_go_back(pictures: list[tuple[int | None, int]]) -> None:
    timeline, came, last = Timeline(), 0, -1
    for stream_ns, waited in pictures:
        came += waited % S
        at = timeline.at(stream_ns, came)
        assert at > last
        last = at
