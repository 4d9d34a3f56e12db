"""What the log tells at start: each segment's directory goes into the ledger, in order.

Where a key has another number from some segment on (a card came late, and numbered its profiles otherwise), what the
segments before it hold is renumbered. Held by `tests/outbox/test_recovery.py` and `tests/outbox/test_profiles.py`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.outbox.census import Census, Doubt, Run, told_by
from cammra_edge.outbox.codec import plain_in
from cammra_edge.outbox.log import Purpose
from cammra_edge.outbox.profiles import KEYED, numbers_from, renumbered
from cammra_edge.storing import log_erasures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cammra_edge.outbox.log import Log, Replayed
    from cammra_edge.outbox.overviews import Overviews
    from cammra_edge.storing import Ledger


class _Gap(NamedTuple):
    """Where nothing may stand: between one segment's last event (both 0: nothing before) and another's first."""

    segment_before: int
    segment: int
    seq_before: int
    seq: int
    ends_early: bool
    """The one before has no end that tells of all it held."""
    is_broken: bool
    """Something in front of that first event cannot be read."""


@dataclass(slots=True)
class Found:
    """What a replay came upon.

    Args:
        segments: Segments read.
        lost: Events that are not there any more, as far as anything tells of them.
        damage: What was wrong, a sentence each.
        doubt: What the log's end leaves open about the numbers that were given.
        last_seq: The last event's place.
        profiles: The profiles' numbers by key.
        erasures: Erasures that were begun and not finished: their events by their number.
    """

    segments: int = 0
    lost: int = 0
    damage: list[str] = field(default_factory=list)
    doubt: Doubt = Doubt.NONE
    last_seq: int = 0
    profiles: dict[str, int] = field(default_factory=dict)
    erasures: dict[int, list[int]] = field(default_factory=dict)
    _census: Census = field(default_factory=Census)
    _ends_early: bool = False
    _gaps: list[_Gap] = field(default_factory=list)

    def replay(self, parts: Iterable[Replayed], ledger: Ledger, overviews: Overviews) -> None:
        """Take in segments, in order."""
        for part in parts:
            self.add(part, ledger)
            overviews.note(part.segment, part.digests)
            if part.broken or part.cut_short:
                size = sum(end - start for start, end in part.broken) + part.cut_short
                self.damage.append(f"segment {part.segment}: {size} bytes cannot be read")

    def add(self, part: Replayed, ledger: Ledger) -> int:
        """Take in one segment; returns how many things that it says cannot be read."""
        self.segments += 1
        if part.purpose is Purpose.EVENTS:
            told, before = told_by(part.digests), self._census.last
            self._renumber(told.states, ledger)
            self._census.add(part, told)
            self._count_lost(part, told.runs, before)
        unreadable = ledger.replay(part.segment, part.digests)
        self._note_erasures(part.digests)
        self.last_seq = ledger.highest[0]
        return unreadable

    def end(self, log: Log) -> list[str]:
        """All that there is was taken in: what is not there, a sentence each, which stand in `damage` too."""
        there = log.numbers()
        missing, ending = self._census.missing(there, log.last_begun), self._census.ending(log.mark)
        self.doubt = self._census.doubt(log.mark, there, log.last_begun)
        said = [f"segment {segment} is not there" for segment in missing]
        said += self._count_gaps(there, missing)
        if ending:
            self.lost += ending
            said.append(f"the last {ending} events that were stored are not there")
        self.damage += said
        return said

    def _count_gaps(self, there: Sequence[int], missing: Sequence[int]) -> Iterator[str]:
        known = {*there, *missing}
        for gap in self._gaps:
            between = range(gap.segment_before + 1, gap.segment)
            # Where a segment was given back, its events stand elsewhere, or nowhere with good reason.
            if any(number not in known for number in between):
                continue
            count = self._census.given_between(gap.seq_before, gap.seq)
            if gap.ends_early or gap.is_broken or any(number in missing for number in between):
                self.lost += count
                if count and gap.ends_early:
                    yield f"segment {gap.segment_before} ends early"
        self._gaps.clear()

    def _note_erasures(self, digests: bytes) -> None:
        begun, done = log_erasures(digests)
        for number, seqs in begun:
            self.erasures.setdefault(number, []).extend(seqs)
        for number in done:
            self.erasures.pop(number, None)

    def _renumber(self, states: Sequence[bytes], ledger: Ledger) -> None:
        for place, body in enumerate(states):
            if place and KEYED not in body:
                continue
            with contextlib.suppress(ValueError, AttributeError):
                profiles = numbers_from(plain_in(body))
                changes = {} if place else renumbered(self.profiles, profiles)
                if changes:
                    ledger.renumber(list(changes.items()))
                self.profiles |= profiles

    def _count_lost(self, part: Replayed, runs: Sequence[Run], segment_before: int) -> None:
        """Count the events that a broken stretch held: places are given one after the other."""
        before_at, before_seq = 0, self.last_seq
        broken = [start for start, _ in part.broken]
        for first_at, first_seq, last_at, last_seq in runs:
            is_broken = any(before_at <= start < first_at for start in broken)
            if is_broken and before_seq:
                self.lost += self._census.given_between(before_seq, first_seq)
            elif not before_at and (before_seq or self._census.knows_beginning):
                self._gaps.append(
                    _Gap(
                        segment_before,
                        part.segment,
                        before_seq,
                        first_seq,
                        self._ends_early,
                        is_broken,
                    )
                )
            before_at, before_seq = last_at, max(before_seq, last_seq)
        self._ends_early = part.scanned or any(start >= before_at for start in broken)
