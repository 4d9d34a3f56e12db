"""Outboxes that are damaged on disk, and starts that are killed while they read over it."""

# ruff: noqa: S311 - chance is seeded here, to be repeatable

from __future__ import annotations

import random
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.check import check_folder
from tests.fakes import a_life, crash, new_event
from tests.faults.finding import Finding
from tests.faults.processes import module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MAX_BYTES = 16 << 20
"""With which segments are as small as they can be."""
PAGE_BYTES, SECTOR_BYTES = 4096, 512
EVENTS_PER_LIFE = 4
EVENTS_ON_A_PAGE = 5
"""Records of this size, with their heads, and one begun on each side."""
SEQUENCE = 10_000_000
"""The vehicle of the event that shows that an outbox goes on."""


def picture(vehicle_no: int, size_bytes: int = 4000) -> bytes:
    """The same bytes for the same vehicle, in every process."""
    return random.Random(vehicle_no).randbytes(size_bytes)


def settings_at(path: Path) -> OutboxSettings:
    """The smallest segments; what is stored here has to outlive processes, and no power cut."""
    return OutboxSettings(path=path, max_bytes=MAX_BYTES, durability="process")


def filled(path: Path, vehicles: int, *, behind: int = 0) -> int:
    """An outbox with the lives of so many vehicles, as a killed process leaves it; how many events that are.

    `behind` so many that it has already.
    """
    outbox = Outbox(settings_at(path), clock=SYSTEM_CLOCK)
    for vehicle_no in range(behind + 1, vehicles + 1):
        outbox.put(a_life(vehicle_no, image=picture(vehicle_no), image_key=f"v{vehicle_no}"))
    crash(outbox)
    return vehicles * EVENTS_PER_LIFE


@dataclass
class Seen:
    """What came out of an outbox."""

    events: dict[int, tuple[int, int]]
    """By packet: vehicle and ordinal."""
    wrong: int
    """Pictures that are not their vehicle's, packets that came twice, events that nobody put."""
    bare: int
    """Events that came without a picture."""
    said: int
    """Events that are said to be lost or damaged."""
    told: str
    """What else is said."""
    goes_on: bool
    """A fresh event gets a packet that nobody had."""


def opened(path: Path, vehicles: int, *, given: int) -> Seen:
    """Open it, deliver everything, and put one event more; packets up to `given` were given."""
    outbox = Outbox(settings_at(path), clock=SYSTEM_CLOCK)
    seen = Seen({}, 0, 0, 0, "", goes_on=False)
    while (delivery := outbox.take(1)) is not None:
        event = delivery.event
        known = event.stream_id == "run-1" and 0 < event.vehicle_no <= vehicles
        right = all(data == picture(event.vehicle_no) for data in delivery.images.values())
        seen.wrong += not (known and right) or delivery.packet in seen.events
        seen.bare += not delivery.images
        seen.events[delivery.packet] = (event.vehicle_no, event.ordinal)
        outbox.done(delivery)
    status = outbox.status()
    seen.said = status.lost_events + sum(outbox.tally(1).dropped.values())
    seen.told = f"{status.damage} {status.set_aside} {status.trouble}".strip()
    outbox.put([new_event(SEQUENCE)])
    fresh = outbox.take(1)
    seen.goes_on = fresh is not None and fresh.event.vehicle_no == SEQUENCE and fresh.packet > given
    outbox.close()
    return seen


def segments(path: Path) -> list[Path]:
    """Its segments of events, oldest first."""
    return sorted(path.glob("events-*.log"))


# -- in every place ----------------------------------------------------------------------------------


def flip_a_bit(file: Path, chance: random.Random) -> None:
    """Anywhere in it."""
    at = chance.randrange(file.stat().st_size)
    with file.open("r+b") as content:
        content.seek(at)
        byte = content.read(1)[0]
        content.seek(at)
        content.write(bytes([byte ^ 1 << chance.randrange(8)]))


