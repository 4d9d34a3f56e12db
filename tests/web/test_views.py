"""Where the page says that an event went: by the journal, and after a restart by what is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.model import Recalled, Repeat
from cammra_edge.outbox import EventState
from cammra_edge.sinks.whys import QueueWhy
from cammra_edge.web.views import events_plain
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cammra_edge.model import Event


class RestartedEngine(StillEngine):
    """One whose only event is of an earlier run, and had come to this when this one began."""

    outcomes: Mapping[str, EventState]

    def outcomes_of(self, event_ids: Iterable[str], /) -> Mapping[str, Mapping[str, EventState]]:
        return dict.fromkeys(event_ids, self.outcomes)


@pytest.mark.parametrize("state", [one for one in EventState if one is not EventState.UNWANTED])
def test_an_event_of_an_earlier_run_shows_what_each_profile_had_of_it(
    tmp_path: Path, state: EventState
) -> None:
    engine = RestartedEngine(still_settings(tmp_path))
    first, second, *_ = (profile.key for profile in engine.settings.profiles)
    engine.outcomes = {first: state, second: EventState.DELIVERED}
    (event,) = events_plain(engine)
    assert [(place["profile"], place["outcome"]) for place in event["went"]] == [
        (first, state),
        (second, "delivered"),
    ]
    engine.outcomes = {second: state, "removed": EventState.PARKED}
    (event,) = events_plain(engine)
    assert [(place["profile"], place["outcome"]) for place in event["went"]] == [(second, state)]
    engine.outcomes = {}
    (event,) = events_plain(engine)
    assert event["went"] == []


def test_an_event_of_this_run_waits_until_it_is_tried(tmp_path: Path) -> None:
    (event,) = events_plain(StillEngine(still_settings(tmp_path)))
    assert [place["outcome"] for place in event["went"]] == ["waiting", "waiting"]


class RememberingEngine(StillEngine):
    """One with a profile whose memory of plates made this of its only event."""

    recalled: Recalled

    def recent_events(self) -> tuple[Event, ...]:
        (event,) = super().recent_events()
        return (replace(event, recalled=(self.recalled,)),)


def test_a_repeat_waits_for_nobody_and_says_why(tmp_path: Path) -> None:
    engine = RememberingEngine(still_settings(tmp_path))
    first, *_ = (profile.key for profile in engine.settings.profiles)
    engine.recalled = Recalled(profile=first, verdict="repeat")
    (shown,) = events_plain(engine)
    assert [(place["outcome"], place["why"]) for place in shown["went"]] == [
        ("unwanted", QueueWhy.PLATE_TOLD_ALREADY()),
        ("waiting", ""),
    ]


def test_an_event_shows_what_it_tells_of_repeats(tmp_path: Path) -> None:
    engine = RememberingEngine(still_settings(tmp_path))
    repeat = Repeat(count=3, first_utc_ns=1, last_utc_ns=2)
    engine.recalled = Recalled(profile="barrier", repeat=repeat)
    (shown,) = events_plain(engine)
    assert shown["repeats"] == [{"profile": "barrier", "count": 3}]
