"""Three months of a busy lane: bounds hold, starts stay short, memory stays flat, and nothing that waits goes.

By day a fiftieth of the events, and fewer days, with bounds to match; the whole of it by night (`make night`).
"""

from __future__ import annotations

import gc
import os
import random
from array import array
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind, ImageKind, ImageRef, ImageSpec, Plate, Rect
from cammra_edge.outbox import EventQuery, NewEvent, Outbox, Wanted
from tests.budget import NIGHTLY
from tests.fakes import NS, FakeClock, crash, new_event

DAY_S = 86_400
MIB = 1 << 20
CROP_BYTES = 4_000
PARKED_BYTES = 6_000
"""What a parked event may take in memory, with its share of a segment's directory, until a person decides."""
LIVING, AWAY = 1, 2


@dataclass(frozen=True)
class Size:
    """How much of it is played.

    Args:
        days: How long.
        events: Of a day; the dead profile wants each tenth of them.
        group: Of one put.
        max_bytes: For what waits.
        history_bytes: For what is remembered.
        memory_bytes: How much memory may grow in the second half, besides what a parked event takes.
        started_bytes: How much a start may read, twice as much as from the disk: directories are looked at once more.
    """

    days: int
    events: int
    group: int
    max_bytes: int
    history_bytes: int
    memory_bytes: int
    started_bytes: int


WHOLE = Size(90, 20_000, 10, 128 * MIB, 128 * MIB, 8 * MIB, 64 * MIB)
FIFTIETH = Size(18, 400, 2, 8 * MIB, 6 * MIB, 8 * MIB, 3 * MIB)
"""Segments cannot be shorter than 256 KiB, and some are never full: there are more of them than a fiftieth."""