def overwrite_a_page(file: Path, chance: random.Random) -> None:
    """With zeros or with anything."""
    with file.open("r+b") as content:
        content.seek(chance.randrange(max(1, file.stat().st_size // PAGE_BYTES)) * PAGE_BYTES)
        content.write(chance.choice([bytes(PAGE_BYTES), chance.randbytes(PAGE_BYTES)]))


def everywhere(
    folder: Path, what: str, harm: Callable[[Path, random.Random], None], *, most: int, times: int
) -> Finding:
    """Harm any file of an outbox in so many places, each time another copy of it.

    Args:
        folder: To work in.
        what: In words.
        harm: What is done to one of its files.
        most: Events that one such harm may cost.
        times: How often.
    """
    vehicles = 30
    events = filled(folder / "whole", vehicles)
    worst = silent = wrong = stuck = 0
    for seed in range(times):
        chance = random.Random(seed)
        path = folder / "o"
        shutil.copytree(folder / "whole", path)
        harm(chance.choice(sorted(file for file in path.iterdir() if file.stat().st_size)), chance)
        seen = opened(path, vehicles, given=events)
        lost = events - len(seen.events)
        worst = max(worst, lost)
        silent += seen.said < lost
        wrong += seen.wrong
        stuck += not seen.goes_on
        shutil.rmtree(path)
    return Finding(
        f"{what}, in {times} places",
        f"opens and goes on each time; at most {worst} of {events} events lost, {silent} times without a word,"
        f" {wrong} wrong or twice",
        held=worst <= most and not silent and not wrong and not stuck,
    )


# -- a start that is killed --------------------------------------------------------------------------


def killed_in_recovery(folder: Path, *, kills: int, vehicles: int, seed: int = 1) -> Finding:
    """What an undisturbed start saves, one does that was killed so often before."""
    chance = random.Random(seed)
    path = folder / "o"
    events = filled(path, vehicles)
    for file in segments(path):
        for _ in range(3):
            overwrite_a_page(file, chance)
    with segments(path)[-1].open("r+b") as last:
        last.truncate(last.seek(0, 2) * 2 // 3)
    shutil.copytree(path, folder / "undisturbed")
    began_s = time.monotonic()
    undisturbed = opened(folder / "undisturbed", vehicles, given=events)
    took_s = time.monotonic() - began_s
    killed = 0
    while killed < kills:
        with module("tests.faults.opening", str(path)) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, took_s))
            process.kill()
        killed += 1
    seen = opened(path, vehicles, given=events)
    return Finding(
        f"kill -9 at {kills} moments while a damaged outbox of {events} events is read",
        f"{len(seen.events)} events come out, {len(undisturbed.events)} of a start left alone; says that"
        f" {seen.said} are lost; {seen.wrong} wrong or twice",
        held=seen == undisturbed
        and 0 < seen.said < events // 2
        and not seen.wrong
        and seen.goes_on,
    )


# -- files that are not what they should be -----------------------------------------------------------


def _missing(path: Path, _: Path) -> None:
    segments(path)[1].unlink()


def _last_missing(path: Path, _: Path) -> None:
    segments(path)[-1].unlink()


def _doubled(path: Path, _: Path) -> None:
    file = segments(path)[1]
    shutil.copy(file, path / "events-0000000999.log")


def _of_another_camera(path: Path, other: Path) -> None:
    """Behind ours, and in the place of one of ours."""
    ours, theirs = segments(path), segments(other)
    shutil.copy(theirs[0], path / "events-0000000999.log")
    shutil.copy(theirs[1], ours[1])


def _half_copied(path: Path, _: Path) -> None:
    file = segments(path)[1]
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)


def _half_copied_in_full_length(path: Path, other: Path) -> None:
    size = segments(path)[1].stat().st_size
    _half_copied(path, other)
    with segments(path)[1].open("r+b") as content:
        content.truncate(size)


def _yesterdays(path: Path, _: Path) -> None:
    shutil.copy(path.with_name(MARK_OF_YESTERDAY), path / "mark")


def _anothers(path: Path, other: Path) -> None:
    shutil.copy(other / "mark", path / "mark")


def _no_mark(path: Path, _: Path) -> None:
    (path / "mark").unlink()


HARMS: Mapping[str, tuple[Callable[[Path, Path], None], int]] = {
    "a segment is missing": (_missing, 1),
    "the last segment is missing": (_last_missing, 1),
    "a segment is there twice": (_doubled, 0),
    "segments of another camera": (_of_another_camera, 1),
    "a segment is half copied": (_half_copied, 1),
    "a segment is half copied, in its full length": (_half_copied_in_full_length, 1),
    "a mark of yesterday": (_yesterdays, 0),
    "a mark of another camera": (_anothers, 0),
    "no mark": (_no_mark, 0),
}
"""What is done to it, and how many segments' events that may cost."""
MARK_OF_YESTERDAY = "mark of yesterday"


def files_mixed_up(folder: Path, what: str) -> Finding:
    """Nothing lost that is whole, nothing invented, nothing twice, and it says what it found."""
    harm, segments_lost = HARMS[what]
    vehicles = 100
    path, other = folder / "o", folder / "other"
    filled(path, vehicles // 2)
    shutil.copy(path / "mark", folder / MARK_OF_YESTERDAY)
    events = filled(path, vehicles, behind=vehicles // 2)
    filled(other, 2 * vehicles)
    per_segment = -(-events // (len(segments(path)) - 1))
    harm(path, other)
    report = check_folder(path, clock=SYSTEM_CLOCK)
    seen = opened(path, vehicles, given=events)
    lost = events - len(seen.events)
    return Finding(
        f"an outbox {'where' if ' is ' in what else 'with'} {what}",
        f"{lost} of {events} events lost, {seen.said} said to be, {seen.wrong} wrong or twice;"
        f" `outbox check` says {report.findings[:1]}",
        held=lost <= segments_lost * (per_segment + 1)
        # Of the last one, nothing tells how many there were.
        and seen.said >= (lost if harm is not _last_missing else 1)
        and not seen.wrong
        and seen.goes_on
        and bool(seen.told or report.findings or not segments_lost),
    )


# -- writes that are torn ----------------------------------------------------------------------------


def torn_writes(folder: Path, *, times: int) -> Finding:
    """Of the last write some sectors have reached the disk, and others not."""
    vehicles = 20
    path = folder / "o"
    events = filled(path, vehicles)
    before = {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
    outbox = Outbox(settings_at(path), clock=SYSTEM_CLOCK)
    outbox.put(a_life(vehicles + 1, image=picture(vehicles + 1), image_key="torn"))
    crash(outbox)
    after = {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
    lost = half = wrong = 0
    for seed in range(times):
        chance = random.Random(seed)
        torn = folder / "torn"
        torn.mkdir()
        for name, content in after.items():
            old = before.get(name, b"").ljust(len(content), b"\0")
            pieces = [
                chance.choice((old, content))[at : at + SECTOR_BYTES]
                for at in range(0, len(content), SECTOR_BYTES)
            ]
            (torn / name).write_bytes(b"".join(pieces))
        seen = opened(torn, vehicles + 1, given=events)
        came = [vehicle_no for vehicle_no, _ in seen.events.values()]
        lost += events - sum(vehicle_no <= vehicles for vehicle_no in came)
        half += not seen.goes_on
        wrong += seen.wrong
        shutil.rmtree(torn)
    return Finding(
        f"the last write torn in {times} ways",
        f"{lost} of {events} events lost that were stored before it, {wrong} wrong or twice, goes on each time",
        held=not lost and not half and not wrong,
    )
