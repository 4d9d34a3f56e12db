"""Who may use the page: its password, sessions, API tokens, and the brake on guessing.

Invariants, held by `tests/web/test_access.py`:

1. There is no default password. The first one is set with a code that only the console shows.
2. No password, session or token is stored in clear; they are compared in constant time.
3. Every sign-in gives the session a new token. A session ends after `IDLE_S` without a person's action, after
   `ABSOLUTE_S` in any case, and when the password changes.
4. A broken file of theirs lets nobody in who did not know the password or the console's code.
5. Strangers who guess keep out neither a browser that has signed in before nor whoever has the console's code: each of
   these has a brake of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.web.access_file import PasswordHash, Token, read_access, write_access
from cammra_edge.web.brake import Brake

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cammra_edge.clock import Clock

_log = logging.getLogger(__name__)

IDLE_S = 30 * 60
ABSOLUTE_S = 12 * 3600
MAX_SESSIONS = 64
MAX_TOKENS = 32
MAX_DEVICES = 16
DEVICE_TRIES = 20
"""After so many wrong guesses in a row a known device is one no more: it may be stolen."""
CODE_S = 15 * 60
MIN_PASSWORD = 10
MAX_PASSWORD = 256

# OWASP's password storage cheat sheet lists N=2^14, r=8, p=5 beside N=2^17, p=1; it needs 16 MiB, which a camera has.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 14, 8, 5
_CODE_LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"  # none that look alike on a console

SCOPES = ("read", "settings", "deliveries")
"""What a token may allow: to look; to change settings and test; to retry, discard and download parked events."""


@dataclass(slots=True)
class Session:
    """One signed-in browser; only `used_ns` ever changes."""

    csrf: str
    began_ns: int
    used_ns: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a session (all scopes, `csrf` set) or a token."""

    name: str
    scopes: frozenset[str]
    session: Session | None = None


