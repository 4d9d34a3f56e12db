"""Who asks: what the operations know of whoever has passed the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.web.access_file import Token
    from cammra_edge.web.roles import Role
    from cammra_edge.web.sessions import Session


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a person with a session, the owner at the engine's local socket, or a program with a token.

    Args:
        name: Of the person or token, for history and audit log.
        role: What a person, or the owner, may do; `None` for a token.
        scopes: What a token may do.
        session: Of a person who is signed in.
        token: Of a program.
    """

    name: str
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    session: Session | None = None
    token: Token | None = None

    def may(self, role: Role, scope: str) -> bool:
        """Whether this visitor may do what takes that role, or as a program that scope."""
        return scope in self.scopes if self.role is None else self.role.covers(role)