@dataclass
class Lane:
    """The lane and its outbox; profile 1 takes everything at once, 2 is away for seven days from the fifth on."""

    size: Size
    settings: OutboxSettings
    clock: FakeClock = field(default_factory=FakeClock)
    vehicle_no: int = 0
    taken: array[int] = field(default_factory=lambda: array("q"))
    parked: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.settings, clock=self.clock)
        self.chance = random.Random(self.size.days)  # noqa: S311 - not a secret
        self.segments: set[str] = set()
        self.wanted = array("q")
        self.day = 0

    # -- playing ---------------------------------------------------------------------------------

    def play_a_day(self) -> None:
        self.day += 1
        for _ in range(self.size.events // self.size.group):
            self.outbox.put([self.next_event() for _ in range(self.size.group)])
            self.deliver()
            self.clock.advance(DAY_S / self.size.events * self.size.group)
            self.outbox.tick()

    def next_event(self) -> NewEvent:
        self.vehicle_no += 1
        number = self.vehicle_no
        new = new_event(number, kind=EventKind.LOST)
        picture = ImageRef(
            spec=ImageSpec(kind=ImageKind.PLATE_CROP),
            image_key=f"{number}",
            width=160,
            height=48,
            shows=Rect(1, 2, 160, 48),
            size_bytes=CROP_BYTES,
        )
        event = replace(
            new.event,
            plate=Plate(text=plate_of(number), confidence=0.9),
            at_utc_ns=self.clock.now_utc_ns,
            images=(picture,),
        )
        profiles = [LIVING]
        if number % 10 == 0:
            profiles.append(AWAY)
            self.wanted.append(number)
        return NewEvent(
            event=event,
            images={picture.image_key: picture_of(number)},
            wanted_by=[Wanted(profile_id=profile_id) for profile_id in profiles],
        )

    def deliver(self) -> None:
        while (delivery := self.outbox.take(LIVING)) is not None:
            now = {file.name for file in self.settings.path.glob("events-*.log")}
            if now <= self.segments:
                self.outbox.done(delivery)
                continue
            self.segments |= now  # one is parked in each segment
            self.parked[delivery.seq] = delivery.event.vehicle_no
            self.outbox.park(delivery, why="HTTP 400")
        if 5 <= self.day < 12:
            return
        while (delivery := self.outbox.take(AWAY)) is not None:
            number = delivery.event.vehicle_no
            assert delivery.images == {f"{number}": picture_of(number)}
            self.taken.append(number)
            self.outbox.done(delivery)

    def start_anew(self) -> int:
        """Kill it and start it; how many bytes the start reads."""
        crash(self.outbox)
        del self.outbox
        gc.collect()
        before = read_bytes()
        self.outbox = Outbox(self.settings, clock=self.clock)
        return read_bytes() - before

    # -- looking ---------------------------------------------------------------------------------

    def check(self) -> None:
        self.check_bounds()
        assert self.start_anew() < self.size.started_bytes
        self.check_bounds()
        for profile_id in (LIVING, AWAY):
            assert self.outbox.tally(profile_id).dropped == {}
        self.check_memory_of_events()

    def check_bounds(self) -> None:
        files = sum(file.stat().st_size for file in self.settings.path.glob("*.log"))
        ledger = self.outbox._store.ledger
        waiting = sum(live for _, live, *_ in ledger.segments())
        segment = self.outbox._store.log._tail.segment_bytes
        # One that is written, one of text, the spare one, and the rest of the one that goes next.
        assert files <= waiting + self.size.history_bytes + 4 * segment
        assert files <= self.size.max_bytes + self.size.history_bytes

    def check_memory_of_events(self) -> None:
        """Text of the last seven days, pictures of the last hours, and nothing older but what is parked."""
        week = 7 * self.size.events
        oldest = max(1, self.vehicle_no - week + self.size.events // 24)
        for number in (oldest, *(self.chance.randint(oldest, self.vehicle_no) for _ in range(5))):
            (found,) = self.outbox.history.search(EventQuery(plate=plate_of(number))).events
            assert found.event.vehicle_no == number
            if number == oldest and self.day > 7:
                assert (
                    number % 10 == 0
                    or number in self.parked.values()
                    or not found.image_keys
                    or self.lies_among_what_waits(found.seq)
                )
        (newest,) = self.outbox.history.search(EventQuery(plate=plate_of(self.vehicle_no))).events
        assert newest.image_keys == (f"{self.vehicle_no}",)
        now_ns = self.clock.now_utc_ns
        old = EventQuery(to_utc_ns=now_ns - 7 * DAY_S * NS - NS, limit=1000)
        assert {one.seq for one in self.outbox.history.search(old).events} <= self.parked.keys()

    def lies_among_what_waits(self, seq: int) -> bool:
        """Is it in a segment of which most is parked? Months of parked events fill some; their neighbours stay, too."""
        ledger, log = self.outbox._store.ledger, self.outbox._store.log
        place = ledger.place(seq)
        assert place is not None
        live = {segment: live_bytes for segment, live_bytes, *_ in ledger.segments()}
        return 2 * live[place[0]] >= log.filled_bytes(place[0])

    def check_parked(self) -> None:
        assert [one.seq for one in self.outbox.parking.listed(LIVING)] == sorted(self.parked)
        for seq, number in self.parked.items():
            shown = self.outbox.parking.show(LIVING, seq)
            assert shown is not None
            assert shown.images == {f"{number}": picture_of(number)}


def plate_of(number: int) -> str:
    return f"{number:07}"


def picture_of(number: int) -> bytes:
    return number.to_bytes(4, "little") * (CROP_BYTES // 4)


def read_bytes() -> int:
    """What this process has read from files so far."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(lines[0].removeprefix("rchar: "))


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    size = WHOLE if NIGHTLY else FIFTIETH
    settings = OutboxSettings(
        path=tmp_path / "o",
        durability="process",
        max_bytes=size.max_bytes,
        history_bytes=size.history_bytes,
        history_days=7,
    )
    return Lane(size, settings)


@pytest.mark.timeout(3600 if NIGHTLY else 120)
def test_months_of_a_busy_lane(lane: Lane) -> None:
    half_bytes = half_parked = 0
    for _ in range(lane.size.days):
        lane.play_a_day()
        lane.check()
        if lane.day == max(15, lane.size.days // 2):
            half_bytes, half_parked = resident_bytes(), len(lane.parked)
    parked_bytes = PARKED_BYTES * (len(lane.parked) - half_parked)
    assert resident_bytes() - half_bytes < lane.size.memory_bytes + parked_bytes
    assert lane.taken == lane.wanted
    assert len(lane.parked) > lane.size.days // 2
    lane.check_parked()
    lane.outbox.close()
