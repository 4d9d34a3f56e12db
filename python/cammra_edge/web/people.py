"""The people who may use the page: names, roles, and the browsers each has signed in with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import normalize

from cammra_edge.errors import ConfigError
from cammra_edge.web.sentences import PageWant

if TYPE_CHECKING:
    from cammra_edge.web.passwords import PasswordHash
    from cammra_edge.web.roles import Role

FIRST_NAME = "admin"
"""Of the first admin, where nobody gives a name."""
MAX_PEOPLE = 32
MAX_NAME = 64
_OTHERS = ("shell", "nobody", "token")
"""What others than people are called in history and audit log."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a password of his own.

    Args:
        name: As it is shown.
        role: What they may do.
        password: What is kept of the password.
        devices: Digests of what the browsers keep that they have signed in with.
    """

    name: str
    role: Role
    password: PasswordHash
    devices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the name is compared by."""
        return name_key(self.name)


def name_key(name: str) -> str:
    """What names are compared by: case, width and further spaces make no other name; the key of a key is itself."""
    folded = normalize("NFKC", normalize("NFKD", name).casefold())
    return " ".join(normalize("NFKC", folded.casefold()).split())


def check_name(name: str) -> str:
    """A name as it is kept.

    Raises:
        ConfigError: Nobody can be called so.
    """
    name = " ".join(normalize("NFC", name).split())
    usable = len(name) <= MAX_NAME and name.isprintable() and any(map(str.isalnum, name))
    if not usable:
        raise ConfigError("name", name[:MAX_NAME], PageWant.PERSONS_NAME(most=MAX_NAME))
    if name_key(name).partition(" ")[0] in _OTHERS:
        raise ConfigError("name", name, PageWant.NAME_NOT_LIKE(others=", ".join(_OTHERS)))
    return name
