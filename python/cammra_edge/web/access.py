"""Who may use the page: people with passwords, their sessions, and programs with tokens.

Invariants, held by `tests/web/test_access.py` and `tests/web/test_people.py`:

1. There is no default password. The first one is set with a code that only the console shows.
2. No password, session or token is stored in clear; they are compared in constant time.
3. Every sign-in gives the session a new token. What ends a session is said in `sessions`.
4. A broken file of theirs lets nobody in who did not know a password or the console's code.
5. Strangers who guess keep out neither a browser that has signed in before nor whoever has the console's code: each of
   these has a brake of its own.
6. A stranger does not learn who there is: a name that nobody has costs and takes what any other does.
7. Once there is an admin, one always remains.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.web.access_file import AccessFile
from cammra_edge.web.brake import Brake
from cammra_edge.web.devices import Devices
from cammra_edge.web.passwords import PasswordHash, check_password, decoy, hashed, matches
from cammra_edge.web.people import FIRST_NAME, MAX_PEOPLE, Person, check_name, name_key
from cammra_edge.web.roles import Role
from cammra_edge.web.sentences import PageWant
from cammra_edge.web.sessions import Session, Sessions
from cammra_edge.web.tokens import Tokens

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.clock import Clock

CODE_S = 15 * 60
_CODE_LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"  # none that look alike on a console


class Access:
    """The page's door. All methods may be called from any thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Read the file.

        Args:
            path: The file with the passwords' hashes and the tokens' digests.
            clock: Where the time comes from.
        """
        self._clock = clock
        self._file = AccessFile(path)
        self.trouble = self._file.trouble
        self.sessions = Sessions(clock)
        self.tokens = Tokens(self._file, clock)
        self.devices = Devices(self._file, clock)
        self.brake = Brake(clock)
        self.code_brake = Brake(clock, together=False)
        self._decoys = secrets.token_bytes(32)
        self.setup_code = "" if self.set_up else new_code()
        self._code_ends_ns: int | None = None

    @property
    def set_up(self) -> bool:
        """There is an admin."""
        return any(person.role is Role.ADMIN for person in self.people())

    def people(self) -> tuple[Person, ...]:
        """Everybody who has a password, in the order in which they came."""
        return tuple(self._file.people.values())

    def person(self, name: str) -> Person | None:
        """The person of this name; without a name, the only one there is."""
        key, people = name_key(name), self._file.people
        if not key and len(people) == 1:
            return next(iter(people.values()))
        return people.get(key)

    # ---- the console's code ------------------------------------------------------------------

    @property
    def code_is_out(self) -> bool:
        """There is a code that the console has shown, and it counts."""
        ends_ns = self._code_ends_ns
        return bool(self.setup_code) and (ends_ns is None or self._clock.mono_ns() < ends_ns)

    def show_code(self) -> str:
        """A code for the console of a camera whose password nobody knows, or whose owner is kept out."""
        with self._file.lock:
            if self.set_up:
                self.setup_code = new_code()
                self._code_ends_ns = self._clock.mono_ns() + CODE_S * 10**9
            return self.setup_code

    def set_password_by_code(self, code: str, password: str, name: str = "") -> Person | None:
        """Take the password of an admin, there already or new, from whoever knows the console's code.

        Args:
            code: The console's code.
            password: The password to set.
            name: Whose it is; without one, the only admin's, or the first one's.

        Returns:
            The admin; `None` when the code is wrong.

        Raises:
            ConfigError: The password is too short or too long, or the name is not an admin's.
            OSError: The disk refused; nothing has changed.
        """
        check_password(password)
        if not self._is_code(code):
            return None
        self._admin_called(name)  # before it takes the time that a hash takes
        stored = hashed(password)
        with self._file.lock:
            if not self._is_code(code):
                return None
            person = Person(self._admin_called(name), Role.ADMIN, stored)
            self._file.take(person)
            self.setup_code = ""
        self.sessions.end_of(person.key)
        return person

    def _is_code(self, code: str) -> bool:
        typed = code.strip().upper().replace("-", "").replace(" ", "")
        return self.code_is_out and same(typed, self.setup_code.replace("-", ""))

    def _admin_called(self, name: str) -> str:
        """The name of the admin whose password the code sets.

        Raises:
            ConfigError: The name is needed, or is no admin's.
        """
        admins = [one.name for one in self.people() if one.role is Role.ADMIN]
        if not name.strip():
            if len(admins) > 1:
                raise ConfigError("name", "", PageWant.ADMINS_OR_NEW_NAME())
            name = admins[0] if admins else FIRST_NAME
        person = self._file.people.get(name_key(name))
        if person is None:
            self._check_room()
            return check_name(name)
        if person.role is not Role.ADMIN:
            raise ConfigError("name", name, PageWant.ADMINS_OR_FREE_NAME())
        return person.name

    # ---- people ------------------------------------------------------------------------------

    def knows(self, name: str, password: str) -> Person | None:
        """The person with this name and password; `None` takes equally long, whether or not the name is anybody's."""
        person = self.person(name)
        right = matches(password, person.password if person else self._decoy(name))
        return person if right else None

    def _decoy(self, name: str) -> PasswordHash:
        """What to compare with where nobody has the name: it costs what one of those there are costs."""
        kept = [person.password for person in self.people()]
        text = name_key(name).encode("utf-8", "surrogatepass")
        number = int.from_bytes(hashlib.blake2b(text, key=self._decoys, digest_size=8).digest())
        return decoy(kept[number % len(kept)] if kept else None)

    def add_person(self, name: str, role: Role, password: str) -> Person:
        """Let somebody in.

        Raises:
            ConfigError: The name is taken or none, the password is too short or too long, or there are too many people.
            OSError: The disk refused; nothing has changed.
        """
        check_password(password)
        person = Person(check_name(name), role, hashed(password))
        with self._file.lock:
            if person.key in self._file.people:
                raise ConfigError("name", name, PageWant.FREE_NAME())
            self._check_room()
            self._file.take(person)
        return person

    def _check_room(self) -> None:
        if len(self._file.people) >= MAX_PEOPLE:
            raise ConfigError("name", "", PageWant.PEOPLE_AT_MOST(most=MAX_PEOPLE))

    def change_person(
        self, name: str, *, role: Role | None = None, password: str | None = None
    ) -> Person | None:
        """Give somebody another role, or another password, and end their sessions; `None`: there is nobody so called.

        Raises:
            ConfigError: The password is too short or too long, or nobody else is an admin.
            OSError: The disk refused; nothing has changed.
        """
        if password is not None:
            check_password(password)
        stored = None if password is None else hashed(password)
        with self._file.lock:
            person = self._file.people.get(name_key(name))
            if person is None:
                return None
            changed = replace(person, role=role or person.role, password=stored or person.password)
            if changed == person:
                return person
            if changed.role is not Role.ADMIN:
                self._check_admin_but(person, "role")
            changed = replace(changed, devices=())
            self._file.take(changed)
        self.sessions.end_of(person.key)
        return changed

    def change_password(self, name: str, old: str, new: str) -> Person | None:
        """Change one's own password; every session of one's own ends. `None`: the old one is wrong.

        Raises:
            ConfigError: The new password is too short or too long.
            OSError: The disk refused; nothing has changed.
        """
        check_password(new, "new")
        person = self.knows(name, old)
        return person and self.change_person(person.name, password=new)

    def remove_person(self, name: str) -> Person | None:
        """Let somebody in no more; `None`: there is nobody so called.

        Raises:
            ConfigError: Nobody else is an admin.
            OSError: The disk refused; nothing has changed.
        """
        with self._file.lock:
            person = self._file.people.get(name_key(name))
            if person is None:
                return None
            self._check_admin_but(person, "name")
            left = {key: one for key, one in self._file.people.items() if key != person.key}
            self._file.keep(people=left)
        self.sessions.end_of(person.key)
        return person

    def _check_admin_but(self, person: Person, field: str) -> None:
        others = (one for one in self.people() if one.key != person.key)
        if person.role is Role.ADMIN and not any(one.role is Role.ADMIN for one in others):
            raise ConfigError(field, person.name, PageWant.ANOTHER_ADMIN())

    def open_session(self, person: Person) -> tuple[str, Session] | None:
        """A session, and its token; `None` when the person has been removed or changed meanwhile."""
        with self._file.lock:
            now = self._file.people.get(person.key)
            if now is None or (now.password, now.role) != (person.password, person.role):
                return None
            return self.sessions.open(person.key)


def new_code() -> str:
    """A code for the console: 47 bits, two groups of five. At a thousand guesses a second it takes 2,000 years."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def same(secret: str, guess: str) -> bool:
    """Compare two short secrets in constant time."""
    return hmac.compare_digest(
        secret.encode("utf-8", "surrogatepass"), guess.encode("utf-8", "surrogatepass")
    )
