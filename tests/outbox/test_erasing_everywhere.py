"""No byte of an erased plate is left, wherever it was: every field of a record, every kind of frame, every file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.errors import OutboxError
from cammra_edge.model import Candidate, EventKind, ListMatch, Plate
from cammra_edge.outbox import EventQuery, EventState, NewEvent, Outbox
from cammra_edge.outbox.log import Log, Purpose, StorageError
from cammra_edge.search.answers import found_plain
from tests.fakes import NS, FakeClock, crash, damage, fall_ill, file_of, new_event
from tests.outbox.conftest import Bench
from tests.outbox.traces import traces, traces_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cammra_edge.model import Event

PLATE, OTHER = "ÄK368ERASE", "KEEPME22"
FIELDS: dict[str, Callable[[Event], Event]] = {
    "plate": lambda event: replace(event, plate=Plate(text=PLATE)),
    "lower": lambda event: replace(event, plate=Plate(text=PLATE.lower())),
    "previous": lambda event: replace(event, previous_plate=PLATE),
    "candidates": lambda event: replace(
        event, candidates=(Candidate(text=OTHER, confidence=0.9), Candidate(text=PLATE, confidence=0.1))
    ),
    "picture": lambda event: replace(event, image_text=PLATE),
    "meant": lambda event: replace(event, listed=ListMatch(name="staff", meant=PLATE)),
    "list": lambda event: replace(event, listed=ListMatch(name=f"of {PLATE}")),
    "described": lambda event: replace(event, listed=ListMatch(description=f"was {PLATE}, is {OTHER}")),
    "stream": lambda event: replace(event, stream_id=f"lane of {PLATE}"),
    "key": lambda event: replace(
        event, images=tuple(replace(image, image_key=f"crop_{PLATE}") for image in event.images)
    ),
}  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One with short segments, since each test reads every byte of them."""
    made = Bench(tmp_path, max_bytes=16 << 20)
    yield made
    made.outbox.close()


def said(vehicle_no: int, where: str = "", *, kind: EventKind = EventKind.LOST) -> NewEvent:
    """An event that bears the plate there, and in its picture."""
    mark = PLATE if where else OTHER
    new = new_event(vehicle_no, image=b"\xff\xd8" + mark.encode() * 300 + b"\xff\xd9", kind=kind)
    event = replace(
        new.event,
        plate=Plate(text=f"PLATE{vehicle_no}" if where else OTHER),
        at_utc_ns=new.event.at_utc_ns + vehicle_no * NS,
    )
    event = FIELDS[where](event) if where else event
    (data,) = new.images.values()
    return replace(new, event=event, images={event.images[0].image_key: data})


def settle(bench: Bench, count: int = 1000) -> None:
    """Deliver so many, each third of them after it was parked with the plate in the receiver's words."""
    for number in range(count):
        delivery = bench.outbox.take(1)
        if delivery is None:
            break
        if number % 3:
            bench.outbox.done(delivery)
        else:
            bench.outbox.park(delivery, why="HTTP 422", words=f"do not know {PLATE}")
    bench.outbox.parking.retry(1)
    while (delivery := bench.outbox.take(1)) is not None:
        bench.outbox.done(delivery)
    bench.outbox.flush()


def answers(outbox: Outbox) -> bytes:
    """All that the outbox says of what it holds."""
    found = outbox.history.search(EventQuery(limit=1000)).events
    pictures = [
        outbox.history.image(one.seq, key) or b"" for one in found for key in one.image_keys
    ]
    parked = [repr(row).encode() for row in outbox.parking.listed()]
    texts = json.dumps([found_plain(one, "UTC") for one in found], ensure_ascii=False).encode()
    return b"\0".join([texts, *pictures, *parked, repr(outbox.status()).encode()])


def is_clean(bench: Bench) -> None:
    assert traces_in(bench.path, PLATE) == {}
    assert traces(answers(bench.outbox), PLATE) == []


@pytest.mark.parametrize("where", FIELDS)
def test_of_every_field_nothing_is_left(bench: Bench, where: str) -> None:
    bench.outbox.put([said(1, where), said(2)])
    settle(bench)
    assert traces_in(bench.path, PLATE)
    assert traces(answers(bench.outbox), PLATE)
    erased = bench.outbox.history.erase(plate="äk-368 erase")
    assert (erased.events, erased.pictures, erased.waiting) == (1, 1, ())
    assert bench.outbox.history.status().events == 1
    is_clean(bench)
    (left,) = bench.outbox.history.search(EventQuery()).events
    assert left.event.plate.text == OTHER
    bench.reopen()
    is_clean(bench)
    assert bench.outbox.knows(said(1, where).event.event_id)
    assert bench.outbox.status().lost_events == 0


