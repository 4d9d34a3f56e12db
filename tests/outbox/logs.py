"""What the tests of the log's files share: a log, groups for it, and what is in it."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

from cammra_edge.config import Durability
from cammra_edge.outbox.log import Log, Place, Purpose, Replayed
from cammra_edge.storing import LogGroup
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE = b'{"a":1}'
IMAGE_KIND = 3
FRAME_HEAD_BYTES = 16
MAX_BYTES = 1 << 20
SEGMENT_BYTES = 256 << 10


def log_at(path: Path, **settings: Any) -> Log:  # noqa: ANN401 - any of them
    """A log with the smallest segments, not opened."""
    settings = {"max_bytes": MAX_BYTES, "durability": Durability.POWER, **settings}
    return Log(path, **{"clock": FakeClock(), **settings})


def opened(path: Path, **settings: Any) -> Log:  # noqa: ANN401 - any of them
    """A log that has replayed what is there."""
    log = log_at(path, **settings)
    log.open()
    replayed(log)
    return log


def replayed(log: Log) -> list[Replayed]:
    """All that a start reads."""
    return list(log.replay())


def group_for(log: Log, place: Place, *contents: bytes) -> LogGroup:
    """A group of one picture for each content."""
    group = LogGroup(log.store_id, place.segment, place.offset)
    if not place.offset:
        group.header(place.purpose, place.size)
        group.state(STATE)
    for content in contents:
        group.image(1, "", content)
    return group


def put(
    log: Log,
    content: bytes,
    purpose: Purpose = Purpose.EVENTS,
    *,
    flush: bool = True,
    settlements: bool = False,
) -> tuple[int, int, int]:
    """Write a picture; where it lies."""
    place = log.place(len(content) + 200, purpose, settlements=settlements)
    group = group_for(log, place, content)
    assert log.fits(group, settlements=settlements)
    end = place.offset + group.size
    log.write(group, flush=flush)
    log.have_spare()
    bytes_of_frame = _frame_bytes(content)
    return place.segment, end - bytes_of_frame, bytes_of_frame


def _frame_bytes(content: bytes) -> int:
    return FRAME_HEAD_BYTES + (8 + 2 + len(content) + 7 & ~7)


def content_at(log: Log, place: tuple[int, int, int]) -> bytes:
    """The picture that lies there."""
    kind, payload = log.read(*place)
    assert kind == IMAGE_KIND
    return payload[10:]


def fill_segment(log: Log, content: bytes = bytes(10_000)) -> list[tuple[int, int, int]]:
    """Write until another segment is begun; where everything lies."""
    places = [put(log, content)]
    while places[-1][0] == places[0][0]:
        places.append(put(log, content))
    return places


@contextlib.contextmanager
def mounted(place: Path, kind: str = "tmpfs", *options: str) -> Iterator[Path]:
    """A file system of its own at a place, which covers what is there."""
    place.mkdir(exist_ok=True)
    words = ("-o", ",".join(options)) if options else ()
    subprocess.run(["mount", "-t", kind, *words, kind, str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill_disk(hog: Path, step_bytes: int = 4096) -> None:
    """Take the last byte of a disk."""
    with hog.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(step_bytes)):
            pass
