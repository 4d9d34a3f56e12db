"""How the outbox begins: with what log and mark tell, or without them, and the log's own that comes later.

Held by `tests/outbox/test_profiles.py` and `tests/outbox/test_storage.py`.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from cammra_edge.outbox.census import Doubt, told_by
from cammra_edge.outbox.codec import plain_in
from cammra_edge.outbox.log import Purpose
from cammra_edge.outbox.recovery import Found
from cammra_edge.outbox.tallies import STATES
from cammra_edge.storing import Ledger, LogGroup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import RLock

    from cammra_edge.outbox.intake import Intake
    from cammra_edge.outbox.log import Replayed
    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.queues import Queues
    from cammra_edge.outbox.saved import Saved
    from cammra_edge.outbox.store import Store
    from cammra_edge.outbox.tallies import Tallies

_log = logging.getLogger(__name__)


class Opening:
    """See the module. `found` is what was come upon."""

    def __init__(  # noqa: PLR0913 - what it fills
        self,
        lock: RLock,
        *,
        store: Store,
        intake: Intake,
        tallies: Tallies,
        profiles: Profiles,
        saved: Saved,
        queues: Queues,
    ) -> None:
        self.found = Found()
        self._lock = lock
        self._store = store
        self._intake = intake
        self._tallies = tallies
        self._profiles = profiles
        self._saved = saved
        self._queues = queues
        self._met = False
        self._told = (0, 0)

    def begin(self, utc_ns: int) -> None:
        """Take over what the log says."""
        store, log, found = self._store, self._store.log, self.found
        found.replay(log.replay(), store.ledger, store.overviews)
        found.end(log)
        state = store.ledger.state()
        self._profiles.add(log.profiles, state)
        self._go_on(state, {})
        known = store.ledger.highest != (0, 0, 0) or state
        if not log.mark.seq and not log.began_empty and (found.damage or not known):
            self._intake.begin_after_clock(utc_ns)
        self._met = True

    def begin_without(self, utc_ns: int) -> None:
        """There is no log to be read now."""
        self._intake.begin_after_clock(utc_ns)

    def tell(self) -> None:
        """Log what is damaged or does not belong here, once."""
        found, aside = self.found, self._store.log.set_aside
        damage_told, aside_told = self._told
        self._told = len(found.damage), len(aside)
        if why := "; ".join(found.damage[damage_told:]):
            _log.error("outbox damaged events_lost=%d why=%r", found.lost, why)
        if why := "; ".join(aside[aside_told:]):
            _log.warning("outbox set aside why=%r", why)

    def _go_on(self, state: Mapping[str, object], changes: Mapping[int, int]) -> None:
        log, ledger = self._store.log, self._store.ledger
        self._saved.add(state)
        packets = {changes.get(no, no): packet for no, packet in log.mark.packets.items()}
        self._tallies.raise_packets(packets)
        self._tallies.raise_packets(ledger.packets)
        self._intake.catch_up(log.mark, state)
        self._intake.skip(self.found.doubt, self._profiles.numbers().values())

    def meet(self) -> None:
        """The disk is back: take over what could not be read so far, on top of what is in memory."""
        log = self._store.log
        if self._met:
            self._follow([*log.replay()])
            return
        ledger = Ledger(self._store.known_events)
        self.found.replay(log.replay(), ledger, self._store.overviews)
        self.found.end(log)
        state = ledger.state()
        with self._lock:
            changes = self._profiles.meet({**_noted(log.profiles), **state})
        if changes:  # what is written from here on has other numbers: `recovery` sees that at the segment's beginning
            log.close_segment(Purpose.EVENTS)
            ledger.renumber(list(changes.items()))
        with self._lock:
            self._move_in(ledger)
            self._go_on(_renumbered(state, changes), changes)
            self._queues.look_anew()
            self._met = True
        self.tell()

    def _follow(self, parts: Sequence[Replayed]) -> None:
        """Take in what another engine wrote while the folder was out of our hands, on top of what we know."""
        if not parts:
            return
        ledger, log = self._store.ledger, self._store.log
        told: dict[str, object] = {}
        for part in parts:
            for body in told_by(part.digests).states:
                with contextlib.suppress(ValueError, AttributeError):
                    told |= plain_in(body)
        with self._lock:
            changes = self._profiles.meet({**_noted(log.profiles), **told})
            unused = max(self._profiles.numbers().values(), default=0) + 1
        # What is ours under the numbers that mean others there stands aside meanwhile.
        aside = {number: unused + place for place, number in enumerate(changes)}
        if changes:
            ledger.renumber(list(aside.items()))
        self.found.last_seq = ledger.highest[0]
        self.found.replay(parts, ledger, self._store.overviews)
        if changes:
            log.close_segment(Purpose.EVENTS)
            back = ((number, ours) for ours, number in aside.items())
            ledger.renumber([*changes.items(), *back])
        with self._lock:
            packets = {**log.mark.packets, **ledger.packets}
            self._tallies.raise_packets({changes.get(no, no): last for no, last in packets.items()})
            self._intake.catch_up(log.mark, ledger.state())
            self._queues.look_anew()
        _log.warning(
            "another engine wrote to this outbox meanwhile, and all of it was taken up segments=%d",
            len(parts),
        )
        self.tell()

    def give_way(self) -> None:
        """Another engine may go on from where the log ends: number what comes far enough behind. With the lock."""
        self._intake.skip(Doubt.MISSING, self._profiles.numbers().values())

    def _move_in(self, ledger: Ledger) -> None:
        """What is in memory goes to the ledger of the disk."""
        store = self._store
        group = LogGroup(bytes(16), 0, 0)
        for no, (image_key, data) in store.unsaved.pictures.items():
            group.image(no, image_key, data)
        for seq in sorted(store.unsaved.payloads):
            group.again(store.ledger, seq, store.unsaved.payloads[seq])
        ledger.apply_in_memory(group)
        store.ledger = ledger


def _noted(profiles: Mapping[str, int]) -> dict[str, object]:
    return {f"profile_key:{number}": key for key, number in profiles.items()}


def _renumbered(state: Mapping[str, object], changes: Mapping[int, int]) -> dict[str, object]:
    """A state with the profiles' counters under their new numbers."""
    names = {f"{what}{old}": f"{what}{new}" for what in STATES for old, new in changes.items()}
    return {names.get(name, name): value for name, value in state.items()}