def test_copies_texts_used_segments_and_the_spare_file_are_clean(tmp_path: Path) -> None:
    """Small bounds: segments are given back, texts are copied, files are used again."""
    clock = FakeClock()
    settings = OutboxSettings(path=tmp_path / "outbox", max_bytes=4 << 20, history_bytes=3 << 20)
    outbox = Outbox(settings, clock=clock)
    outbox.profile_id("gate")
    names = [name for name in FIELDS if name != "key"]  # a text has no pictures
    for number in range(1, 400):
        new = said(number, names[number % len(names)] if number % 2 else "")
        key = new.event.images[0].image_key
        outbox.put([replace(new, images={key: new.images[key] * 8})])
        delivery = outbox.take(1)
        assert delivery is not None
        if number == 1:  # it waits all the time, and is moved
            outbox.postpone(delivery, due_mono_ns=clock.now_mono_ns + 10**6 * NS)
        else:
            outbox.done(delivery)
        clock.advance(1)
    assert outbox._store.log.numbers(Purpose.TEXT)
    assert min(outbox._store.log.numbers()) > 1
    erased = outbox.history.erase(plate=PLATE)
    assert [count for _, count in erased.waiting] == [1]
    assert traces_in(settings.path, PLATE)  # what waits
    erased = outbox.history.erase(plate=PLATE, undelivered=True)
    assert (erased.events, erased.waiting) == (1, ())
    assert traces_in(settings.path, PLATE) == {}
    assert {
        one.event.plate.text for one in outbox.history.search(EventQuery(limit=1000)).events
    } == {OTHER}
    outbox.close()


@pytest.mark.parametrize("how", [{"plate": PLATE}, {"everything": True}, {"before_utc_ns": 2**62}])
def test_what_is_broken_is_blanked(bench: Bench, how: dict[str, object]) -> None:
    new = said(1, "plate")
    bench.outbox.put([said(2), new])
    settle(bench)
    damage_event(bench, new)
    bench.outbox.history.erase(**how)  # type: ignore[arg-type]
    assert inverted(traces_in_inverted(bench.path)) == []
    is_clean(bench)
    bench.crash()
    is_clean(bench)


def damage_event(bench: Bench, new: NewEvent) -> None:
    """Break record and picture, but for most of their bytes: all are inverted."""
    ledger = bench.outbox._store.ledger
    seq = ledger.seq_of(bytes.fromhex(new.event.event_id))
    assert seq is not None
    damage(bench.outbox, ledger.place(seq))
    damage(bench.outbox, ledger.image(seq))


def traces_in_inverted(folder: Path) -> bytes:
    content = b"".join(path.read_bytes() for path in sorted(folder.glob("*.log")))
    return bytes(255 - byte for byte in content)


def inverted(content: bytes) -> list[bytes]:
    return traces(content, PLATE)


def test_what_is_broken_and_later_than_the_time_stays(bench: Bench) -> None:
    old, late = said(1), said(500, "plate")
    bench.outbox.put([old])
    settle(bench)
    for purpose in Purpose:
        bench.outbox._store.log.close_segment(purpose)
    bench.outbox.put([said(499)])
    settle(bench)
    for purpose in Purpose:
        bench.outbox._store.log.close_segment(purpose)
    bench.outbox.put([said(498), late])
    settle(bench)
    damage_event(bench, late)
    assert bench.outbox.history.erase(before_utc_ns=old.event.at_utc_ns + 1).events == 1
    assert inverted(traces_in_inverted(bench.path))


def test_a_segment_that_lost_header_and_directory_is_clean(bench: Bench) -> None:
    bench.outbox.put([said(1, "previous"), said(2)])
    settle(bench)
    bench.outbox.put([said(3, "meant")])
    settle(bench)
    (segment,) = bench.outbox._store.log.numbers(Purpose.EVENTS)
    path = file_of(bench.outbox, segment)
    bench.outbox.close()
    with path.open("r+b") as file:
        file.write(bytes(64))
    bench.open()
    assert bench.outbox.history.erase(plate=PLATE).events == 2
    is_clean(bench)


def test_a_plate_that_nobody_remembers_any_more_is_gone_from_used_files(bench: Bench) -> None:
    bench.outbox.put([said(1, "plate")])
    settle(bench)
    log = bench.outbox._store.log
    log.close_segment(Purpose.EVENTS)
    spare = bench.path / "spare.log"
    spare.write_bytes(file_of(bench.outbox, min(log.numbers())).read_bytes())
    bench.outbox.history.erase(everything=True)
    assert traces_in(bench.path, PLATE) == {}


