"""Forgetting on demand: text and pictures overwritten in place, in the log and in its directories.

First the log says which events are about to go, and is flushed; then they are overwritten (`overwriting`), with what a
segment's file, the spare file and files that were set aside may hold beside; then the log says that it is done. A crash
in between leaves the rest to the next start, a disk that refuses leaves it to the time when it is back. What is
overwritten stays a record with a sound checksum, an id and its numbers, so that it is neither damage nor a gap.
Held by `tests/outbox/test_erasing.py` and `tests/outbox/test_erasing_everywhere.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.found import Erased
from cammra_edge.outbox.log import DamagedError, Purpose, StorageError
from cammra_edge.outbox.overwriting import Overwriting, Surveyed, is_before
from cammra_edge.outbox.values import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from threading import RLock

    from cammra_edge.outbox.bearing import Bearing
    from cammra_edge.outbox.found import Erasure
    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.writer import Writer
    from cammra_edge.storing import LogGroup

SEQS_TOGETHER = 8192
WAITING_TOGETHER = 64
"""Events that wait, looked at together: others wait for that."""
_WAITS = 3
"""Waiting or parked, as bits of `Ledger.states`."""


class Erasing:
    """See the module.

    Args:
        store: Where events are.
        writer: Who writes.
        queues: Whose deliveries go with what is erased.
        profiles: Whose keys name what still waits.
        lock: The outbox's own.
        begun: What an earlier process began and did not finish: events by the erasure's number. Kept up to date.
    """

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        store: Store,
        writer: Writer,
        queues: Queues,
        profiles: Profiles,
        lock: RLock,
        *,
        begun: dict[int, list[int]],
    ) -> None:
        self._store = store
        self._writer = writer
        self._queues = queues
        self._profiles = profiles
        self._lock = lock
        self._overwriting = Overwriting(store, lock)
        self._begun = begun

    @property
    def erased_images(self) -> Collection[int]:
        """Numbers of the pictures that this process erased."""
        return self._overwriting.erased_images

    def erase(self, what: Erasure, search: Callable[[], Iterable[int]]) -> Erased:
        """Erase the events that `search` finds by what directories say, and those whose record bears the plate.

        Raises:
            OutboxError: The disk does not take it now; what was begun is finished when it does.
        """
        try:
            closed = self._survey(what.bearing)  # what takes long, while others write
            with self._writer.turn:
                probes = what.undelivered and not self._writer.trouble
                if self._writer.trouble or (probes and not self._writer.flush(probe=True)):
                    raise OutboxError(f"the disk does not take it now: {self._writer.trouble}")
                return self._erase(what, search, closed)
        except StorageError as error:
            self._writer.ail(error)
            raise OutboxError(f"the disk does not take it now: {error}") from error

    def _erase(
        self,
        what: Erasure,
        search: Callable[[], Iterable[int]],
        closed: Mapping[int, Surveyed],
    ) -> Erased:
        surveyed = self._survey(what.bearing, closed, also_open=True)
        seqs = {*search(), *(seq for one in surveyed.values() for seq in one.bearing)}
        doomed, erased = self._doomed(seqs, undelivered=what.undelivered)
        number = int.from_bytes(os.urandom(8), "little") >> 1
        if doomed:
            self._begun[number] = sorted(doomed)
            self._say(number)
            surveyed = self._survey(None, closed, also_open=True)
        self._blank(surveyed, what.before_utc_ns)
        events, pictures = self._end(number, surveyed) if doomed else (0, 0)
        self._store.log.let_go_of_redo()
        return replace(erased, events=events, pictures=pictures, seqs=frozenset(doomed))

    def finish(self) -> None:
        """Erase what was begun and not finished, by an earlier process too; what the disk refuses waits on."""
        if not self._begun or self._writer.trouble:
            return
        with self._writer.turn:
            try:
                for number in self._begun:
                    self._say(number)
                for purpose in Purpose:  # what is torn there is told of once, not at each start
                    self._store.log.close_segment(purpose)
                surveyed = self._survey(None)
                self._blank(surveyed, None)
                for number in tuple(self._begun):
                    self._end(number, surveyed)
                self._store.log.let_go_of_redo()
            except (OutboxError, StorageError) as error:
                self._writer.ail(error)

    # -- which -----------------------------------------------------------------------------------

    def _survey(
        self,
        bearing: Bearing | None,
        known: Mapping[int, Surveyed] | None = None,
        *,
        also_open: bool = False,
    ) -> dict[int, Surveyed]:
        """Of each segment that is closed, and `also_open`; of closed ones as it is `known`."""
        log = self._store.log
        found: dict[int, Surveyed] = {}
        for segment in log.numbers():
            is_open = log.is_open(segment)
            if known and segment in known and not is_open:
                found[segment] = known[segment]
            elif also_open or not is_open:
                with suppress(DamagedError):  # it was given back meanwhile
                    found[segment] = self._overwriting.survey(segment, bearing)
        return found

    def _doomed(self, seqs: set[int], *, undelivered: bool) -> tuple[set[int], Erased]:
        """Which of them go, and how many deliveries of each profile keep theirs from going."""
        ledger = self._store.ledger
        waits = sorted(seq for seq in seqs if ledger.states(seq) & _WAITS)
        doomed = seqs.difference(waits)
        waiting: Counter[str] = Counter()
        for begin in range(0, len(waits), WAITING_TOGETHER):
            with self._lock:
                for seq in waits[begin : begin + WAITING_TOGETHER]:
                    keys = self._kept_by(seq, undelivered=undelivered)
                    waiting.update(keys or ())
                    if keys is None:
                        doomed.add(seq)
        kept = frozenset(seqs) - doomed
        return doomed, Erased(waiting=tuple(waiting.items()), kept=kept)

    def _kept_by(self, seq: int, *, undelivered: bool) -> list[str] | None:
        """The profiles whose deliveries keep an event from going; `None` where it goes. Called with the lock."""
        ledger = self._store.ledger
        if not ledger.states(seq) & _WAITS:  # it was settled meanwhile
            return None
        wanted = [
            (key, number)
            for key, number in self._profiles.numbers().items()
            if ledger.delivery(seq, number) is not None
        ]
        if not undelivered or seq in self._queues.in_flight():
            return [key for key, _ in wanted]
        for _, number in wanted:
            self._queues.drop(number, seq, Dropped.ERASED)
        return None

    # -- begin, overwrite, end -------------------------------------------------------------------

    def _say(self, number: int) -> None:
        """Have the log say what goes, before anything does."""
        ordered = self._begun[number]
        for begin in range(0, len(ordered), SEQS_TOGETHER):
            together = ordered[begin : begin + SEQS_TOGETHER]

            def frames(group: LogGroup, seqs: Sequence[int] = together) -> None:
                group.erase(number, seqs)

            if not self._writer.write(frames, 16 * len(together)):
                raise OutboxError(f"the disk does not take it now: {self._writer.trouble}")

    def _blank(self, surveyed: Mapping[int, Surveyed], before_utc_ns: int | None) -> None:
        """Zeros over all that no frame covers; over what is broken only where it may be of the time that goes."""
        log = self._store.log
        was_before = True
        for segment, one in surveyed.items():
            reaches = is_before(log.digests(segment), before_utc_ns)
            broken = one.broken if reaches or was_before else ()
            self._overwriting.blank(segment, (*broken, *one.former))
            was_before = reaches
        self._overwriting.blank_unnamed_pictures(surveyed)
        log.erase_set_aside()
        log.blank_spare()

    def _end(self, number: int, surveyed: Mapping[int, Surveyed]) -> tuple[int, int]:
        """Overwrite what was begun, and have the log say that it is done; returns how many events and pictures went."""
        gone = self._overwriting.overwrite(set(self._begun[number]), surveyed)
        if self._writer.write(lambda group: group.erased_done(number), 64):
            del self._begun[number]
        return gone
