"""Events overwritten in place, wherever they lie, and what no frame of ours covers.

Pictures go first, then records, then the directories that tell of both, each made safe before the next: so whatever is
cut off, what is left is found again by those that know of the erasure. Beside the events themselves, a file may hold
what cannot be read any more: stretches that are broken, and, behind its last frame, what it held in its former life.
Nobody can say what that was, so zeros are put over it. Held by `tests/outbox/test_erasing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cammra_edge.outbox.codec import plain_in
from cammra_edge.outbox.log import DamagedError, Purpose
from cammra_edge.outbox.records import json_from
from cammra_edge.outbox.segment import FRAME_HEAD_BYTES, TRAILER_BYTES
from cammra_edge.storing import (
    log_directory,
    log_erased_directory,
    log_erased_frame,
    log_events,
    log_image_nos,
    log_images,
    log_overview,
    log_pictures,
    log_read,
    log_scan,
    log_settled_frames,
    log_settles,
    log_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from threading import RLock

    from cammra_edge.outbox.bearing import Bearing
    from cammra_edge.outbox.store import Store


SEQS_TOGETHER = 1024
"""Events forgotten in memory at once: others wait meanwhile."""
_DIRECTORY = log_directory(bytes(16), 0, 0, 1 << 16, b"")[0][:8]
"""What a directory's frame begins with: magic and kind."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a segment holds beside what its directory tells.

    Args:
        bearing: Events whose record bears the plate, and those of which a receiver said it.
        broken: Stretches between its frames that hold none.
        former: What lies behind its last frame, if that is anything.
        directories: Where it was ended once, and a crash had the next process write on behind that.
    """

    bearing: frozenset[int]
    broken: tuple[tuple[int, int], ...]
    former: tuple[tuple[int, int], ...]
    directories: tuple[tuple[int, int], ...]


class Overwriting:
    """See the module. One thread at a time; but for `survey`, with the writer's turn.

    Attributes:
        erased_images: Numbers of the pictures that this process erased.
    """

    def __init__(self, store: Store, lock: RLock) -> None:
        self._store = store
        self._lock = lock
        self.erased_images: set[int] = set()

    # -- looking ---------------------------------------------------------------------------------

    def survey(self, segment: int, bearing: Bearing | None) -> Surveyed:
        """Read a segment whole.

        Raises:
            DamagedError: It is not there.
            StorageError: The disk does not let us.
        """
        log = self._store.log
        content = log.raw(segment, 0, log.bytes_of(segment))
        end, directory = log.end_of(segment), log.directory(segment)
        frames_end = end or (directory[0] if directory else len(content) - TRAILER_BYTES)
        digests, good_end, broken = log_scan(log.store_id, segment, content[:frames_end], 0)
        behind = end or (directory[0] + len(directory[1]) if directory else good_end)
        rest = content[behind : len(content) - TRAILER_BYTES]
        found = () if bearing is None else self._bearing(segment, content, digests, bearing)
        if end or directory:  # what is broken behind the last good frame lies between frames, too
            broken = [*broken, (good_end, frames_end)]
        return Surveyed(
            frozenset(found),
            tuple(one for one in broken if content[slice(*one)].strip(b"\0")),
            ((behind, behind + len(rest)),) if rest.strip(b"\0") else (),
            tuple(_directories_in(content[:frames_end])),
        )

    def _bearing(
        self, segment: int, content: bytes, digests: bytes, bearing: Bearing
    ) -> Iterator[int]:
        store_id = self._store.log.store_id
        for seq, offset, length, _ in log_events(digests):
            try:
                payload = log_read(store_id, segment, offset, content[offset : offset + length])[1]
                text = json_from(payload)
                if bearing.may_be_borne(text) and bearing.is_borne(plain_in(text)):
                    yield seq
            except ValueError:
                continue
        yield from (seq for seq, words in log_words(digests) if bearing.is_in(words))

    # -- overwriting -----------------------------------------------------------------------------

    def blank(self, segment: int, ranges: Collection[tuple[int, int]]) -> None:
        """Zeros over stretches of a segment.

        Raises:
            DamagedError: It is not there.
            StorageError: The disk does not let us.
        """
        if ranges:
            zeros = [(begin, bytes(end - begin)) for begin, end in ranges]
            self._store.log.overwrite(segment, zeros)

    def blank_unnamed_pictures(self, surveyed: Mapping[int, Surveyed]) -> None:
        """Erase pictures that no event names: a write that was cut off left them before its event.

        Raises:
            StorageError: The disk does not let us.
        """
        digests = dict(self._digests())
        named = self._needed(set())
        for found in digests.values():
            named.update(log_image_nos(found, [seq for seq, *_ in log_events(found)]))
        numbers = sorted({no for found in digests.values() for no in log_pictures(found)} - named)
        if numbers:
            self._erase_pictures(digests, numbers)
            self._tell_less(digests, [], numbers, surveyed)

    def overwrite(
        self, doomed: Collection[int], surveyed: Mapping[int, Surveyed]
    ) -> tuple[int, int]:
        """Overwrite these events, and forget them in memory; returns how many of them there were, and pictures.

        Raises:
            StorageError: The disk does not let us.
        """
        ordered = sorted(doomed)
        digests = dict(self._digests())
        nos = {no for found in digests.values() for no in log_image_nos(found, ordered)}
        nos -= self._needed(set(ordered))
        numbers = sorted(nos)
        pictures = self._erase_pictures(digests, numbers)
        events = {
            segment: [place for place in log_events(found) if place[0] in doomed]
            for segment, found in digests.items()
        }
        self._erase_frames(
            {
                segment: [(offset, length) for _, offset, length, _ in places]
                for segment, places in events.items()
            }
        )
        for segment, found in digests.items():
            if log_settles(found, ordered):
                self._erase_settled(segment, ordered)
        self._tell_less(digests, ordered, numbers, surveyed)
        self.erased_images |= nos
        for begin in range(0, len(ordered), SEQS_TOGETHER):
            together = ordered[begin : begin + SEQS_TOGETHER]
            with self._lock:
                self._store.ledger.erase(together)
                for seq in together:
                    self._store.recent.forget(seq)
        seqs = {seq for places in events.values() for seq, *_ in places}
        return len(seqs), pictures

    def _digests(self) -> Iterator[tuple[int, bytes]]:
        log = self._store.log
        for segment in log.numbers():
            try:
                yield segment, log.digests(segment)
            except DamagedError:  # it is not there
                continue

    def _needed(self, doomed: set[int]) -> set[int]:
        """Pictures of events that still wait. None begins to wait meanwhile: who lets it takes the writer's turn."""
        ledger, log = self._store.ledger, self._store.log
        return {
            no
            for segment in log.numbers(Purpose.EVENTS)
            for seq in ledger.live_in(segment)
            if seq not in doomed
            for no, *_ in ledger.images(seq)
        }

    def _erase_frames(self, places: Mapping[int, list[tuple[int, int]]]) -> None:
        for segment, in_segment in places.items():
            frames = [(at, self._store.log.raw(segment, at, length)) for at, length in in_segment]
            self._put(segment, frames, self._erased)

    def _erase_pictures(self, digests: Mapping[int, bytes], nos: list[int]) -> int:
        places = {
            segment: [(offset, length) for _, offset, length in log_images(found, nos)]
            for segment, found in digests.items()
        }
        self._erase_frames(places)
        return sum(map(len, places.values()))

    def _tell_less(
        self,
        digests: Mapping[int, bytes],
        ordered: list[int],
        nos: list[int],
        surveyed: Mapping[int, Surveyed],
    ) -> None:
        """Have directories, also those that open segments are to get, say no more of these events and pictures."""
        log = self._store.log
        for segment, found in digests.items():
            places = surveyed[segment].directories if segment in surveyed else ()
            directories = [(at, log.raw(segment, at, length)) for at, length in places]
            last = log.directory(segment)
            directories += [last] if last is not None else []
            self._put(segment, directories, partial(self._without, ordered, nos))
            if log.is_open(segment):
                log.tell_instead(segment, self._digests_without(ordered, nos, segment, found))

    def _erase_settled(self, segment: int, ordered: list[int]) -> None:
        log = self._store.log
        content = log.raw(segment, 0, log.bytes_of(segment))
        places = log_settled_frames(log.store_id, segment, content, ordered)
        frames = [(at, content[at : at + length]) for at, length in places]
        self._put(segment, frames, partial(self._without, ordered, []))

    def _put(
        self,
        segment: int,
        frames: list[tuple[int, bytes]],
        become: Callable[[int, int, bytes], bytes],
    ) -> None:
        changed = [
            (offset, new)
            for offset, frame in frames
            if (new := become(segment, offset, frame)) != frame
        ]
        if changed:
            self._store.log.overwrite(segment, changed)

    def _erased(self, segment: int, offset: int, frame: bytes) -> bytes:
        try:
            return log_erased_frame(self._store.log.store_id, segment, offset, frame)
        except ValueError:  # damaged, or cut off by an erasure that was cut off
            return bytes(len(frame))

    def _without(
        self, ordered: list[int], nos: list[int], segment: int, offset: int, frame: bytes
    ) -> bytes:
        """A directory, or settlements, without what they say of these events."""
        try:
            return log_erased_directory(
                self._store.log.store_id, segment, offset, frame, ordered, nos
            )
        except ValueError:  # damaged: it is blanked as such
            return frame

    def _digests_without(
        self, ordered: list[int], nos: list[int], segment: int, digests: bytes
    ) -> bytes:
        """What an open segment's directory will hold, without what it says of these events."""
        log = self._store.log
        directory, _ = log_directory(log.store_id, segment, 0, log.bytes_of(segment), digests)
        erased = log_erased_directory(log.store_id, segment, 0, directory, ordered, nos)
        return log_read(log.store_id, segment, 0, erased)[1]


def _directories_in(content: bytes) -> Iterator[tuple[int, int]]:
    """Where directories begin, and how long they are, among the frames of a segment."""
    at = content.find(_DIRECTORY)
    while at >= 0:
        length = int.from_bytes(content[at + 8 : at + 12], "little")
        frame_bytes = FRAME_HEAD_BYTES + (length + 7 & ~7)
        if at + frame_bytes <= len(content):
            yield at, frame_bytes
        at = content.find(_DIRECTORY, at + 1)


def is_before(digests: bytes, before_utc_ns: int | None) -> bool:
    """Does a segment reach into the time before, as far as anybody can tell?"""
    oldest_utc_ns = log_overview(digests)[3]
    return before_utc_ns is None or oldest_utc_ns is None or oldest_utc_ns < before_utc_ns
