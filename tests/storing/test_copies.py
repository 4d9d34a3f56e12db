"""What a group copies for the ledger: events as they stand, texts of settled ones, ids, and what was settled."""

from __future__ import annotations

import json

import pytest

from cammra_edge.model import EventKind
from cammra_edge.outbox import records
from cammra_edge.outbox.unsaved import payloads_of
from cammra_edge.storing import Ledger, LogGroup, log_event, log_text, log_vehicle_hash
from tests.fakes import JPEG, new_event
from tests.storing.logs import records_of

STORE = bytes(range(16))
ALL = 2**64 - 1
EVENT, SETTLED, TEXT, IDS = 4, 5, 7, 8


def stored(ledger: Ledger, seq: int, *, segment: int = 1, kind: EventKind = EventKind.NEW) -> bytes:
    """Puts an event that two profiles want; returns its payload."""
    group = LogGroup(STORE, segment, 4096 * seq)
    group.image(seq, f"shot {seq}", JPEG)
    group.event(
        new_event(seq, kind=kind, image=JPEG, image_key=f"shot {seq}").event,
        seq=seq,
        event_id=seq.to_bytes(16, "little"),
        stored_ns=seq,
        image_nos=[seq],
        wanted=[(1, seq, ALL, len(JPEG)), (2, seq, ALL, len(JPEG))],
    )
    ledger.apply(group)
    (payload,) = payloads_of(group)
    return payload


def frames(group: LogGroup) -> list[int]:
    """The kinds of its frames."""
    digests, kinds = group.digests(), []
    at = 0
    while at < len(digests):
        kinds.append(digests[at])
        at += 5 + int.from_bytes(digests[at + 1 : at + 5], "little")
    return kinds


def replayed(*groups: LogGroup) -> Ledger:
    ledger = Ledger(1000)
    for segment, group in enumerate(groups, start=1):
        ledger.replay(segment, group.digests())
    return ledger


def test_an_event_is_copied_as_its_deliveries_stand() -> None:
    ledger = Ledger(1000)
    payload = stored(ledger, 1)
    ledger.done(1, 1)
    ledger.park(1, 2, 3, 5, "HTTP 400", "no \ud800")
    group = LogGroup(STORE, 2, 0)
    group.image(1, "shot 1", JPEG)
    group.again(ledger, 1, payload)
    after = replayed(group)
    assert (after.waits(1, 1), after.waits(1, 2)) == (False, False)
    (row,) = after.parked(None, (0, 0), 10)
    assert row[:3] == (2, 1, 1)
    assert row[5:7] == ("HTTP 400", "no \ud800")
    (copied,) = payloads_of(group)
    assert records.json_from(copied) == records.json_from(payload)
    before = ledger.place(1)
    ledger.apply(group)
    moved = ledger.place(1)
    assert before is not None
    assert moved is not None
    assert (before[0], moved[0]) == (1, 2)
    assert ledger.waits(1, 1) is False


def test_what_is_settled_between_copying_and_writing_stays_settled() -> None:
    ledger = Ledger(1000)
    payload = stored(ledger, 1)
    group = LogGroup(STORE, 2, 0)
    group.again(ledger, 1, payload)
    ledger.done(1, 1)
    ledger.apply(group)
    assert not ledger.waits(1, 1)
    assert ledger.pending == 1


def test_a_text_is_the_event_without_pictures_and_knows_what_became_of_it() -> None:
    ledger = Ledger(1000)
    payload = stored(ledger, 1, kind=EventKind.LOST)
    ledger.done(1, 1)
    ledger.drop(1, 2, "nothing to send")
    group = LogGroup(STORE, 2, 0)
    text = log_text(payload)
    group.text(ledger, payload, text)
    assert frames(group) == [TEXT]
    assert group.size < len(payload)
    (copied,) = records_of(group, STORE)
    assert log_event(copied) == (text, [], 1)
    plain = json.loads(text)
    assert "images" not in plain
    assert plain["plate"]["text"] == "1AB0001"
    assert replayed(group).states(1) == 4 | 16


def test_ids_outlive_their_events_as_far_as_the_ledger_knows_them() -> None:
    ledger = Ledger(1000)
    event = new_event(1).event
    first = LogGroup(STORE, 1, 4096)
    first.event(event, seq=1, event_id=b"a" * 16, stored_ns=0, image_nos=[], wanted=[])
    ledger.apply(first)
    group = LogGroup(STORE, 2, 0)
    group.ids(ledger, first.digests())
    assert frames(group) == [IDS]
    after = replayed(group)
    assert after.seq_of(b"a" * 16) is not None
    assert after.car_id(log_vehicle_hash(event.stream_id, 1)) == event.car_id
    again = LogGroup(STORE, 3, 0)
    again.ids(ledger, group.digests())
    assert again.digests() == group.digests()
    none = LogGroup(STORE, 4, 0)
    none.ids(Ledger(1000), first.digests())
    assert (none.size, frames(none)) == (0, [])


def test_what_was_settled_is_pending_until_its_group_is_applied() -> None:
    ledger = Ledger(1000)
    stored(ledger, 1)
    empty = LogGroup(STORE, 1, 8192)
    assert empty.settled(ledger) == 0
    assert frames(empty) == []
    ledger.done(1, 1)
    ledger.attempts(1, 2, 1)
    group = LogGroup(STORE, 1, 8192)
    assert group.settled(ledger) == 2
    assert frames(group) == [SETTLED]
    ledger.done(1, 2)
    ledger.apply_in_memory(group)
    assert ledger.pending == 3
    ledger.apply(group)
    assert ledger.pending == 1


@pytest.mark.parametrize("payload", [b"", b"short", b"\xff" * 90])
def test_what_is_no_record_is_refused(payload: bytes) -> None:
    ledger, group = Ledger(1000), LogGroup(STORE, 1, 0)
    with pytest.raises(ValueError, match=r"."):
        group.again(ledger, 1, payload)
    with pytest.raises(ValueError, match=r"."):
        group.text(ledger, payload, b"{}")
    with pytest.raises(ValueError, match=r"."):
        log_text(payload)
    assert (group.size, frames(group)) == (0, [])
