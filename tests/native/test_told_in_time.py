"""Updates are gathered, and that is all that delays them: each text is told as early as it was before, and an interval.

`told_then.json` has when each text of a recording was told first, and by which event, by the tracker at 8e00bfe, which
knew no interval: milliseconds from the recording's start, default settings; texts by their digest.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.native.marked import tracks_of
from tests.native.streams import MS_NS, by_vehicle, replay

if TYPE_CHECKING:
    from cammra_edge.tracking import TrackEvent

pytestmark = pytest.mark.recordings

THEN: dict[str, dict[str, tuple[int, str]]] = json.loads(
    (Path(__file__).parent / "told_then.json").read_text()
)
INTERVAL_MS = 250


class Why(StrEnum):
    """Why a text that was told then is rightly told later; the last test here holds it."""

    NO_FRAME = "no frame had read it: it was put together from the columns of other texts"
    ONE_READ = "one frame had read it, and another text was read more and surer"
    TOLD_AGAIN = "it was the New of a car that had been told, and whose track had broken"


LATER: dict[str, dict[str, Why]] = {
    "motorway": {
        "52583a": Why.NO_FRAME,
        "9ef990": Why.NO_FRAME,
        "14df07": Why.ONE_READ,
        "87ca03": Why.ONE_READ,
        "d5766e": Why.TOLD_AGAIN,
        "c635f9": Why.TOLD_AGAIN,
    },
    "motorway-short": {},
    "toll-lane": {},
}


def digest(text: str) -> str:
    """What stands for a text: plates are personal data."""
    return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()


def ms(mono_ns: int) -> int:
    return round(mono_ns / MS_NS)


@cache
def vehicles(name: str) -> list[list[TrackEvent]]:
    return list(by_vehicle(replay(name)).values())


@cache
def first_told(name: str) -> dict[str, TrackEvent]:
    first: dict[str, TrackEvent] = {}
    for event in (event for events in vehicles(name) for event in events if event.text):
        told = first.setdefault(digest(event.text), event)
        if event.at_mono_ns < told.at_mono_ns:
            first[digest(event.text)] = event
    return first


@cache
def reads_of(name: str, text: str) -> list[tuple[int, str, float]]:
    """When the recorded track that had a text first was read as what, and how surely."""
    tracks = [
        [(ms(read.mono_ns), digest(read.text), read.confidence) for read in track.reads]
        for track in tracks_of(name).values()
    ]
    having = (track for track in tracks if any(one == text for _, one, _ in track))
    return min(having, key=lambda track: next(at for at, one, _ in track if one == text))


def evidence(name: str, text: str, until_ms: int) -> tuple[int, bool]:
    """How often a text was read by then, and whether no other text was surer, all its reads together."""
    count, sure = 0, defaultdict[str, float](float)
    for at_ms, one, confidence in reads_of(name, text):
        if at_ms <= until_ms:
            count += one == text
            sure[one] += confidence
    return count, count > 0 and sure[text] >= max(sure.values())


def due_ms(name: str, text: str) -> int | None:
    """When two frames had given a text, and no other text was surer."""
    for at_ms, _, _ in reads_of(name, text):
        count, is_surest = evidence(name, text, at_ms)
        if count > 1 and is_surest:
            return at_ms
    return None


@pytest.mark.parametrize("name", THEN)
def test_no_text_is_told_later_than_by_the_interval(name: str) -> None:
    now, then = first_told(name), THEN[name]
    both = now.keys() & then.keys()
    assert len(both) * 3 >= len(then) * 2
    later = {text for text in both if ms(now[text].at_mono_ns) > then[text][0] + INTERVAL_MS}
    assert later <= LATER[name].keys()


@pytest.mark.parametrize("text", LATER["motorway"])
def test_what_is_told_later_was_not_to_be_told_then_and_is_told_when_it_is_due(text: str) -> None:
    name = "motorway"
    why = LATER[name][text]
    (then_ms, kind), now = THEN[name][text], first_told(name).get(text)
    if why is Why.TOLD_AGAIN:
        assert kind == "new"
        tellers = [one for one in vehicles(name) if now and one[0].vehicle_no == now.vehicle_no]
        assert all(ms(new.at_mono_ns) < then_ms for new, *_ in tellers)
        return
    count, is_surest = evidence(name, text, then_ms)
    assert (count, is_surest) == (0 if why is Why.NO_FRAME else 1, False)
    due = due_ms(name, text)
    if now and due is not None:
        assert ms(now.at_mono_ns) <= due + INTERVAL_MS
