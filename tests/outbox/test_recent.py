"""What is kept for the workers: as long as somebody waits for it, and no more than there is room for."""

from __future__ import annotations

from cammra_edge.outbox.recent import TEXT_BYTES, Recent
from cammra_edge.outbox.rows import ALL_IMAGES, EventRow, WantedRow
from tests.fakes import new_event


def row(seq: int, *, wanted_by: int = 1, picture_bytes: int = 1000) -> EventRow:
    new = new_event(seq, image=bytes(picture_bytes))
    return EventRow(
        seq=seq,
        event_id=bytes(16),
        event=new.event,
        stored_ns=0,
        image_nos=(seq,),
        images=(),
        pictures=new.images,
        wanted=tuple(WantedRow(no, seq, ALL_IMAGES, 0) for no in range(1, wanted_by + 1)),
        new=new,
    )


def test_an_event_stays_until_all_who_want_it_have_it() -> None:
    recent = Recent()
    recent.put(row(1, wanted_by=2))
    recent.settled(1)
    assert recent.get(1) is not None
    recent.settled(1)
    assert recent.get(1) is None
    assert recent.size_bytes == 0
    recent.settled(1)


def test_what_nobody_wants_is_not_kept() -> None:
    recent = Recent()
    recent.put(row(1, wanted_by=0))
    assert recent.get(1) is None


def test_the_oldest_goes_when_there_is_no_room() -> None:
    recent = Recent(3 * (TEXT_BYTES + 1000))
    for seq in range(1, 6):
        recent.put(row(seq))
    assert [seq for seq in range(1, 6) if recent.get(seq)] == [3, 4, 5]
    assert recent.size_bytes <= 3 * (TEXT_BYTES + 1000)
    recent.put(row(6, picture_bytes=1_000_000))
    assert [seq for seq in range(1, 7) if recent.get(seq)] == []
    assert recent.size_bytes == 0
