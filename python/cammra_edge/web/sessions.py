"""Who is signed in: the sessions of the page, in memory only.

A session ends after `IDLE_S` without a person's action, after `ABSOLUTE_S` in any case, and when its person is removed
or gets another role or password. Held by `tests/web/test_access.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.clock import Clock

IDLE_S = 30 * 60
ABSOLUTE_S = 12 * 3600
MAX_SESSIONS = 64


def digest_of(secret: str) -> str:
    """What is kept of a secret that is long and random."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class Session:
    """One signed-in browser, and the key of its person; only `used_ns` ever changes."""

    person: str
    csrf: str
    began_ns: int
    used_ns: int


class Sessions:
    """The sessions by the digest of their token. All methods may be called from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def open(self, person: str) -> tuple[str, Session]:
        """A new session, and its token: only the browser keeps it.

        When there are too many, the one that is unused for longest goes, of whoever has most of them: nobody signs the
        others out by signing in.
        """
        token = secrets.token_urlsafe(32)
        now = self._clock.mono_ns()
        session = Session(person, secrets.token_urlsafe(32), now, now)
        with self._lock:
            self._drop_ended(now)
            while len(self._sessions) >= MAX_SESSIONS:
                most = Counter(one.person for one in self._sessions.values()).most_common(1)[0][0]
                theirs = (key for key, one in self._sessions.items() if one.person == most)
                del self._sessions[min(theirs, key=lambda key: self._sessions[key].used_ns)]
            self._sessions[digest_of(token)] = session
        return token, session

    def find(self, token: str, *, used: bool) -> Session | None:
        """The session of this token unless it has ended; `used`: a person did something just now."""
        now = self._clock.mono_ns()
        with self._lock:
            self._drop_ended(now)
            session = self._sessions.get(digest_of(token))
            if session is not None and used:
                session.used_ns = now
            return session

    def lasts(self, session: Session, *, used: bool = False) -> bool:
        """Whether this session has not ended; `used`: what a person began is still going on."""
        now = self._clock.mono_ns()
        with self._lock:
            self._drop_ended(now)
            if used:
                session.used_ns = now
            return any(one is session for one in self._sessions.values())

    def close(self, token: str) -> Session | None:
        """Sign out; returns the session that has ended by it."""
        with self._lock:
            return self._sessions.pop(digest_of(token), None)

    def end_of(self, person: str) -> None:
        """End every session of a person."""
        with self._lock:
            for digest, session in list(self._sessions.items()):
                if session.person == person:
                    del self._sessions[digest]

    def _drop_ended(self, now_ns: int) -> None:
        for digest, session in list(self._sessions.items()):
            idle_ns, age_ns = now_ns - session.used_ns, now_ns - session.began_ns
            if idle_ns > IDLE_S * 10**9 or age_ns > ABSOLUTE_S * 10**9:
                del self._sessions[digest]
