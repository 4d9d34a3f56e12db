"""A text without pictures is short, comes back as it was, and is not believed when it is damaged."""

from __future__ import annotations

import json
import random
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.model import (
    Candidate,
    Direction,
    Event,
    EventKind,
    ListMatch,
    Plate,
    Rect,
    Repeat,
    VehicleInfo,
)
from cammra_edge.outbox import EventQuery, codec, packing
from cammra_edge.outbox.packing import MOST_BYTES, packed, unpacked
from cammra_edge.outbox.unsaved import payloads_of
from cammra_edge.storing import Ledger, LogGroup, log_event, log_text
from tests.fakes import new_event
from tests.outbox.test_keeping import bounded, deliver_all, remembered, said
from tests.storing.logs import STORE_ID, records_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.outbox.conftest import Bench

MOST_TEXT_BYTES = 600
"""Of a text with its entry in the directory, whatever is known of the vehicle."""
OLD = bytes.fromhex("78f9eb782f3e43499b06694ae8090e3d81183a3a191818182ad5d602001bba11a9")
FIRST_DICTIONARY = 0xEB782F3E


def rich(chance: random.Random, kind: EventKind) -> Event:
    """All that an event of this kind may say of a vehicle; our vote's confidence has all digits of a float."""
    event = new_event(chance.randrange(10**6), kind=kind).event
    text = "".join(chance.choices("ABCDEFGHKLMNPRSTUVXYZ0123456789", k=8))
    began = event.first_utc_ns + chance.randrange(10**15)
    event = replace(
        event,
        event_id=chance.randbytes(16).hex(),
        stream_id=f"run-{chance.randbytes(8).hex()}",
        at_utc_ns=began + chance.randrange(10**10),
        first_utc_ns=began,
        last_utc_ns=began + chance.randrange(10**10),
        image_utc_ns=began + chance.randrange(10**10),
        plate=Plate(
            text=text,
            confidence=chance.random(),
            country="DEU",
            region="Baden-Württemberg",
            region_code="BB",
            iso3166_2="DE-BW",
        ),
        direction=Direction.OUT,
        roi_id=3,
        vehicle_box=box(chance),
        plate_box=box(chance),
        info=VehicleInfo(
            view="rear",
            kind="TRUCK",
            colour="WHITE",
            make="Mercedes-Benz",
            model="Sprinter Tourer",
            confidence_mmr=digits(chance),
            confidence_colour=digits(chance),
        ),
        candidates=tuple(
            Candidate(text=text[:at] + "8" + text[at + 1 :], confidence=digits(chance))
            for at in range(3)
        ),
        clock_synced=True,
        image_text=text[1:],
        listed=ListMatch(
            name="Residents", mode="allow", description="flat 12, until May", meant=text
        ),
    )
    if kind is EventKind.NEW:
        before = Repeat(count=3, first_utc_ns=began - 10**12, last_utc_ns=began - 10**11)
        return replace(event, repeat=before)
    if kind is EventKind.RELIABLE:
        return replace(event, reliable_by="agreement", ordinal=2)
    if kind is EventKind.LOST:
        return replace(event, reliable_by="end", ordinal=4, final=True)
    changed = ("plate", "direction")
    return replace(event, changed=changed, previous_plate=f"{text[:-1]}X", ordinal=3)


def digits(chance: random.Random) -> float:
    """A confidence as recognisers give it."""
    return round(chance.random(), 4)


def box(chance: random.Random) -> Rect:
    return Rect(*(chance.randrange(4096) for _ in range(4)))


def copied(event: Event) -> LogGroup:
    """The group that an event's text is copied with."""
    ledger = Ledger(10)
    first = LogGroup(STORE_ID, 1, 4096)
    first.event(event, seq=1, event_id=STORE_ID, stored_ns=1, image_nos=[], wanted=[(1, 1, 0, 0)])
    ledger.apply(first)
    ledger.done(1, 1)
    (payload,) = payloads_of(first)
    group = LogGroup(STORE_ID, 2, 4096)
    group.text(ledger, payload, packed(log_text(payload)))
    return group


@pytest.mark.parametrize("kind", EventKind)
def test_a_text_is_short_whatever_is_known(kind: EventKind) -> None:
    chance = random.Random(kind)  # noqa: S311 - not a secret
    for _ in range(50):
        event = rich(chance, kind)
        group = copied(event)
        assert group.size + len(group.digests()) <= MOST_TEXT_BYTES
        (payload,) = records_of(group)
        text = unpacked(log_event(payload)[0])
        assert codec.value_from(Event, json.loads(text)) == event


@given(st.text())
def test_a_text_comes_back_as_it_was(text: str) -> None:
    plain = json.dumps({"plate": {"text": text}}).encode()
    assert unpacked(packed(plain)) == plain


def test_a_text_that_is_very_long_stays_json() -> None:
    for length in (MOST_BYTES, MOST_BYTES + 1):
        plain = b'{"x":"' + b"y" * (length - 8) + b'"}'
        assert len(plain) == length
        assert (packed(plain) == plain) == (length > MOST_BYTES)
        assert unpacked(packed(plain)) == plain


def test_what_was_packed_once_is_read_for_good() -> None:
    """Another dictionary goes beside the first one."""
    assert zlib.adler32(packing._DICTIONARY) == FIRST_DICTIONARY
    assert unpacked(OLD) == b'{"event_id":"0f","kind":"lost","plate":{"text":"1AB0001"}}'


def damaged() -> Iterator[bytes]:
    yield from (OLD[:length] for length in range(len(OLD)))
    yield OLD + b"\0"
    for at in range(6, len(OLD)):  # behind what it begins with
        yield OLD[:at] + bytes([OLD[at] ^ 0x81]) + OLD[at + 1 :]
    for dictionary, text in ((b"another", b"{}"), (packing._DICTIONARY, bytes(1 << 26))):
        packer = zlib.compressobj(zdict=dictionary)
        yield packer.compress(text) + packer.flush()


def test_what_is_damaged_or_too_long_is_an_error() -> None:
    for text in damaged():
        with pytest.raises(ValueError, match="packed text"):
            unpacked(text)


def test_a_text_that_cannot_be_read_hides_no_other(bench: Bench) -> None:
    bounded(bench, history_bytes=2 << 20)

    def spoiled(text: bytes) -> bytes:
        return packed(text)[:-1] if b"K00007" in text else packed(text)

    with mock.patch("cammra_edge.outbox.keeping.packed", spoiled):
        for vehicle_no in range(1, 101):
            bench.outbox.put([said(vehicle_no)])
            deliver_all(bench)
    assert set(range(1, 101)) - set(remembered(bench)) == {7}
    assert bench.outbox.history.search(EventQuery(plate="K00007")).events == ()
    assert bench.outbox.history.erase(plate="K00007").events == 1
    assert bench.outbox.history.erase(plate="K00008").events == 1