class Access:
    """The page's door. All methods may be called from any thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Read the file.

        Args:
            path: The file with the password's hash and the tokens' digests.
            clock: Where the time comes from.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self.brake = Brake(clock)
        self.code_brake = Brake(clock, together=False)
        self.device_brake = Brake(clock, together=False)
        self._device_failures: dict[str, int] = {}
        stored = read_access(path)
        self.trouble = stored.trouble
        self._password, self._tokens = stored.password, stored.tokens
        self._devices = stored.devices
        self.setup_code = "" if self._password else new_code()
        self._code_ends_ns: int | None = None

    @property
    def set_up(self) -> bool:
        """A password has been set."""
        return self._password is not None

    @property
    def code_is_out(self) -> bool:
        """There is a code that the console has shown, and it counts."""
        ends_ns = self._code_ends_ns
        return bool(self.setup_code) and (ends_ns is None or self._clock.mono_ns() < ends_ns)

    def show_code(self) -> str:
        """A code for the console of a camera whose password nobody knows, or whose owner is kept out."""
        with self._lock:
            if self.set_up:
                self.setup_code = new_code()
                self._code_ends_ns = self._clock.mono_ns() + CODE_S * 10**9
            return self.setup_code

    def set_password_by_code(self, code: str, password: str) -> bool:
        """Take the first password, or a new one, from whoever knows the console's code; every session ends.

        Raises:
            ConfigError: The password is too short or too long.
            OSError: The disk refused; nothing has changed.
        """
        check_password(password)
        with self._lock:
            typed = code.strip().upper().replace("-", "").replace(" ", "")
            code_now = self.setup_code.replace("-", "")
            if not self.code_is_out or not same(typed, code_now):
                return False
            self._set(password)
            self.setup_code = ""
            self._sessions.clear()
        return True

    def change_password(self, old: str, new: str) -> bool:
        """Change the password; every session ends.

        Raises:
            ConfigError: The new password is too short or too long.
            OSError: The disk refused; nothing has changed.
        """
        check_password(new, "new")
        if not self.knows(old):
            return False
        with self._lock:
            self._set(new)
            self._sessions.clear()
        return True

    def knows(self, password: str) -> bool:
        """Whether this is the password; takes equally long when it is not."""
        stored = self._password
        if stored is None or len(password) > MAX_PASSWORD:
            return False
        digest = scrypt(password, stored.salt, stored.n, stored.r, stored.p)
        return hmac.compare_digest(digest, stored.digest)

    def _set(self, password: str) -> None:
        salt = secrets.token_bytes(16)
        digest = scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
        password_hash = PasswordHash(salt, SCRYPT_N, SCRYPT_R, SCRYPT_P, digest)
        self._write(password_hash, self._tokens, [])

    def _write(
        self, password: PasswordHash | None, tokens: list[Token], devices: list[str]
    ) -> None:
        """Write the file first: when the disk refuses, everything stays as it was."""
        write_access(self._path, password, tokens, devices)
        self._password, self._tokens, self._devices = password, tokens, devices

    # ---- sessions ----------------------------------------------------------------------------

    def open_session(self) -> tuple[str, Session]:
        """A new session, and its token: only the browser keeps it."""
        token = secrets.token_urlsafe(32)
        now = self._clock.mono_ns()
        session = Session(secrets.token_urlsafe(32), now, now)
        with self._lock:
            self._drop_ended(now)
            while len(self._sessions) >= MAX_SESSIONS:
                del self._sessions[min(self._sessions, key=lambda key: self._sessions[key].used_ns)]
            self._sessions[_digest(token)] = session
        return token, session

    def session(self, token: str, *, used: bool) -> Session | None:
        """The session of this token unless it has ended; `used`: a person did something just now."""
        now = self._clock.mono_ns()
        with self._lock:
            self._drop_ended(now)
            session = self._sessions.get(_digest(token))
            if session is not None and used:
                session.used_ns = now
            return session

    def close_session(self, token: str) -> None:
        """Sign out."""
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def _drop_ended(self, now_ns: int) -> None:
        for digest, session in list(self._sessions.items()):
            idle_ns, age_ns = now_ns - session.used_ns, now_ns - session.began_ns
            if idle_ns > IDLE_S * 10**9 or age_ns > ABSOLUTE_S * 10**9:
                del self._sessions[digest]

    # ---- devices -----------------------------------------------------------------------------

    def remember_device(self) -> str:
        """What a browser keeps that has signed in; without a disk to write to, the browser stays a stranger's."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            kept = [*self._devices, _digest(secret)][-MAX_DEVICES:]
            try:
                self._write(self._password, self._tokens, kept)
            except OSError:
                return ""
        return secret

    def device(self, secret: str) -> str:
        """The device whose browser sent this; empty for a stranger's."""
        digest = _digest(secret)
        known = (one for one in self._devices if hmac.compare_digest(one, digest))
        return next(known, "")

    def device_failed(self, device: str) -> None:
        """A wrong guess on a known device; the last one makes it a stranger's."""
        with self._lock:
            count = self._device_failures.get(device, 0) + 1
            self._device_failures[device] = count
            if count >= DEVICE_TRIES:
                del self._device_failures[device]
                self._devices = [one for one in self._devices if one != device]
                with suppress(OSError):
                    self._write(self._password, self._tokens, self._devices)

    def device_passed(self, device: str) -> None:
        """The right password on a known device."""
        with self._lock:
            self._device_failures.pop(device, None)

    # ---- tokens ------------------------------------------------------------------------------

    def new_token(self, name: str, scopes: Iterable[str]) -> tuple[str, Token]:
        """A token for a program, and its secret, to be shown once.

        Raises:
            ConfigError: The name or a scope cannot be used.
            OSError: The disk refused; nothing has changed.
        """
        known = tuple(scope for scope in SCOPES if scope in set(scopes))
        if not known or set(scopes) - set(SCOPES):
            raise ConfigError("scopes", ", ".join(scopes)[:80], "some of " + ", ".join(SCOPES))
        if not name.strip() or len(name) > 64:  # noqa: PLR2004 - fits a line of the list
            raise ConfigError("name", name[:64], "a name of 1 to 64 characters")
        secret = "ce_" + secrets.token_urlsafe(32)
        token = Token(
            secrets.token_hex(6),
            name.strip(),
            known,
            self._clock.utc_ns() // 10**9,
            _digest(secret),
        )
        with self._lock:
            if len(self._tokens) >= MAX_TOKENS:
                raise ConfigError(
                    "tokens", MAX_TOKENS, f"at most {MAX_TOKENS} tokens; remove one first"
                )
            self._write(self._password, [*self._tokens, token], self._devices)
        return secret, token

    def tokens(self) -> tuple[Token, ...]:
        """The tokens that are accepted."""
        return tuple(self._tokens)

    def remove_token(self, token_id: str) -> bool:
        """Accept a token no more; False when there is none of this id.

        Raises:
            OSError: The disk refused; nothing has changed.
        """
        with self._lock:
            left = [token for token in self._tokens if token.token_id != token_id]
            if len(left) == len(self._tokens):
                return False
            self._write(self._password, left, self._devices)
        return True

    def token(self, secret: str) -> Token | None:
        """The token with this secret."""
        digest = _digest(secret)
        tokens = (token for token in self._tokens if hmac.compare_digest(token.digest, digest))
        return next(tokens, None)


def new_code() -> str:
    """A code for the console: 47 bits, two groups of five. At a thousand guesses a second it takes 2,000 years."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def check_password(password: str, field: str = "password") -> None:
    """Refuse a password that is too easy to guess, or too long to hash.

    Args:
        password: The password somebody chose.
        field: The field it was typed into.

    Raises:
        ConfigError: Never shows the password.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ConfigError(
            field, "", f"{MIN_PASSWORD} to {MAX_PASSWORD} characters; a sentence is easiest"
        )
    if len(set(password)) < 4:  # noqa: PLR2004 - aaaaaaaaaa, abababababab
        raise ConfigError(field, "", "at least four different characters")


def scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    """The password's scrypt hash (RFC 7914)."""
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=256 * n * r,
        dklen=32,
    )


def same(secret: str, guess: str) -> bool:
    """Compare two short secrets in constant time."""
    return hmac.compare_digest(
        secret.encode("utf-8", "surrogatepass"), guess.encode("utf-8", "surrogatepass")
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
