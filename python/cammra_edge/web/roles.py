"""What people may do, by their role, and programs, by the scopes of their token.

Each operation says in the table of operations what it takes (`Operation.role`, `Operation.scope`); the server decides
by that alone, and the page only leaves out what would be refused. `docs/ref/people.md` has the whole table; every row
is tried over HTTP by `tests/web/test_roles.py`.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each may do all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, least: Role) -> bool:
        """Whether this role may do what takes at least that one."""
        roles = list(Role)
        return roles.index(self) >= roles.index(least)


METRICS = "metrics"
"""The scope of what a monitor reads, and of nothing else."""
SCOPES = ("read", "settings", "deliveries", METRICS)
"""What a token may allow: to look; to change settings and test; to retry, discard, download and erase; metrics."""

PERSON = "person"
"""The scope of what no token may do."""
