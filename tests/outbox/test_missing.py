"""What should be in the log and is not: said, counted where that can be known, and no number given again."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import NewEvent, Outbox
from cammra_edge.outbox.check import check_folder
from cammra_edge.storing import LogGroup
from tests.fakes import FakeClock, crash, new_event
from tests.outbox.logs import log_at, replayed

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 4 << 20
"""A bound that makes segments of 256 KiB."""
EVENTS = 40
PICTURE = random.Random(1).randbytes(24_000)  # noqa: S311 - noise


def settings_at(path: Path, **more: object) -> OutboxSettings:
    return OutboxSettings(path=path, durability="process", max_bytes=SMALL, **more)  # type: ignore[arg-type]  # any of them


def opened(path: Path, **more: object) -> Outbox:
    return Outbox(settings_at(path, **more), clock=FakeClock())


def said(number: int) -> NewEvent:
    """A vehicle's only event, so that nothing of it is needed once it is delivered."""
    return new_event(number, image=PICTURE, image_key=f"v{number}", kind=EventKind.LOST)


def filled(path: Path) -> Path:
    """Several segments, each event in a group of its own, as a killed process leaves them."""
    outbox = opened(path)
    for number in range(1, EVENTS + 1):
        outbox.put([said(number)])
    crash(outbox)
    assert len(segments(path)) > 3
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return filled(tmp_path / "o")


def segments(path: Path) -> list[Path]:
    return sorted(path.glob("events-*.log"))


def packets(outbox: Outbox) -> list[int]:
    taken: list[int] = []
    while (delivery := outbox.take(1)) is not None:
        taken.append(delivery.packet)
        outbox.done(delivery)
    return taken


def fresh_packet(outbox: Outbox, number: int = 1000) -> int:
    """The number of an event that is put now; what a crash repeats comes before it."""
    packets(outbox)
    outbox.put([new_event(number)])
    (packet,) = packets(outbox)
    return packet


def findings(path: Path) -> str:
    return "; ".join(check_folder(path, clock=FakeClock()).findings)


