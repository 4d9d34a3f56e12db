"""What a vehicle still has to say when the process that saw it is gone."""

from dataclasses import replace

import pytest

from cammra_edge.engine.assembly import event_id_from, last_words
from cammra_edge.model import EventKind
from cammra_edge.outbox import OpenVehicle
from tests.fakes import new_event

NEW, RELIABLE, UPDATE, LOST = EventKind


def left_after(*kinds: EventKind, remembered: int = 256) -> OpenVehicle:
    ids = [event_id_from("run-1", 1, kind, ordinal) for ordinal, kind in enumerate(kinds, start=1)]
    last = replace(
        new_event(1, len(kinds), kind=kinds[-1]).event, event_id=ids[-1], changed=("plate",)
    )
    return OpenVehicle(event=last, event_ids=frozenset(ids[-remembered:]))


@pytest.mark.parametrize(
    ("said", "still"),
    [
        ((NEW,), [RELIABLE, LOST]),
        ((NEW, UPDATE), [RELIABLE, LOST]),
        ((NEW, RELIABLE), [LOST]),
        ((NEW, UPDATE, RELIABLE, UPDATE), [LOST]),
    ],
)
def test_every_vehicle_has_one_reliable_and_one_lost(
    said: tuple[EventKind, ...], still: list[EventKind]
) -> None:
    words = last_words(left_after(*said))
    assert [event.kind for event in words] == still
    assert [event.ordinal for event in words] == [len(said) + n for n in range(1, len(still) + 1)]
    assert [event.event_id for event in words] == [
        event_id_from("run-1", 1, event.kind, event.ordinal) for event in words
    ]
    assert all(event.changed == () for event in words)


def test_what_is_no_longer_remembered_was_said_long_ago() -> None:
    left = left_after(NEW, RELIABLE, *[UPDATE] * 300, remembered=256)
    assert [event.kind for event in last_words(left)] == [LOST]
