"""Keys and numbers of profiles, through restarts, damage, and disks that come late."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.watermark import SLOT_BYTES
from tests.fakes import JPEG, FakeClock, crash, new_event

if TYPE_CHECKING:
    from pathlib import Path


def opened(folder: Path, clock: FakeClock | None = None) -> Outbox:
    return Outbox(OutboxSettings(path=folder / "o.sqlite3"), clock=clock or FakeClock())


def taken(outbox: Outbox, key: str) -> list[tuple[int, int]]:
    """Vehicle and packet of everything that waits for a profile."""
    found = []
    while (delivery := outbox.take(outbox.profile_id(key))) is not None:
        found.append((delivery.event.vehicle_no, delivery.packet))
        outbox.done(delivery)
    return found


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


def test_numbers_outlive_the_file_in_the_watermark(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    assert [outbox.profile_id(key) for key in ("vms", "g\xe4te")] == [1, 2]
    outbox.put([new_event(1, wanted_by=(1, 2))])
    outbox.close()
    (tmp_path / "o.sqlite3").unlink()
    outbox = opened(tmp_path)
    assert outbox.profile_ids() == {"vms": 1, "g\xe4te": 2}
    outbox.put([new_event(2, wanted_by=(2,))])
    assert taken(outbox, "g\xe4te") == [(2, 2)]
    outbox.close()


def test_the_file_is_believed_before_the_watermark(tmp_path: Path) -> None:
    for folder, keys in (("a", ("vms", "gate", "lane")), ("b", ("gate", "vms"))):
        (tmp_path / folder).mkdir()
        outbox = opened(tmp_path / folder)
        for key in keys:
            outbox.profile_id(key)
        outbox.put([new_event(1)])
        outbox.close()
    shutil.copy(tmp_path / "a" / "o.sqlite3.mark", tmp_path / "b" / "o.sqlite3.mark")
    outbox = opened(tmp_path / "b")
    assert outbox.profile_ids() == {"gate": 1, "vms": 2, "lane": 3}
    outbox.close()


def test_numbers_torn_in_the_watermark_are_taken_from_the_file(tmp_path: Path) -> None:
    outbox = opened(tmp_path)
    outbox.profile_id("vms")
    outbox.put([new_event(1)])
    outbox.close()
    with (tmp_path / "o.sqlite3.mark").open("r+b") as file:
        file.seek(2 * SLOT_BYTES + 12)
        file.write(b"\0\0")
    outbox = opened(tmp_path)
    assert outbox.profile_ids() == {"vms": 1}
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
