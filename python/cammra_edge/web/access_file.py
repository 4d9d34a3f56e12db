"""The file of who may use the page: people with the hashes of their passwords, and the API tokens' digests.

Invariant, held by `tests/web/test_broken_files.py`: whatever the file holds, reading it raises nothing, and what is no
hash that this package writes is no password.

Format 1 had one password without a name; it is read as that of an admin called `people.FIRST_NAME`.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cammra_edge.errors import ConfigError
from cammra_edge.files import read_json, set_aside, write_json
from cammra_edge.web.passwords import PasswordHash
from cammra_edge.web.people import FIRST_NAME, MAX_PEOPLE, Person, check_name
from cammra_edge.web.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_log = logging.getLogger(__name__)

NAME = "access.json"
FORMAT = 2
_MOST_N, _MOST_R, _MOST_P = 1 << 17, 16, 16
"""Beyond these a check of one password takes more memory or time than a camera has."""
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_BROKEN = "The file with the page's passwords was broken and is set aside"


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
    """What the file holds; `trouble` says what was wrong with it, in words for the owner."""

    people: tuple[Person, ...] = ()
    tokens: tuple[Token, ...] = ()
    trouble: str = ""


class AccessFile:
    """The file, and what it holds now. Whoever changes it holds `lock`, and keeps it briefly: every request waits."""

    def __init__(self, path: Path) -> None:
        """Read the file; a broken one is set aside, and `trouble` says so."""
        self._path = path
        self.lock = threading.Lock()
        stored = read_access(path)
        self.people = {person.key: person for person in stored.people}
        self.tokens = stored.tokens
        self.trouble = stored.trouble

    def take(self, person: Person) -> None:
        """Keep a person, new or changed.

        Raises:
            OSError: The disk refused; nothing has changed.
        """
        self.keep(people={**self.people, person.key: person})

    def keep(
        self, *, people: dict[str, Person] | None = None, tokens: tuple[Token, ...] | None = None
    ) -> None:
        """Keep these people or tokens; written first, so that everything stays as it was when the disk refuses.

        Raises:
            OSError: The disk refused; nothing has changed.
        """
        people = self.people if people is None else people
        tokens = self.tokens if tokens is None else tokens
        write_access(self._path, people.values(), tokens)
        self.people, self.tokens = people, tokens


def read_access(path: Path) -> StoredAccess:
    """What the file holds; a file that is broken in any part is set aside, and what is whole in it is used."""
    stored = read_json(path)
    if stored is None:
        if not set_aside(path):
            return StoredAccess()
        _log.warning("set aside file=%s why=broken", path.name)
        return StoredAccess(trouble=f"{_BROKEN}: the console's code sets a new one.")
    people, lost_people = _people_in(stored)
    entries = stored.get("tokens")
    tokens = [_token_in(entry) for entry in entries] if isinstance(entries, list) else [None]
    whole = tuple(token for token in tokens if token is not None)
    if not lost_people and len(whole) == len(tokens):
        return StoredAccess(people, whole)
    set_aside(path)
    _log.warning("set aside file=%s why=broken", path.name)
    with suppress(OSError):  # as long as the disk refuses, the next start finds the same missing
        write_access(path, people, whole)
    lost = ["passwords"] * lost_people + ["tokens"] * (len(whole) < len(tokens))
    return StoredAccess(people, whole, f"{_BROKEN}: {' and '.join(lost)} must be made anew.")


def is_whole_access(content: bytes) -> bool:
    """Whether such a file would be read without anything being left out."""
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):
        return False
    if not isinstance(stored, dict):
        return False
    _, is_broken = _people_in(stored)
    entries = stored.get("tokens")
    return not is_broken and isinstance(entries, list) and None not in map(_token_in, entries)


def _people_in(stored: dict[str, Any]) -> tuple[tuple[Person, ...], bool]:
    """The people in the file, and whether any of them is broken."""
    entries = stored.get("people")
    if entries is None:
        plain = stored.get("password")
        password = _password_in(plain)
        if password is None:
            return (), plain is not None
        return (
            Person(FIRST_NAME, Role.ADMIN, password, _devices_in(stored.get("devices"))),
        ), False
    if not isinstance(entries, list):
        return (), True
    found: dict[str, Person] = {}
    for entry in entries[:MAX_PEOPLE]:
        person = _person_in(entry)
        if person is not None:
            found.setdefault(person.key, person)
    return tuple(found.values()), len(found) < len(entries)


def _person_in(plain: object) -> Person | None:
    match plain:
        case {"name": str(name), "role": str(role), "password": password, **rest} if role in list(
            Role
        ):
            stored = _password_in(password)
            with suppress(ConfigError):
                if stored is not None:
                    devices = _devices_in(rest.get("devices"))
                    return Person(check_name(name), Role(role), stored, devices)
    return None


def _devices_in(plain: object) -> tuple[str, ...]:
    """The digests among these; without them a browser is a stranger's, no more."""
    entries = plain if isinstance(plain, list) else []
    return tuple(entry for entry in entries if isinstance(entry, str) and entry.isascii())


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


def write_access(path: Path, people: Iterable[Person], tokens: Iterable[Token]) -> None:
    """Write the file.

    Raises:
        OSError: The disk refused; the old file is unchanged.
    """
    content = {
        "format": FORMAT,
        "people": [
            {
                "name": person.name,
                "role": person.role,
                "password": {
                    "salt": person.password.salt.hex(),
                    "n": person.password.n,
                    "r": person.password.r,
                    "p": person.password.p,
                    "hash": person.password.digest.hex(),
                },
                "devices": list(person.devices),
            }
            for person in people
        ],
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
    }
    write_json(path, content)