def test_a_killed_outbox_misses_nothing(path: Path) -> None:
    assert not findings(path)
    outbox = opened(path)
    assert packets(outbox) == [*range(1, EVENTS + 1)]
    assert (outbox.status().damage, outbox.status().lost_events) == ("", 0)
    assert fresh_packet(outbox) == EVENTS + 1
    outbox.close()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_segment_missing_in_the_middle_is_counted_to_the_event(path: Path, which: int) -> None:
    segments(path)[which].unlink()
    assert f"segment {which + 1} is not there" in findings(path)
    outbox = opened(path)
    taken = packets(outbox)
    assert outbox.status().lost_events == EVENTS - len(taken) > 0
    assert outbox.status().damage == f"segment {which + 1} is not there"
    assert fresh_packet(outbox) == EVENTS + 1
    outbox.close()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_segment_that_was_half_copied_to_its_full_length_is_counted(
    path: Path, which: int
) -> None:
    with segments(path)[which].open("r+b") as segment:
        size = segments(path)[which].stat().st_size
        segment.truncate(size // 2 // 4096 * 4096)
        segment.truncate(size)
    assert f"segment {which + 1} ends early" in findings(path)
    outbox = opened(path)
    taken = packets(outbox)
    assert outbox.status().lost_events == EVENTS - len(taken) > 0
    assert f"segment {which + 1} ends early" in outbox.status().damage
    assert fresh_packet(outbox) == EVENTS + 1
    outbox.close()


def test_numbers_that_were_passed_over_are_no_loss_at_the_next_start(path: Path) -> None:
    segments(path)[-1].unlink()
    outbox = opened(path)
    first = packets(outbox)
    lost = outbox.status().lost_events
    packet = fresh_packet(outbox)
    assert packet > EVENTS + 1
    car_id = outbox.car_id("gate", 4711)
    assert car_id > EVENTS + 1
    crash(outbox)
    outbox = opened(path)
    assert outbox.status().lost_events <= lost <= EVENTS - len(first)
    # Once is enough: what was written since tells how far the log goes.
    assert fresh_packet(outbox, 1001) == packet + 1
    outbox.close()


def test_a_segment_cut_short_costs_numbers_once_and_is_counted_once_it_can_be(path: Path) -> None:
    last = segments(path)[-1]
    with last.open("r+b") as segment:
        segment.truncate(60_000)
    outbox = opened(path)
    there = len(packets(outbox))
    packet = fresh_packet(outbox)
    crash(outbox)
    outbox = opened(path)
    assert outbox.status().lost_events <= EVENTS - there
    assert fresh_packet(outbox, 1001) == packet + 1
    outbox.close()


def test_a_mark_of_yesterday_is_harmless(path: Path, tmp_path: Path) -> None:
    outbox = opened(path)
    outbox.close()
    shutil.copy(path / "mark", tmp_path / "yesterday")
    outbox = opened(path)
    for number in range(EVENTS + 1, 2 * EVENTS + 1):
        outbox.put([said(number)])
    crash(outbox)
    shutil.copy(tmp_path / "yesterday", path / "mark")
    assert not findings(path)
    outbox = opened(path)
    assert packets(outbox) == [*range(1, 2 * EVENTS + 1)]
    assert not outbox.status().damage
    assert fresh_packet(outbox) == 2 * EVENTS + 1
    crash(outbox)
    # It says that the outbox was closed; the log, that it was written to since.
    shutil.copy(tmp_path / "yesterday", path / "mark")
    with segments(path)[-1].open("r+b") as segment:
        segment.truncate(8192)
    outbox = opened(path)
    packets(outbox)
    assert outbox.status().damage
    assert fresh_packet(outbox, 1001) > 2 * EVENTS + 2
    outbox.close()


def test_a_mark_of_another_camera_counts_for_nothing(path: Path, tmp_path: Path) -> None:
    other = opened(tmp_path / "other")
    other.profile_id("a profile of the other one")
    for number in range(3 * EVENTS):
        other.put([new_event(number)])
    other.close()
    shutil.copy(tmp_path / "other" / "mark", path / "mark")
    assert not findings(path)
    outbox = opened(path)
    assert packets(outbox) == [*range(1, EVENTS + 1)]
    assert (outbox.status().damage, outbox.status().lost_events) == ("", 0)
    assert outbox.profile_ids() == {}
    assert fresh_packet(outbox) == EVENTS + 1
    outbox.close()


@pytest.mark.parametrize("history_days", [0.0, 7.0])
def test_a_segment_that_was_given_back_is_not_missed(tmp_path: Path, history_days: float) -> None:
    path = tmp_path / "o"
    more = {"history_days": history_days, "history_bytes": SMALL}
    outbox = opened(path, **more)
    for number in range(1, 8 * EVENTS + 1):
        outbox.put([said(number)])
        delivery = outbox.take(1)
        assert delivery is not None
        outbox.done(delivery)
    crash(outbox)
    assert "events-0000000001.log" not in {file.name for file in segments(path)}
    assert not findings(path)
    outbox = opened(path, **more)
    assert (outbox.status().damage, outbox.status().lost_events) == ("", 0)
    packets(outbox)
    assert fresh_packet(outbox) == 8 * EVENTS + 1
    outbox.close()


def test_a_disk_that_is_tried_again_does_not_repeat_what_is_missing(path: Path) -> None:
    segments(path)[1].unlink()
    outbox = opened(path)
    damage = outbox.status().damage
    for _ in range(3):
        with outbox._writer.turn:
            outbox._writer.heal()
    assert outbox.status().damage == damage
    outbox.close()


def test_a_segment_that_went_while_running_was_written_anew_and_is_not_missed(path: Path) -> None:
    outbox = opened(path)
    packets(outbox)
    outbox.flush()
    segments(path)[1].unlink()
    outbox._look()
    with outbox._writer.turn:
        outbox._writer.heal()
    assert outbox.status().durable
    crash(outbox)
    assert not findings(path)
    outbox = opened(path)
    assert (outbox.status().damage, outbox.status().lost_events) == ("", 0)
    assert packets(outbox) == []
    outbox.close()


def break_event(path: Path, outbox: Outbox, seq: int) -> None:
    """Close it, and overwrite the middle of one event."""
    place = outbox._store.ledger.place(seq)
    assert place is not None
    outbox.close()
    with segments(path)[place[0] - 1].open("r+b") as segment:
        segment.seek(place[1] + place[2] // 2)
        segment.write(b"\xff" * 8)


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_of_few_events_in_the_first_segment_each_that_is_damaged_is_counted(
    tmp_path: Path, seq: int
) -> None:
    outbox = opened(tmp_path / "o")
    for number in (1, 2, 3):
        outbox.put([new_event(number)])
    break_event(tmp_path / "o", outbox, seq)
    outbox = opened(tmp_path / "o")
    assert outbox.status().lost_events == 1
    assert "cannot be read" in outbox.status().damage
    assert packets(outbox) == [number for number in (1, 2, 3) if number != seq]
    outbox.close()


@pytest.mark.parametrize("is_told", [True, False])
def test_places_never_given_in_front_of_a_damaged_event_are_not_counted(
    tmp_path: Path, *, is_told: bool
) -> None:
    path = tmp_path / "disk" / "o"
    (tmp_path / "disk").write_text("the disk comes late, and numbers begin after the clock")
    outbox = opened(path)
    outbox.put([new_event(1)])
    (tmp_path / "disk").unlink()
    (tmp_path / "disk").mkdir()
    with outbox._writer.turn:
        outbox._writer.heal()
    outbox.put([new_event(2)])
    first = outbox._store.ledger.highest[0] - 1
    assert first > 1 << 20
    break_event(path, outbox, first)
    if not is_told:
        with segments(path)[0].open("r+b") as segment:
            segment.seek(200)
            segment.write(b"\xff" * 8)
    outbox = opened(path)
    assert outbox.status().lost_events == int(is_told)
    assert "cannot be read" in outbox.status().damage
    outbox.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_bit_flipped_in_the_last_event_is_noticed(path: Path, *, closed: bool) -> None:
    outbox = opened(path)
    place = outbox._store.ledger.place(EVENTS)
    assert place is not None
    outbox.close() if closed else crash(outbox)
    with segments(path)[-1].open("r+b") as segment:
        segment.seek(place[1] + place[2] // 2)
        byte = segment.read(1)[0]
        segment.seek(-1, 1)
        segment.write(bytes([byte ^ 1]))
    assert "the last 1 events that were stored are not there" in findings(path) or closed
    outbox = opened(path)
    assert packets(outbox) == [*range(1, EVENTS)]
    assert outbox.status().lost_events + sum(outbox.tally(1).dropped.values()) == 1
    packet = fresh_packet(outbox)
    # Others may have lain behind it, unless it is known how many were given.
    assert packet == EVENTS + 1 if closed else EVENTS + 1 < packet < 2 * EVENTS + 256
    outbox.close()


@pytest.mark.parametrize(
    "state",
    [
        b'{"segments":["1",null,{},2]}',
        b'{"segments":7}',
        b'{"segments":{"3":4}}',
        b'{"given_back:x":1,"given_back:":1,"given_back:-1":1}',
        b'{"skipped:a":"b","skipped:9":"c","skipped:":3}',
        b'{"segments":[1],"last_seq":"many"}',
        b'["segments":]',
        b'[{"segments":1,"skipped:1":2}]',
    ],
)
def test_a_state_that_says_nonsense_stops_no_start(path: Path, state: bytes) -> None:
    log = log_at(path, max_bytes=SMALL)
    log.open()
    replayed(log)
    place = log.place(1000)
    group = LogGroup(log.store_id, place.segment, place.offset)
    group.state(state)
    log.write(group)
    log.close()
    check_folder(path, clock=FakeClock())
    outbox = opened(path)
    assert packets(outbox) == [*range(1, EVENTS + 1)]
    outbox.close()