def test_a_half_blanked_spare_file_is_blanked_whole(bench: Bench) -> None:
    bench.outbox.put([said(2)])
    size = (bench.path / "spare.log").stat().st_size
    content = bytes(size - 4096) + PLATE.encode() * 100
    (bench.path / "spare.log").write_bytes(content.ljust(size, b"\0"))
    (bench.path / "fresh.log").write_bytes(PLATE.encode())
    assert bench.outbox.history.erase(plate=PLATE).events == 0
    is_clean(bench)


def test_events_that_are_kept_are_named_by_their_place(bench: Bench) -> None:
    bench.outbox.profile_id("gate")
    bench.outbox.put([said(1, "candidates"), said(2), said(3, "list", kind=EventKind.NEW)])
    first = bench.outbox.take(1)
    assert first is not None
    bench.outbox.done(first)
    erased = bench.outbox.history.erase(plate=PLATE)
    assert erased.seqs == {1}
    assert erased.kept == {3}
    assert erased.waiting == (("gate", 1),)
    assert bench.outbox.history.seq_of(said(1).event.event_id) == 1
    assert bench.outbox.history.seq_of("unheard-of") is None
    states = {one.seq: one.states for one in bench.outbox.history.search(EventQuery()).events}
    assert states == {2: (EventState.WAITING,), 3: (EventState.WAITING,)}


@pytest.mark.parametrize("dies_at", range(8))
def test_what_a_crash_leaves_is_erased_at_the_next_start(bench: Bench, dies_at: int) -> None:
    """Pictures go before records, records before directories: a crash in between hides nothing from the next start."""
    bench.outbox.put([said(n, name) for n, name in enumerate(FIELDS, start=1)] + [said(99)])
    settle(bench)
    overwrite, left, is_cut_off = Log.overwrite, dies_at, False

    def dies(log: Log, segment: int, frames: list[tuple[int, bytes]]) -> None:
        nonlocal left
        if not left:
            overwrite(log, segment, frames[: len(frames) // 2])
            raise StorageError("the power went")
        left -= 1
        overwrite(log, segment, frames)

    with mock.patch.object(Log, "overwrite", dies):
        try:
            bench.outbox.history.erase(plate=PLATE)
        except OutboxError:
            crash(bench.outbox)
            is_cut_off = True
    if is_cut_off:
        bench.open()
    is_clean(bench)
    assert [one.event.vehicle_no for one in bench.outbox.history.search(EventQuery()).events] == [
        99
    ]
    assert bench.outbox._store.log.trouble == ""


def test_what_an_ill_disk_left_is_erased_when_it_is_well(bench: Bench) -> None:
    bench.outbox.put([said(1, "plate"), said(2)])
    settle(bench)
    with (
        mock.patch.object(Log, "overwrite", side_effect=StorageError("the disk fails")),
        pytest.raises(OutboxError, match="the disk fails"),
    ):
        bench.outbox.history.erase(plate=PLATE)
    assert traces_in(bench.path, PLATE)
    bench.clock.advance(2)
    bench.outbox.tick()
    bench.outbox.tick()
    is_clean(bench)


def test_a_refused_erasure_of_what_waits_drops_nothing(bench: Bench) -> None:
    bench.outbox.put([said(1, "plate")])
    heal = fall_ill()
    with pytest.raises(OutboxError, match="no space left"):
        bench.outbox.history.erase(plate=PLATE, undelivered=True)
    heal()
    delivery = bench.outbox.take(1)
    assert delivery is not None
    assert delivery.event.plate.text == PLATE


def test_a_picture_whose_event_was_never_written_is_gone(bench: Bench) -> None:
    kept = said(2)
    bench.outbox.put([kept])
    orphan = b"\xff\xd8" + PLATE.encode() * 100
    with bench.outbox._writer.turn:
        assert bench.outbox._writer.write(lambda group: group.image(77, PLATE, orphan), 2000)
    assert traces_in(bench.path, PLATE)
    assert bench.outbox.history.erase(plate=PLATE).events == 0
    is_clean(bench)
    bench.outbox._store.log.close_segment(Purpose.EVENTS)  # which tells of all its pictures
    is_clean(bench)
    delivery = bench.reopen().take(1)
    assert delivery is not None
    assert delivery.images == kept.images


def test_a_directory_that_was_written_on_behind_is_clean(bench: Bench) -> None:
    """A crash between directory and trailer: the next process takes the segment up as an open one."""
    bench.outbox.put([said(1, "plate")])
    settle(bench)
    log = bench.outbox._store.log
    (segment,) = log.numbers(Purpose.EVENTS)
    log.close_segment(Purpose.EVENTS)
    path = file_of(bench.outbox, segment)
    with path.open("r+b") as file:
        file.seek(-32, os.SEEK_END)
        file.write(bytes(32))
    bench.crash()
    bench.outbox.put([said(2)])
    assert bench.outbox.history.erase(plate=PLATE).events == 1
    is_clean(bench)
