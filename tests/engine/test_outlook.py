"""What a profile would have got of past events: what it does get, whatever its filters."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from cammra_edge.config import Settings
from cammra_edge.engine.outlook import outlook_of
from cammra_edge.model import Direction
from cammra_edge.profile import Filter
from tests.engine.test_repeats import a_life, profile

EVENTS = [
    *a_life(1, 0, 5),
    *a_life(2, 20, 25, direction=Direction.OUT),
    *a_life(3, 40, 45, roi_id=2),
    *a_life(4, 60, 65),
    *a_life(5, 80, 85, text="9XY8765"),
    *a_life(6, 100, 105)[:1],
]


@pytest.mark.parametrize(
    ("settings", "would_send", "kept_back"),
    [
        ({"repeat_window_s": 0.0}, 16, {}),
        ({"repeat_window_s": 0.0, "events": ["lost"]}, 5, {"events": 11}),
        ({"repeat_window_s": 0.0, "directions": ["out"]}, 3, {"directions": 13}),
        ({"repeat_window_s": 0.0, "rois": [2]}, 3, {"rois": 13}),
        ({"repeat_window_s": 0.0, "lists": ["allow"]}, 0, {"lists": 16}),
        ({"repeat_window_s": 0.0, "min_confidence": 0.95}, 0, {"min_confidence": 16}),
        ({"repeat_window_s": 0.0, "enabled": False}, 16, {}),
        ({}, 12, {"repeat_window_s": 3}),  # and the last one's New is still held
        ({"repeat_holds_new": False}, 16, {}),
        ({"repeat_holds_new": False, "events": ["lost"]}, 4, {"events": 11, "repeat_window_s": 1}),
        ({"events": ["new"]}, 4, {"events": 10, "repeat_window_s": 1}),
        ({"rois": [2], "events": ["reliable"]}, 1, {"events": 11, "rois": 4}),
    ],
)
def test_all_filters_count_and_each_event_once(
    settings: dict[str, Any], would_send: int, kept_back: dict[str, int]
) -> None:
    outlook = outlook_of(profile(**settings), EVENTS, Settings())
    assert (outlook.would_send, outlook.of, dict(outlook.kept_back)) == (
        would_send,
        len(EVENTS),
        kept_back,
    )


def test_the_first_filter_that_says_no_is_named() -> None:
    nothing = {"events": [], "directions": ["out"], "rois": [2], "lists": ["allow"]}
    asked = [Filter.EVENTS, Filter.DIRECTIONS, Filter.ROIS, Filter.LISTS]
    (event,) = EVENTS[:1]
    for off in product([True, False], repeat=4):
        chosen = {
            name: value
            for (name, value), is_off in zip(nothing.items(), off, strict=True)
            if not is_off
        }
        wanted = next((one for one in asked if one.value in chosen), None)
        assert profile(**chosen).kept_back_by(event) is wanted
