from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from cammra_edge.model import Event, EventKind, ImageKind, MissingImage, Plate, Rect, VehicleInfo
from cammra_edge.outbox import codec, records
from tests.fakes import JPEG, new_event

FULL = replace(
    new_event(3, image=JPEG).event,
    plate=Plate(text='TÖL "京\r\n\0\ud800', confidence=0.25, country="SWE"),
    vehicle_box=Rect(-3, 4, 5, 6),
    info=VehicleInfo(make="SAAB", confidence_mmr=0.5),
    changed=("plate", "direction"),
    missing=(MissingImage(kind=ImageKind.PLATE_CROP, why="no box"),),
    kind=EventKind.UPDATE,
)


def test_an_event_comes_back_equal_whatever_its_text() -> None:
    body = codec.bytes_from(codec.plain_from(FULL))
    assert body.isascii()
    record = records.bytes_from_event(FULL, stored_ns=5, wanted=[(2, 9, None)], image_nos=[1])
    back = records.record_from(record)
    assert back.event == FULL
    assert isinstance(back.event.vehicle_box, Rect)
    assert (back.stored_ns, back.image_nos) == (5, (1,))
    assert (back.wanted[0].profile_id, back.wanted[0].packet) == (2, 9)


def test_a_field_that_older_bytes_lack_takes_its_default() -> None:
    plain = codec.plain_from(FULL)
    assert isinstance(plain, dict)
    del plain["info"]
    plain["from_a_newer_version"] = [1]
    assert codec.value_from(Event, plain) == replace(FULL, info=VehicleInfo())


def test_a_field_without_a_default_must_be_there() -> None:
    plain = codec.plain_from(FULL)
    assert isinstance(plain, dict)
    del plain["event_id"]
    with pytest.raises(ValueError, match="event_id"):
        codec.value_from(Event, plain)


def test_the_checksum_sees_one_flipped_bit_and_a_wrong_place() -> None:
    whole = codec.crc_at(7, b"abc")
    # What older versions wrote must stay readable: the checksum is zlib's.
    assert whole == zlib.crc32(b"abc", zlib.crc32((7).to_bytes(8, "little", signed=True)))
    assert codec.crc_at(7, b"abb") != whole
    assert codec.crc_at(8, b"abc") != whole


@pytest.mark.parametrize("text", ["", "x", "zz" * 16, "AB" * 15, "\ud800"])
def test_ids_of_any_form_have_a_key_of_their_own(text: str) -> None:
    assert records.id_bytes(text) != records.id_bytes("ab" * 16)
    assert records.id_bytes("ab" * 16) == bytes.fromhex("ab" * 16)
