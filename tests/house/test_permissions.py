"""The table of operations and roles in `docs/ref/people.md` is that of the operations."""

from __future__ import annotations

from cammra_edge.web.app import OPERATIONS
from tests.web.permissions import table, told


def test_the_description_has_the_table() -> None:
    assert told() == table(OPERATIONS), "to write it anew: python -m tests.web.permissions"
