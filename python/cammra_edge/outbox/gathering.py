"""Which of the segments in a folder are this store's, and which are not and go aside.

The name of a store stands in every header; a file whose header is broken is what its name says. Of two with one number
the whole one counts. Held by `tests/outbox/test_log.py` and `tests/outbox/test_healing.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.outbox.segment import (
    DamagedError,
    Handle,
    Segment,
    StorageError,
    name_of,
    read_directory,
    scan,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.outbox.folder import Found
    from cammra_edge.outbox.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found, sorted out: `others` with why they are none of ours."""

    segments: Sequence[Segment]
    others: Sequence[tuple[Segment, str]]


def gathered(
    found: Found, shelf: Shelf, *, keep_store: bool, behind: int | None = None
) -> Gathered:
    """Sort out what was found.

    The first time the shelf takes over the store that is there; later (`keep_store`) it keeps its own, and only
    segments that it knows come back to it; and those `behind` a number, which another engine began in our folder.

    Raises:
        OSError: The disk does not let us.
    """
    if not keep_store:
        store_id = _store_in(found)
        if not store_id:
            return Gathered(
                (), [(segment, "nothing tells whose it is") for segment in found.segments]
            )
        shelf.store_id = store_id
    own: dict[int, Segment] = {}
    others: list[tuple[Segment, str]] = []
    for segment in sorted(found.segments, key=_soundest_first):
        if segment.store_id and segment.store_id != shelf.store_id:
            others.append((segment, "it is of another store"))
        elif segment.number in own:
            others.append((segment, f"segment {segment.number} is there twice"))
        elif keep_store and not (_is_new(segment, behind) or _is_known(segment, shelf)):
            others.append((segment, "it is of an earlier state of this store"))
        else:
            own[segment.number] = segment
    for segment in own.values():
        segment.store_id = segment.store_id or shelf.store_id
    return Gathered([own[number] for number in sorted(own)], others)


def _store_in(found: Found) -> bytes:
    """The store whose mark or, without that, whose segments lie there; empty if nothing tells."""
    stores = Counter(segment.store_id for segment in found.segments if segment.store_id)
    if found.mark.store_id in stores or not stores:
        return found.mark.store_id
    return stores.most_common(1)[0][0]


def _soundest_first(segment: Segment) -> tuple[bool, int, bool, str]:
    named = segment.path.name == name_of(segment.number, segment.purpose)
    return not segment.store_id, segment.cut_short, not named, segment.path.name


def _is_new(segment: Segment, behind: int | None) -> bool:
    return behind is not None and bool(segment.store_id) and segment.number > behind


def _is_known(segment: Segment, shelf: Shelf) -> bool:
    """Is this a segment of ours, as we know it, in a folder that came back?"""
    known = shelf.segments.get(segment.number)
    if known is None:
        return False
    if known.key == segment.key:
        return True
    try:
        handle = shelf.handle(segment.number)
        ours = _digests(handle.fd, known, shelf.store_id)
    except (OSError, StorageError, DamagedError):
        return True  # ours cannot be read any more: what came back is all there is, and each frame is verified
    handle = Handle(segment.path, os.O_RDONLY)
    return ours == _digests(handle.fd, segment, shelf.store_id)


def _digests(fd: int, segment: Segment, store_id: bytes) -> bytes:
    directory = read_directory(fd, segment)
    return directory[2] if directory is not None else scan(fd, segment, store_id)[0]
