"""The file of who may use the page: the password's hash, and the API tokens' digests.

Invariant, held by `tests/web/test_broken_files.py`: whatever the file holds, reading it raises nothing, and what is no
hash that this package writes is no password.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.files import read_json, set_aside, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_log = logging.getLogger(__name__)

_MOST_N, _MOST_R, _MOST_P = 1 << 17, 16, 16
"""Beyond these a check of one password takes more memory or time than a camera has."""
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_BROKEN = "The file with the page's password was broken and is set aside"


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A password's scrypt hash, with its salt and cost (RFC 7914)."""

    salt: bytes
    n: int
    r: int
    p: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as it is listed. Its secret was shown once, and is kept as a digest."""

    token_id: str
    name: str
    scopes: tuple[str, ...]
    made_utc_s: int
    digest: str


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """What the file holds; `trouble` says what was wrong with it, in words for the owner.

    `devices` are the digests of what browsers keep that have signed in before.
    """

    password: PasswordHash | None
    tokens: list[Token]
    devices: list[str]
    trouble: str = ""


def read_access(path: Path) -> StoredAccess:
    """What the file holds; a file that is broken in any part is set aside, and what is whole in it is used."""
    stored = read_json(path)
    if stored is None:
        if not set_aside(path):
            return StoredAccess(None, [], [])
        _log.warning("set aside file=%s why=broken", path.name)
        return StoredAccess(None, [], [], f"{_BROKEN}: the console's code sets a new one.")
    password = _password_in(stored.get("password"))
    entries = stored.get("tokens")
    tokens = [_token_in(entry) for entry in entries] if isinstance(entries, list) else [None]
    whole = [token for token in tokens if token is not None]
    lost_password = password is None and stored.get("password") is not None
    if not lost_password and len(whole) == len(tokens):
        return StoredAccess(password, whole, _devices_in(stored.get("devices")))
    set_aside(path)
    _log.warning("set aside file=%s why=broken", path.name)
    with suppress(
        OSError
    ):  # as long as the disk refuses, the next start finds the password missing
        write_access(path, password, whole, [])
    lost = ["password"] * lost_password + ["tokens"] * (len(whole) < len(tokens))
    trouble = f"{_BROKEN}: {' and '.join(lost)} must be made anew."
    return StoredAccess(password, whole, [], trouble)


def _devices_in(plain: object) -> list[str]:
    """The digests among these; without them a browser is a stranger's, no more."""
    entries = plain if isinstance(plain, list) else []
    return [entry for entry in entries if isinstance(entry, str) and entry.isascii()]


def _password_in(plain: object) -> PasswordHash | None:
    match plain:
        case {
            "salt": str(salt),
            "n": int(n),
            "r": int(r),
            "p": int(p),
            "hash": str(digest),
        } if (
            _HEX.fullmatch(salt)
            and _HEX.fullmatch(digest)
            and 1 < n <= _MOST_N
            and n.bit_count() == 1
            and 0 < r <= _MOST_R
            and 0 < p <= _MOST_P
        ):
            return PasswordHash(bytes.fromhex(salt), n, r, p, bytes.fromhex(digest))
    return None


def _token_in(plain: object) -> Token | None:
    match plain:
        case {
            "id": str(token_id),
            "name": str(name),
            "scopes": list(scopes),
            "made": int(made_utc_s),
            "digest": str(digest),
        } if all(isinstance(scope, str) for scope in scopes) and digest.isascii():
            return Token(token_id, name, tuple(scopes), made_utc_s, digest)
    return None


def write_access(
    path: Path, password: PasswordHash | None, tokens: Iterable[Token], devices: Iterable[str]
) -> None:
    """Write the file.

    Raises:
        OSError: The disk refused; the old file is unchanged.
    """
    content = {
        "format": 1,
        "password": password
        and {
            "salt": password.salt.hex(),
            "n": password.n,
            "r": password.r,
            "p": password.p,
            "hash": password.digest.hex(),
        },
        "tokens": [
            {
                "id": token.token_id,
                "name": token.name,
                "scopes": list(token.scopes),
                "made": token.made_utc_s,
                "digest": token.digest,
            }
            for token in tokens
        ],
        "devices": list(devices),
    }
    write_json(path, content)
