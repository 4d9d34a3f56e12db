"""What the log tells at start: each segment's directory goes into the ledger, in order.

Where a key has another number from some segment on (a card came late, and numbered its profiles otherwise), what the
segments before it hold is renumbered. Held by `tests/outbox/test_recovery.py` and `tests/outbox/test_profiles.py`.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.outbox.log import Purpose
from cammra_edge.outbox.profiles import KEYED, numbers_from, renumbered
from cammra_edge.storing import log_erasures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cammra_edge.outbox.log import Replayed
    from cammra_edge.storing import Ledger

_EVENT, _STATE = 4, 6
_PLACE_BYTES = 12


@dataclass(slots=True)
class Found:
    """What a replay came upon.

    Args:
        segments: Segments read.
        lost: Events that are not there any more.
        damage: What was wrong, a sentence each.
        last_seq: The last event's place.
        profiles: The profiles' numbers by key.
        erasures: Erasures that were begun and not finished: their events by their number.
    """

    segments: int = 0
    lost: int = 0
    damage: list[str] = field(default_factory=list)
    last_seq: int = 0
    profiles: dict[str, int] = field(default_factory=dict)
    erasures: dict[int, list[int]] = field(default_factory=dict)

    def replay(self, parts: Iterable[Replayed], ledger: Ledger) -> None:
        """Take in segments, in order."""
        for part in parts:
            self.segments += 1
            if part.purpose is Purpose.EVENTS:
                self._renumber(part, ledger)
            ledger.replay(part.segment, part.digests)
            self._note_erasures(part.digests)
            if part.broken or part.cut_short:
                self._note(part)
            self.last_seq = ledger.highest[0]

    def _note_erasures(self, digests: bytes) -> None:
        begun, done = log_erasures(digests)
        for number, seqs in begun:
            self.erasures.setdefault(number, []).extend(seqs)
        for number in done:
            self.erasures.pop(number, None)

    def _renumber(self, part: Replayed, ledger: Ledger) -> None:
        bodies = (body for kind, body in _digests(part.digests) if kind == _STATE)
        for place, body in enumerate(bodies):
            if place and KEYED not in body:
                continue
            with contextlib.suppress(ValueError, AttributeError):
                profiles = numbers_from(json.loads(body))
                changes = {} if place else renumbered(self.profiles, profiles)
                if changes:
                    ledger.renumber(list(changes.items()))
                self.profiles |= profiles

    def _note(self, part: Replayed) -> None:
        """Count the events that a broken stretch held: places are given one after the other."""
        before_at, before_seq = 0, self.last_seq
        for kind, body in _digests(part.digests):
            if kind != _EVENT:
                continue
            at = int.from_bytes(body[:8], "little")
            seq = int.from_bytes(body[_PLACE_BYTES : _PLACE_BYTES + 8], "little")
            if before_seq and any(before_at <= start < at for start, _ in part.broken):
                self.lost += max(0, seq - before_seq - 1)
            before_at, before_seq = at, max(before_seq, seq)
        size = sum(end - start for start, end in part.broken) + part.cut_short
        self.damage.append(f"segment {part.segment}: {size} bytes cannot be read")


def _digests(digests: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and bytes of each."""
    at = 0
    while at + 5 <= len(digests):
        length = int.from_bytes(digests[at + 1 : at + 5], "little")
        yield digests[at], digests[at + 5 : at + 5 + length]
        at += 5 + length
