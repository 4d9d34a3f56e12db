"""What is saved beside the events: counters, keys of profiles, numbers given, running time, boundary key.

Each segment begins with the whole of it; each group carries what changed. Names come in front of the events that are
stored under them. How far the numbers go comes behind: a group that a crash cut off promises nothing that is not in it.
Not thread-safe: the outbox has the lock.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from cammra_edge.outbox.census import GIVEN_BACK, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cammra_edge.outbox.intake import Intake
    from cammra_edge.outbox.mark import Mark
    from cammra_edge.outbox.profiles import Profiles
    from cammra_edge.outbox.running_time import RunningTime
    from cammra_edge.outbox.tallies import Tallies

BOUNDARY_KEY = "boundary_key"
KEY_BYTES = 32
_HEX_KEY = re.compile(f"[0-9a-f]{{{2 * KEY_BYTES}}}")
_JSON = json.JSONEncoder(separators=(",", ":"))


class Saved:
    """Puts the parts' states together."""

    def __init__(
        self, intake: Intake, tallies: Tallies, profiles: Profiles, running_time: RunningTime
    ) -> None:
        self._intake = intake
        self._tallies = tallies
        self._profiles = profiles
        self._running_time = running_time
        self.boundary_key = os.urandom(KEY_BYTES)
        self._key_saved = False
        self._given_back: list[int] = []

    @property
    def dirty(self) -> bool:
        """Is there anything that a group of its own should save?"""
        return bool(
            self._tallies.dirty or self._profiles.dirty or self._given_back or not self._key_saved
        )

    def add(self, state: Mapping[str, object]) -> None:
        """Go on after what the log says."""
        self._tallies.add(state)
        self._running_time.add(state)
        key = state.get(BOUNDARY_KEY)
        if isinstance(key, str) and _HEX_KEY.fullmatch(key):
            self.boundary_key = bytes.fromhex(key)
            self._key_saved = True

    def give_back(self, segment: int) -> None:
        """A segment is about to go: whoever misses it shall know that it is not lost."""
        self._given_back.append(segment)

    def whole(self, segments: Iterable[int]) -> bytes:
        """All of it, with the segments that are there."""
        state = self._numbers() | self._tallies.whole() | self._profiles.state()
        state |= self._intake.skipped()
        state |= {SEGMENTS: [*segments]}
        state |= self._running_time.absences()
        return _JSON.encode(state | {BOUNDARY_KEY: self.boundary_key.hex()}).encode("ascii")

    def new_names(self) -> bytes:
        """Keys of profiles and the boundary key, where they are not saved; else nothing."""
        if self._key_saved and not self._profiles.dirty:
            return b""
        state = self._profiles.state() | {BOUNDARY_KEY: self.boundary_key.hex()}
        return _JSON.encode(state).encode("ascii")

    def changed(self) -> bytes:
        """What else changed since the last group."""
        state = self._numbers() | self._tallies.unsaved()
        # Names, numbers and words of our own: nothing in them needs an escape, and each group has one.
        texts = [
            f'"{name}":"{value}"' if isinstance(value, str) else f'"{name}":{value}'
            for name, value in state.items()
        ]
        return f"{{{','.join(texts)}}}".encode("ascii")

    def _numbers(self) -> dict[str, object]:
        numbers = {**self._intake.state(), **self._running_time.state()}
        if self._given_back:
            numbers |= {f"{GIVEN_BACK}{segment}": 1 for segment in self._given_back}
        return numbers

    def written(self) -> dict[str, int] | None:
        """The group with what was last asked for is on disk; returns the profiles' numbers where they changed."""
        self._tallies.saved()
        self._intake.saved()
        self._given_back.clear()
        self._key_saved = True
        return self._profiles.saved()

    def mark(self, *, closed: bool = False) -> Mark:
        """What is noted beside the log now and then."""
        return self._intake.mark(closed=closed)
