"""The browsers that people have signed in with: each has a brake on guessing of its own, for that person alone."""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.web.brake import Brake
from cammra_edge.web.sessions import digest_of

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.web.access_file import AccessFile
    from cammra_edge.web.people import Person

MAX_DEVICES = 16
"""Browsers that are known of one person."""
MAX_SHARING = 4
"""People of whom one browser is known."""
DEVICE_TRIES = 20
"""After so many wrong guesses in a row a known device is one no more: it may be stolen."""


class Devices:
    """The known browsers of everybody. All methods may be called from any thread."""

    def __init__(self, file: AccessFile, clock: Clock) -> None:
        self._file = file
        self._failures: dict[str, int] = {}
        self.brake = Brake(clock, together=False)

    def remember(self, person: Person, held: str) -> str:
        """What a browser is to keep from now on, so that it is known as this person's; empty where nothing changes.

        Args:
            person: Who has signed in.
            held: What it keeps already; others may have signed in with it.

        Returns:
            Empty also without a disk to write to: the browser stays a stranger's.
        """
        if self.find(person, held):
            return ""
        secret = secrets.token_urlsafe(32)
        with self._file.lock:
            now = self._file.people.get(person.key)
            if now is None:
                return ""
            devices = (*now.devices, digest_of(secret))[-MAX_DEVICES:]
            try:
                self._file.take(replace(now, devices=devices))
            except OSError:
                return ""
        others = [part for part in _parts(held) if self._is_known(part)]
        return ".".join([secret, *others][:MAX_SHARING])

    def find(self, person: Person | None, held: str) -> str:
        """The device of this person whose browser sent this; empty for a stranger's."""
        now = self._file.people.get(person.key) if person else None
        sent = [digest_of(part) for part in _parts(held)]
        kept = now.devices if now else ()
        known = (one for one in kept if any(hmac.compare_digest(one, other) for other in sent))
        return next(known, "")

    def knows(self, held: str) -> bool:
        """Whether anybody has signed in with the browser that sent this."""
        return any(map(self._is_known, _parts(held)))

    def _is_known(self, secret: str) -> bool:
        digest = digest_of(secret)
        kept = (one for person in self._file.people.values() for one in person.devices)
        return any(hmac.compare_digest(one, digest) for one in kept)

    def failed(self, device: str) -> None:
        """A wrong guess on a known device; the last one makes it a stranger's."""
        with self._file.lock:
            count = self._failures.get(device, 0) + 1
            self._failures[device] = count
            if count < DEVICE_TRIES:
                return
            del self._failures[device]
            self._file.people = {
                key: replace(one, devices=tuple(kept for kept in one.devices if kept != device))
                for key, one in self._file.people.items()
            }
            with suppress(OSError):  # as long as this engine runs, it is a stranger's in any case
                self._file.keep()

    def passed(self, device: str) -> None:
        """The right password on a known device."""
        with self._file.lock:
            self._failures.pop(device, None)


def _parts(held: str) -> list[str]:
    """The secrets that a browser keeps, one for each person who has signed in with it."""
    return [part for part in held.split(".") if part][:MAX_SHARING]
