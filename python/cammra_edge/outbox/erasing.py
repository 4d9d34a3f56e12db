"""Forgetting on demand: text and pictures overwritten in place, in the log and in its directories.

First the log says which events are about to go, and is flushed; then they are overwritten; then the log says that it
is done. A power cut in between leaves the rest to the next start. What is overwritten stays a record with a sound
checksum, an id and its numbers, so that it is neither damage nor a gap. Held by `tests/outbox/test_erasing.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.found import Erased
from cammra_edge.outbox.log import DamagedError, Purpose, StorageError
from cammra_edge.outbox.segment import TRAILER_BYTES
from cammra_edge.outbox.values import Dropped
from cammra_edge.storing import (
    log_erased_directory,
    log_erased_frame,
    log_events,
    log_image_nos,
    log_images,
    log_scan,
    log_settled_frames,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from threading import RLock

    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.writer import Writer
    from cammra_edge.storing import LogGroup

SEQS_TOGETHER = 8192
_WAITS = 3
"""Waiting or parked, as bits of `Ledger.states`."""


class Erasing:
    """See the module. `erased_images` are the numbers of pictures that this process erased.

    Args:
        store: Where events are.
        writer: Who writes.
        queues: Whose deliveries go with what is erased.
        profiles: Whose keys name what still waits.
        lock: The outbox's own.
    """

    def __init__(
        self, store: Store, writer: Writer, queues: Queues, profiles: Profiles, lock: RLock
    ) -> None:
        self._store = store
        self._writer = writer
        self._queues = queues
        self._profiles = profiles
        self._lock = lock
        self.erased_images: set[int] = set()

    def erase(self, find: Callable[[], Sequence[int]], *, undelivered: bool) -> Erased:
        """Erase the events that `find` tells the places of.

        Raises:
            OutboxError: The disk does not take it now; what was begun is finished at the next start.
        """
        with self._writer.turn:
            if self._writer.trouble:
                raise OutboxError(f"the disk does not take it now: {self._writer.trouble}")
            with self._lock:
                doomed, waiting = self._doomed(find(), undelivered=undelivered)
            pictures = self._erase(doomed) if doomed else 0
            try:
                self._store.log.erase_set_aside()
                self._store.log.blank_spare()
            except StorageError as error:
                raise OutboxError(f"the disk does not take it now: {error}") from error
        return Erased(events=len(doomed), pictures=pictures, waiting=waiting)

    def finish(self, begun: Mapping[int, Iterable[int]]) -> None:
        """Erase what an earlier process began to erase; called at start.

        Args:
            begun: Events by the number of the erasure.
        """
        with self._writer.turn:
            for number, seqs in begun.items():
                self._overwrite(set(seqs))
                self._write_done(number)

    def _doomed(
        self, seqs: Sequence[int], *, undelivered: bool
    ) -> tuple[set[int], tuple[tuple[str, int], ...]]:
        """Which of them go, and how many deliveries of each profile keep theirs from going."""
        ledger = self._store.ledger
        flying = self._queues.in_flight()
        numbers = self._profiles.numbers()
        doomed: set[int] = set()
        waiting: Counter[str] = Counter()
        for seq in seqs:
            if not ledger.states(seq) & _WAITS:
                doomed.add(seq)
                continue
            wanted = [
                (key, number, found[2])
                for key, number in numbers.items()
                if (found := ledger.delivery(seq, number)) is not None and found[2] & _WAITS
            ]
            if undelivered and seq not in flying:
                doomed.add(seq)
                for _, number, _ in wanted:
                    self._queues.drop(number, seq, Dropped.ERASED)
            else:
                waiting.update(key for key, _, _ in wanted)
        return doomed, tuple(waiting.items())

    def _erase(self, doomed: set[int]) -> int:
        number = int.from_bytes(os.urandom(8), "little") >> 1
        ordered = sorted(doomed)
        for begin in range(0, len(ordered), SEQS_TOGETHER):
            together = ordered[begin : begin + SEQS_TOGETHER]

            def frames(group: LogGroup, seqs: Sequence[int] = together) -> None:
                group.erase(number, seqs)

            if not self._writer.write(frames, 16 * len(together)):
                raise OutboxError(f"the disk does not take it now: {self._writer.trouble}")
        try:
            pictures = self._overwrite(doomed)
        except StorageError as error:
            self._writer.ail(error)
            raise OutboxError(f"the disk does not take it now: {error}") from error
        self._write_done(number)
        return pictures

    def _write_done(self, number: int) -> None:
        self._writer.write(lambda group: group.erased_done(number), 64)

    # -- in place --------------------------------------------------------------------------------

    def _overwrite(self, doomed: set[int]) -> int:
        """Overwrite these events wherever they lie; returns how many pictures went."""
        log, ledger = self._store.log, self._store.ledger
        for purpose in Purpose:
            log.close_segment(purpose)
        digests: dict[int, bytes] = {}
        for segment in log.numbers():
            try:
                digests[segment] = log.digests(segment)
            except DamagedError:
                continue
        ordered = sorted(doomed)
        nos = {no for found in digests.values() for no in log_image_nos(found, ordered)}
        with self._lock:
            nos -= self._needed(doomed)
        pictures = sum(self._overwrite_in(*one, doomed, nos) for one in digests.items())
        with self._lock:
            ledger.erase(ordered)
            self.erased_images |= nos
            for seq in ordered:
                self._store.recent.forget(seq)
        return pictures

    def _needed(self, doomed: set[int]) -> set[int]:
        """Pictures of events that still wait."""
        ledger, log = self._store.ledger, self._store.log
        return {
            no
            for segment in log.numbers(Purpose.EVENTS)
            for seq in ledger.live_in(segment)
            if seq not in doomed
            for no, *_ in ledger.images(seq)
        }

    def _overwrite_in(self, segment: int, digests: bytes, doomed: set[int], nos: set[int]) -> int:
        log = self._store.log
        places = [place for seq, *place, _ in log_events(digests) if seq in doomed]
        pictures = [place for _, *place in log_images(digests, sorted(nos))]
        content = log.raw(segment, 0, log.bytes_of(segment))
        settled = log_settled_frames(log.store_id, segment, content, sorted(doomed))
        frames = [
            (offset, self._erased(segment, offset, length)) for offset, length in places + pictures
        ]
        frames += [
            (offset, self._without(segment, offset, content[offset : offset + length], doomed, nos))
            for offset, length in settled
        ]
        directory = log.directory(segment)
        if frames and directory is not None:
            frames.append((directory[0], self._without(segment, *directory, doomed, nos)))
        frames += self._former_life(segment, content, directory)
        if frames:
            log.overwrite(segment, frames)
        return len(pictures)

    def _former_life(
        self, segment: int, content: bytes, directory: tuple[int, bytes] | None
    ) -> list[tuple[int, bytes]]:
        """Zeros for what a segment that was used again still holds of the one before, behind its own last frame."""
        if directory is None:
            end = log_scan(self._store.log.store_id, segment, content, 0)[1]
        else:
            end = directory[0] + len(directory[1])
        rest = content[end : len(content) - TRAILER_BYTES]
        return [(end, bytes(len(rest)))] if rest.strip(b"\0") else []

    def _erased(self, segment: int, offset: int, length: int) -> bytes:
        log = self._store.log
        try:
            return log_erased_frame(log.store_id, segment, offset, log.raw(segment, offset, length))
        except ValueError:  # damaged, or cut off by an erasure that was cut off
            return bytes(length)

    def _without(
        self, segment: int, offset: int, frame: bytes, doomed: set[int], nos: set[int]
    ) -> bytes:
        """A directory, or settlements, without what they say of these events; what is damaged stays as it is."""
        store_id = self._store.log.store_id
        try:
            return log_erased_directory(
                store_id, segment, offset, frame, sorted(doomed), sorted(nos)
            )
        except ValueError:
            return frame
