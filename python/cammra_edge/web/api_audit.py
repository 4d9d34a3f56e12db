"""The operation that shows the audit log."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool

from cammra_edge.audit import Deed, Outcome
from cammra_edge.web.operation import Call, Operation, Query, Schema, object_schema
from cammra_edge.web.roles import PERSON


async def see_audit(call: Call) -> list[Any]:
    """Who did what, newest first; with `plate`, what was about that plate."""
    words = call.query
    look = partial(
        call.page.audit.entries,
        words["limit"],
        kind=words["kind"],
        who=words["who"],
        plate=words["plate"],
    )
    return await run_in_threadpool(look)


_TEXT: Schema = {"type": "string"}
_SHORT: Schema = {"type": "string", "maxLength": 64}
_ENTRY = object_schema(
    **{"from": _TEXT},
    at={"type": "integer"},
    who=_TEXT,
    kind={"enum": ["", *Deed]},
    what=_TEXT,
    fields={"type": "array", "items": _TEXT},
    plate=_TEXT,
    outcome={"enum": ["", *Outcome]},
)

OPERATIONS = (
    Operation(
        "GET",
        "/api/audit",
        see_audit,
        scope=PERSON,
        gives={"type": "array", "items": _ENTRY},
        query=(
            Query(
                name="limit",
                schema={"type": "integer", "minimum": 1, "maximum": 1000},
                default=200,
            ),
            Query(name="kind", schema={"type": "string", "enum": ["", *Deed]}, default=""),
            Query(name="who", schema=_SHORT, default=""),
            Query(name="plate", schema=_SHORT, default=""),
        ),
    ),
)
