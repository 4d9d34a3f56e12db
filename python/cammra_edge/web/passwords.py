"""Passwords: which are taken, and how they are kept and compared.

At most `AT_ONCE` are hashed at a time, whoever asks: each takes 16 MiB.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from cammra_edge.errors import ConfigError
from cammra_edge.web.sentences import PageWant

MIN_PASSWORD = 10
MAX_PASSWORD = 256
AT_ONCE = 2

# OWASP's password storage cheat sheet lists N=2^14, r=8, p=5 beside N=2^17, p=1; it needs 16 MiB, which a camera has.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 14, 8, 5
_room = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A password's scrypt hash, with its salt and cost (RFC 7914)."""

    salt: bytes
    n: int
    r: int
    p: int
    digest: bytes


def check_password(password: str, field: str = "password") -> None:
    """Refuse a password that is too easy to guess, or too long to hash.

    Args:
        password: The password somebody chose.
        field: The field it was typed into.

    Raises:
        ConfigError: Never shows the password.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        want = PageWant.PASSWORD_LENGTH(least=MIN_PASSWORD, most=MAX_PASSWORD)
        raise ConfigError(field, "", want)
    if len(set(password)) < 4:  # noqa: PLR2004 - aaaaaaaaaa, abababababab
        raise ConfigError(field, "", PageWant.PASSWORD_VARIETY())


def hashed(password: str) -> PasswordHash:
    """What is kept of a new password."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    return PasswordHash(salt, SCRYPT_N, SCRYPT_R, SCRYPT_P, digest)


def matches(password: str, stored: PasswordHash) -> bool:
    """Whether this is the password; takes equally long when it is not."""
    if len(password) > MAX_PASSWORD:
        return False
    digest = _scrypt(password, stored.salt, stored.n, stored.r, stored.p)
    return hmac.compare_digest(digest, stored.digest)


def decoy(like: PasswordHash | None) -> PasswordHash:
    """A hash that no password has, and that costs as much to compare as that one."""
    n, r, p = (like.n, like.r, like.p) if like else (SCRYPT_N, SCRYPT_R, SCRYPT_P)
    return PasswordHash(secrets.token_bytes(16), n, r, p, secrets.token_bytes(32))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _room:
        return hashlib.scrypt(
            password.encode("utf-8", "surrogatepass"),
            salt=salt,
            n=n,
            r=r,
            p=p,
            maxmem=256 * n * r,
            dklen=32,
        )
