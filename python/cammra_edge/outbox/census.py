"""What should be in the log, by what is in it: which segments, and how far it goes.

Each segment of events begins with the numbers of those that are there; each group tells which go, and the highest
numbers that it gives. Beside the log the mark tells which segment was begun last, and, where the outbox was closed, all
that was given. So what is missing at the end is told as far as anything knows of it; where nothing does, numbers go on
well behind the highest that are known. Held by `tests/outbox/test_recovery.py` and `tests/outbox/test_missing.py`.
"""

from __future__ import annotations

import contextlib
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.outbox.codec import plain_in
from cammra_edge.storing import log_story

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cammra_edge.outbox.mark import Mark
    from cammra_edge.outbox.replaying import Replayed

SEGMENTS, GIVEN_BACK = "segments", "given_back:"
"""What is saved of the log's files: those that were there when a segment was begun, and each given back since."""
LAST_SEQ, SKIPPED = "last_seq", "skipped:"
"""The last place given, and those that never were: behind the one that is named, up to the one that stands there."""
_OURS = tuple(f'"{name}'.encode() for name in (SEGMENTS, GIVEN_BACK, SKIPPED))


class Doubt(IntEnum):
    """How many numbers may have been given that nothing tells of.

    NONE: None. TORN: The last group is not whole, and perhaps hides a few that lay behind it on the same page; mostly
    it is what was being written when the power went. MISSING: As many as a segment takes.
    """

    NONE = 0
    TORN = 1
    MISSING = 2


class Run(NamedTuple):
    """Events without a gap: where the first and the last begin, and their places among all."""

    first_at: int
    first_seq: int
    last_at: int
    last_seq: int


class Told(NamedTuple):
    """What a segment says, in order: the saved states, and which events it holds."""

    states: list[bytes]
    runs: list[Run]


def told_by(digests: bytes) -> Told:
    """Read a segment's digests once."""
    states, runs = log_story(digests)
    return Told(states, [Run(*run) for run in runs])


class Census:
    """Told of each segment of events, in order; `last` is the last one."""

    def __init__(self) -> None:
        self.last = 0
        self.knows_beginning = False
        """Of one segment at least it was read which others there were, and which places were never given."""
        self._listed: set[int] = set()
        self._given_back: set[int] = set()
        self._skipped: dict[int, int] = {}
        self._seen = 0
        self._announced = 0
        self._announced_before = 0
        self._cut_off = self._cut_event = False
        self._ends_early = False

    def add(self, part: Replayed, told: Told) -> None:
        """A segment, and what its digests say."""
        self.last = part.segment
        self._cut_off, self._cut_event = part.cut_off, part.cut_event
        last_at = max((run.last_at for run in told.runs), default=0)
        self._ends_early = any(start > last_at for start, _ in part.broken)
        self._seen = max([self._seen, *(run.last_seq for run in told.runs)])
        for body in told.states:
            if any(name in body for name in _OURS):
                self._add_list(body)
        for body in told.states[-2:]:
            last_seq = _last_seq_in(body)
            self._announced_before = self._announced
            self._announced = max(self._announced, last_seq)

    def _add_list(self, body: bytes) -> None:
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            state = plain_in(body)
            if SEGMENTS in state:
                self.knows_beginning = True
                self._listed = {number for number in state[SEGMENTS] if isinstance(number, int)}
            self._given_back |= _numbered(state, GIVEN_BACK).keys()
            self._skipped |= skipped_in(state)

    def given_between(self, before: int, after: int) -> int:
        """How many places behind `before` and in front of `after` were given to events."""
        never = sum(
            max(0, min(last, after - 1) - max(first, before))
            for first, last in self._skipped.items()
        )
        return max(0, after - before - 1 - never)

    # -- what is missing -------------------------------------------------------------------------

    def missing(self, there: Sequence[int], last_begun: int) -> list[int]:
        """Segments that nobody gave back and that are not there; `last_begun` as the mark tells."""
        should_be = self._listed | ({last_begun} if self._misses(there, last_begun) else set())
        return sorted(should_be - self._given_back - set(there))

    def _misses(self, there: Iterable[int], last_begun: int) -> bool:
        return last_begun > max(there, default=0) and last_begun not in self._given_back

    def ending(self, mark: Mark) -> int:
        """Events that mark or last group know of, and that are not in the log."""
        # What was dropped while it was only in memory has a place, and is in no group; a later one says so.
        last = self._seen if self._ends_early else max(self._seen, self._announced_before)
        return self.given_between(last, max(mark.seq, self._announced) + 1) or int(self._cut_event)

    def doubt(self, mark: Mark, there: Sequence[int], last_begun: int) -> Doubt:
        """What the log's end leaves open."""
        if mark.closed and mark.seq >= self._announced and last_begun >= max(there, default=0):
            return Doubt.NONE
        if self._cut_off or self._misses(there, last_begun) or mark.seq > self._announced:
            return Doubt.MISSING
        if any(segment > self.last for segment in self.missing(there, last_begun)):
            return Doubt.MISSING
        return Doubt.TORN if self.ending(mark) else Doubt.NONE


def skipped_in(state: Mapping[str, object]) -> dict[int, int]:
    """The places that a saved state says were never given."""
    return _numbered(state, SKIPPED)


def _numbered(state: Mapping[str, object], prefix: str) -> dict[int, int]:
    """The numbers in names that begin so, with the numbers under them."""
    return {
        int(number): value
        for name, value in state.items()
        if (number := name.removeprefix(prefix)) != name
        and number.isdecimal()
        and isinstance(value, int)
    }


def _last_seq_in(body: bytes) -> int:
    with contextlib.suppress(ValueError, AttributeError):
        last = plain_in(body).get(LAST_SEQ)
        return last if isinstance(last, int) else 0
    return 0
