"""The page's memory: the latest events and pictures, bounded, and their counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.engine import recent
from cammra_edge.engine.recent import Recent
from cammra_edge.model import EventKind
from tests.fakes import new_event

if TYPE_CHECKING:
    import pytest


def test_the_latest_events_are_kept_in_order_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recent, "EVENTS", 3)
    kept = Recent()
    for number in range(1, 6):
        kept.add(new_event(number, wanted_by=(1,) if number % 2 else ()))
    assert [event.vehicle_no for event in kept.events()] == [3, 4, 5]
    assert kept.counts() == {kind.value: 5 if kind is EventKind.NEW else 0 for kind in EventKind}
    assert kept.unwanted == 2


def test_pictures_are_kept_within_their_bound_and_a_later_one_replaces_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recent, "PICTURE_BYTES", 250)
    kept = Recent()
    kept.add(new_event(1, image=b"a" * 100, image_key="first"))
    kept.add(new_event(2, image=b"b" * 120, image_key="second"))
    kept.add(new_event(2, 2, image=b"c" * 130, image_key="second"))
    assert kept.picture("first") == b"a" * 100
    assert kept.picture("second") == b"c" * 130
    kept.add(new_event(3, image=b"d" * 100, image_key="third"))
    assert kept.picture("first") is None
    assert kept.picture("third") == b"d" * 100
