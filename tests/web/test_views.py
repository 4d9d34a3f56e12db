"""Where the page says that an event went: by the journal, and after a restart by what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox import EventState
from cammra_edge.web.views import events_plain
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class RestartedEngine(StillEngine):
    """One whose only event is of an earlier run, and was in these states when this one began."""

    states: tuple[EventState, ...] = ()

    def remembered_states(self) -> Mapping[str, Sequence[EventState]]:
        return {self.events[0].event_id: self.states}


@pytest.mark.parametrize(
    ("states", "outcomes"),
    [
        ((EventState.DELIVERED,), ["delivered", "delivered"]),
        ((EventState.PARKED,), ["parked", "parked"]),
        ((EventState.EXPIRED,), ["expired", "expired"]),
        ((EventState.WAITING, EventState.DELIVERED), ["unknown", "unknown"]),
        ((EventState.UNWANTED,), []),
    ],
)
def test_an_event_of_an_earlier_run_shows_what_had_become_of_it(
    tmp_path: Path, states: tuple[EventState, ...], outcomes: list[str]
) -> None:
    engine = RestartedEngine(still_settings(tmp_path))
    engine.states = states
    (event,) = events_plain(engine)
    assert [place["outcome"] for place in event["went"]] == outcomes


def test_an_event_of_this_run_waits_until_it_is_tried(tmp_path: Path) -> None:
    (event,) = events_plain(StillEngine(still_settings(tmp_path)))
    assert [place["outcome"] for place in event["went"]] == ["waiting", "waiting"]
