"""A process that dies at any call that changes the disk leaves a healthy outbox: no damage, no gap in the numbers.

Where the power goes with it, nothing is lost that was stored.
"""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox
from tests.fakes import FakeClock, crash, new_event
from tests.property.crashing import DiedError, Mortal
from tests.property.power import Disk

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = random.Random(1).randbytes(70_000)  # noqa: S311 - noise
EVENTS = 9
"""They fill two segments and begin a third."""


class Life:
    """What an outbox goes through until it dies; `stored` of its events are certain."""

    def __init__(self, path: Path) -> None:
        self.clock = FakeClock()
        self.settings = OutboxSettings(path=path, max_bytes=4 << 20)
        self.stored = 0
        self.waits: set[int] = set()

    def open(self) -> Outbox:
        self.clock = self.clock.restarted()
        self.outbox = Outbox(self.settings, clock=self.clock)
        self.outbox.profile_id("vms")
        return self.outbox

    def live(self) -> None:
        outbox = self.open()
        for number in range(1, EVENTS + 1):
            outbox.put([new_event(number, image=PICTURE, kind=EventKind.LOST)])
            self.stored = number
            self.waits.add(number)
            if number % 2:
                delivery = outbox.take(1)
                assert delivery is not None
                outbox.done(delivery)
                self.waits.discard(delivery.event.vehicle_no)
            self.clock.advance(0.3)
            outbox.tick()
            if number == EVENTS // 2:
                outbox.profile_id("gate")
                outbox.history.erase(everything=True)
        outbox.close()

    def check(self) -> None:
        """It is as if the process had been stopped between two events."""
        outbox = self.open()
        status = outbox.status()
        assert (status.damage, status.lost_events) == ("", 0)
        outbox.put([new_event(1000 + self.stored, kind=EventKind.LOST, car_id=1)])
        last = 0
        while (delivery := outbox.take(1)) is not None:
            last = delivery.packet
            outbox.done(delivery)
        assert last in {self.stored + 1, self.stored + 2}  # the one it died with may be there
        assert outbox.car_id("run-1", 2000) <= EVENTS + 2
        self.stored = last


def test_numbers_begin_at_one_behind_a_process_that_died_before_its_first_event(
    tmp_path: Path,
) -> None:
    """Its door for other processes is left behind."""
    life = Life(tmp_path / "o")
    life.open()
    (tmp_path / "o" / "socket").touch()
    crash(life.outbox)
    life.check()
    assert life.stored == 1


def test_numbers_begin_at_one_though_many_died_while_they_made_the_first_segment(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path / "o")
    for _ in range(3):
        life.open()
        mortal = Mortal(dies_at=4)  # its header is there, its name is not
        with pytest.raises(DiedError), mortal.living():
            life.outbox.put([new_event(1)])
        assert (tmp_path / "o" / "fresh.log").is_file()
        crash(life.outbox)
    life.check()
    assert life.stored == 1


def calls_of(life: Life) -> int:
    mortal = Mortal()
    with mortal.living():
        life.live()
    return mortal.calls


@pytest.mark.parametrize("part", [0, 3, 8])
def test_a_death_at_any_call_is_no_damage_and_makes_no_gap(tmp_path: Path, part: int) -> None:
    calls = calls_of(Life(tmp_path / "whole"))
    assert calls > 60
    for dies_at in range(1, calls + 1):
        life = Life(tmp_path / str(dies_at))
        mortal = Mortal(dies_at, part)
        with pytest.raises(DiedError), mortal.living():
            life.live()
        mortal.bury()
        life.check()
        life.outbox.history.erase(everything=True)
        crash(life.outbox)
        life.check()
        crash(life.outbox)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_power_cut_at_any_call_loses_nothing_that_was_stored(tmp_path: Path, seed: int) -> None:
    calls = calls_of(Life(tmp_path / "whole"))
    for dies_at in range(1, calls + 1):
        chance = random.Random(1000 * seed + dies_at)  # noqa: S311 - not a secret
        life = Life(tmp_path / str(dies_at))
        with closing(Disk(tmp_path / str(dies_at))) as disk:
            mortal = Mortal(dies_at, chance.randint(0, 8), disk)
            with pytest.raises(DiedError), mortal.living():
                life.live()
            mortal.bury()
            disk.cut(chance)
        outbox = life.open()
        for number in range(1, life.stored + 1):
            assert outbox.knows(new_event(number).event.event_id)
        taken = set()
        while (delivery := outbox.take(1)) is not None:
            is_certain = delivery.event.vehicle_no <= life.stored
            assert len(delivery.images) == 1 or not is_certain
            taken.add(delivery.event.vehicle_no)
            outbox.done(delivery)
        assert taken >= life.waits, "what waits is lost"
        outbox.put([new_event(1000)])
        new = outbox.take(1)
        assert new is not None
        assert new.packet > life.stored
        crash(outbox)


@pytest.mark.parametrize("seed", range(8))
def test_what_a_start_found_unflushed_is_not_taken_back_by_a_power_cut(
    tmp_path: Path, seed: int
) -> None:
    """It may be delivered from then on, under a number that is not to be given again."""
    life = Life(tmp_path / "o")
    with closing(Disk(tmp_path / "o")) as disk:
        with Mortal(disk=disk).living():
            life.open().put([new_event(1)])
        mortal = Mortal(dies_at=2, disk=disk)  # written, and not flushed
        with pytest.raises(DiedError), mortal.living():
            life.outbox.put([new_event(2)])
        crash(life.outbox)
        with Mortal(disk=disk).living():
            outbox = life.open()
            given = [outbox.take(1), outbox.take(1)]
        crash(outbox)
        disk.cut(random.Random(seed))  # noqa: S311 - not a secret
    outbox = life.open()
    assert outbox.knows(new_event(2).event.event_id)
    outbox.put([new_event(3)])
    again = [outbox.take(1) for _ in range(3)]
    packets = [delivery and (delivery.packet, delivery.event.vehicle_no) for delivery in again]
    assert packets == [(1, 1), (2, 2), (3, 3)]
    assert given[1] is not None
    crash(outbox)
