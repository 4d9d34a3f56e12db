"""Keys and numbers of profiles, through restarts, damage, and disks that come late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.mark import SLOT_BYTES
from tests.fakes import JPEG, FakeClock, crash, new_event

if TYPE_CHECKING:
    from pathlib import Path


def opened(folder: Path, clock: FakeClock | None = None) -> Outbox:
    return Outbox(OutboxSettings(path=folder / "o"), clock=clock or FakeClock())


def taken(outbox: Outbox, key: str) -> list[tuple[int, int]]:
    """Vehicle and packet of everything that waits for a profile."""
    found = []
    while (delivery := outbox.take(outbox.profile_id(key))) is not None:
        found.append((delivery.event.vehicle_no, delivery.packet))
        outbox.done(delivery)
    return found


def remove_segments(folder: Path) -> None:
    for file in folder.glob("*.log"):
        file.unlink()


def test_numbers_are_given_in_the_order_in_which_keys_appear_and_kept(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    assert [outbox.profile_id(key) for key in ("vms", "gate", "vms")] == [1, 2, 1]
    outbox.close()
    outbox = opened(tmp_path)
    assert [outbox.profile_id(key) for key in ("lane", "gate", "vms")] == [3, 2, 1]
    assert outbox.profile_ids() == {"vms": 1, "gate": 2, "lane": 3}
    outbox.close()


def test_a_crash_after_the_first_event_forgets_no_number(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    assert [outbox.profile_id(key) for key in ("vms", "gate")] == [1, 2]
    outbox.put([new_event(1, wanted_by=(2,))])
    crash(outbox)
    outbox = opened(tmp_path)
    assert outbox.profile_id("gate") == 2
    outbox.close()


def test_numbers_outlive_the_log_beside_the_mark(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    assert [outbox.profile_id(key) for key in ("vms", "g\xe4te")] == [1, 2]
    outbox.put([new_event(1, wanted_by=(1, 2))])
    outbox.close()
    remove_segments(tmp_path / "o")
    outbox = opened(tmp_path)
    assert outbox.profile_ids() == {"vms": 1, "g\xe4te": 2}
    outbox.put([new_event(2, wanted_by=(2,))])
    assert taken(outbox, "g\xe4te") == [(2, 2)]
    outbox.close()


def test_numbers_torn_beside_the_mark_are_taken_from_the_log(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox.profile_id("vms")
    outbox.put([new_event(1)])
    outbox.close()
    with (tmp_path / "o" / "mark").open("r+b") as file:
        file.seek(2 * SLOT_BYTES + 12)
        file.write(b"\0\0")
    outbox = opened(tmp_path)
    assert outbox.profile_ids() == {"vms": 1}
    outbox.close()


def test_no_number_is_given_again_when_log_and_mark_are_gone(tmp_path: Path) -> None:
    """All that is left of the folder cannot be read: the seconds since 1970 are beyond every number."""
    outbox = opened(tmp_path)
    outbox.put([new_event(1)])
    outbox.close()
    for file in (tmp_path / "o").glob("*.log"):
        with file.open("r+b") as segment:
            segment.seek(64)
            segment.write(bytes(file.stat().st_size - 64))
    (tmp_path / "o" / "mark").unlink()
    outbox = opened(tmp_path)
    outbox.put([new_event(2)])
    ((vehicle_no, packet),) = taken(outbox, "gate")
    assert vehicle_no == 2
    assert packet > 1_000_000_000
    crash(outbox)
    outbox = opened(tmp_path)
    assert [outbox.profile_id(key) for key in ("gate", "vms")] == [1, 2]
    outbox.put([new_event(3, wanted_by=(2,))])
    ((_, packet),) = taken(outbox, "vms")
    assert packet > 1_000_000_000, "it may have had packets before, too"
    outbox.close()


def test_a_disk_that_comes_late_and_numbers_otherwise_mixes_nothing_up(tmp_path: Path) -> None:
    """The card is not there at the start, and the script names its profiles in another order than before."""
    card, clock = tmp_path / "card", FakeClock()
    card.mkdir()
    outbox = opened(card, clock)
    assert [outbox.profile_id(key) for key in ("vms", "gate", "lane")] == [1, 2, 3]
    outbox.put([new_event(1, wanted_by=(1,), image=JPEG), new_event(2, wanted_by=(2, 3))])
    outbox.close()
    away = card.rename(tmp_path / "away")
    card.write_text("no folder: the card is not there")
    outbox = opened(card, clock)
    assert [outbox.profile_id(key) for key in ("gate", "vms")] == [1, 2]
    outbox.put([new_event(3, wanted_by=(1,)), new_event(4, wanted_by=(2,))])
    assert not outbox.status().durable
    card.unlink()
    away.rename(card)
    clock.advance(2)
    outbox.tick()
    assert outbox.status().durable
    assert outbox.profile_ids() == {"gate": 1, "vms": 2, "lane": 3}
    first = outbox.take(2)
    assert first is not None
    assert (first.event.vehicle_no, first.packet, len(first.images)) == (1, 1, 1)
    outbox.done(first)
    for key, vehicles in (("vms", [4]), ("gate", [2, 3]), ("lane", [2])):
        assert [vehicle for vehicle, _ in taken(outbox, key)] == vehicles
    outbox.close()
    outbox = opened(card, clock)
    assert outbox.profile_ids() == {"gate": 1, "vms": 2, "lane": 3}
    outbox.close()


def test_what_a_late_disk_counted_is_counted_once(tmp_path: Path) -> None:
    card, clock = tmp_path / "card", FakeClock()
    card.mkdir()
    outbox = opened(card, clock)
    outbox.put([new_event(n) for n in (1, 2, 3)])
    assert taken(outbox, "gate") == [(1, 1), (2, 2), (3, 3)]
    outbox.close()
    away = card.rename(tmp_path / "away")
    card.write_text("no folder: the card is not there")
    outbox = opened(card, clock)
    outbox.profile_id("gate")
    outbox.put([new_event(4), new_event(5)])
    assert len(taken(outbox, "gate")) == 2
    card.unlink()
    away.rename(card)
    clock.advance(2)
    outbox.tick()
    assert outbox.status().durable
    assert (outbox.tally(1).put, outbox.tally(1).delivered) == (5, 5)
    outbox.close()
    outbox = opened(card, clock)
    assert (outbox.tally(1).put, outbox.tally(1).delivered) == (5, 5)
    assert taken(outbox, "gate") == []
    outbox.close()


def test_a_backlog_renumbered_once_stays_so_over_restarts(tmp_path: Path) -> None:
    card, clock = tmp_path / "card", FakeClock()
    card.mkdir()
    outbox = opened(card, clock)
    assert [outbox.profile_id(key) for key in ("vms", "gate")] == [1, 2]
    outbox.put([new_event(n, wanted_by=(1,)) for n in (1, 2)])
    outbox.put([new_event(3, wanted_by=(2,))])
    outbox.close()
    away = card.rename(tmp_path / "away")
    card.write_text("no folder: the card is not there")
    outbox = opened(card, clock)
    assert [outbox.profile_id(key) for key in ("gate", "vms")] == [1, 2]
    card.unlink()
    away.rename(card)
    clock.advance(2)
    outbox.tick()
    assert outbox.status().durable
    crash(outbox)
    for _ in range(2):
        outbox = opened(card, clock)
        assert outbox.profile_ids() == {"gate": 1, "vms": 2}
        assert (outbox.waiting(1).events, outbox.waiting(2).events) == (1, 2)
        crash(outbox)
    outbox = opened(card, clock)
    assert taken(outbox, "vms") == [(1, 1), (2, 2)]
    assert taken(outbox, "gate") == [(3, 1)]
    outbox.close()


def test_a_backlog_stays_with_its_key_when_its_segment_is_used_again(tmp_path: Path) -> None:
    """Its receiver's address was wrong for long; the others' events came and went meanwhile."""
    settings = OutboxSettings(path=tmp_path / "o", max_bytes=4 << 20, history_bytes=1 << 20)
    outbox = Outbox(settings, clock=FakeClock())
    assert [outbox.profile_id(key) for key in ("gate", "vms")] == [1, 2]
    outbox.put([new_event(n, wanted_by=(2,), image=JPEG, kind=EventKind.LOST) for n in (1, 2)])
    for number in range(100, 200):
        picture = bytes(range(256)) * 160
        outbox.put([new_event(number, wanted_by=(1,), image=picture, kind=EventKind.LOST)])
        assert [vehicle for vehicle, _ in taken(outbox, "gate")] == [number]
    assert not (settings.path / "events-0000000001.log").exists()
    outbox.flush()
    crash(outbox)
    outbox = Outbox(settings, clock=FakeClock())
    assert [outbox.profile_id(key) for key in ("vms", "lane", "gate")] == [2, 3, 1]
    assert taken(outbox, "gate") == taken(outbox, "lane") == []
    first = outbox.take(2)
    assert first is not None
    assert [*first.images.values()] == [JPEG]
    outbox.put_back(first)
    assert taken(outbox, "vms") == [(1, 1), (2, 2)]
    outbox.put([new_event(3, wanted_by=(2,))])
    assert taken(outbox, "vms") == [(3, 3)]
    outbox.close()
