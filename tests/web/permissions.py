"""The table of operations and roles in `docs/ref/people.md`; `python -m tests.web.permissions` writes it anew.

Held by `tests/house/test_permissions.py`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.web.app import OPERATIONS
from cammra_edge.web.roles import PERSON, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.web.operation import Operation

PAGE = Path(__file__).parents[2] / "docs" / "ref" / "people.md"
BEGIN, END = "<!-- operations -->\n", "<!-- /operations -->"


def table(operations: Iterable[Operation]) -> str:
    """Who may call what, a row an operation."""
    rows = [
        f"| operation | | {' | '.join(Role)} | token |",
        f"|---|---|{'---|' * len(Role)}---|",
        *(_row(operation) for operation in operations),
    ]
    return "\n".join(rows) + "\n"


def _row(operation: Operation) -> str:
    path = re.sub(r":\w+}", "}", operation.path)
    if operation.scope is None:
        roles, token = ["✓"] * len(Role), "everybody"
    else:
        roles = ["✓" if role.covers(operation.role) else "" for role in Role]
        token = "" if operation.scope == PERSON else f"`{operation.scope}`"
        token += f", or everybody (`{operation.opened_by}`)" if operation.opened_by else ""
    if operation.console:
        roles = ["", "", "at the console"]
    return f"| `{operation.method} {path}` | {operation.summary} | {' | '.join(roles)} | {token} |"


def told() -> str:
    """The table as the page has it."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + begin + table(OPERATIONS) + END + after, encoding="utf-8")
