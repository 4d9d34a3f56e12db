"""Operations on the journal: the latest tries, their bytes, and what became of one event."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cammra_edge.search import MARK, found_plain, safe_cell
from cammra_edge.web import views
from cammra_edge.web.operation import (
    ANY,
    LISTED,
    Call,
    Operation,
    Problem,
    Query,
    Run,
    Schema,
    as_file,
    object_schema,
)
from cammra_edge.web.roles import Role
from cammra_edge.web.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = (
    "at", "profile", "plate", "event", "kind", "packet", "number", "outcome", "took_ms", "size_bytes", "why", "words",
)  # fmt: skip
_EVENT_ID = re.compile("[0-9a-f]{32}")
_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


async def see_journal(call: Call) -> list[Any]:
    """The latest tries, newest first, with the plates of their events."""
    return await run_in_threadpool(_tries, call, call.query["limit"])


def _tries(
    call: Call, most: int | None = None, event_id: str | None = None
) -> list[dict[str, Any]]:
    only, operator = call.query.get("profile", ""), call.page.engine.operator
    tries = [
        (key, entry)
        for key, entries in operator.journal().items()
        if only in {"", key}
        for entry in entries
        if event_id in {None, entry.event_id}
    ]
    tries = sorted(tries, key=lambda one: one[1].at_utc_ns, reverse=True)[:most]
    plates = operator.plates_of(entry.event_id for _, entry in tries)
    words, kept = may_see_words(call), operator.transcripts_kept()
    return [views.try_plain(key, entry, plates, words=words, kept=kept) for key, entry in tries]


async def see_event(call: Call) -> Schema:
    """One event that is remembered, how each delivery of it stands, and what is known of its tries."""
    event_id = call.request.path_params["event_id"]
    return await run_in_threadpool(_event, call, event_id)


def _event(call: Call, event_id: str) -> Schema:
    engine = call.page.engine
    found = engine.operator.event(event_id) if _EVENT_ID.fullmatch(event_id) else None
    if found is None:
        raise Problem(404, Sentence.NO_SUCH_EVENT())
    stands = engine.outcomes_of([event_id]).get(event_id, {})
    return {
        "event": found_plain(found, engine.settings.device.time_zone),
        "stands": [{"profile": key, "state": state.value} for key, state in stands.items()],
        "tries": _tries(call, event_id=event_id),
    }


def may_see_words(call: Call) -> bool:
    """Whether this visitor may see what receivers answer: a program only if it may set where they are.

    Where a place may be denied, nobody may: it would be a window into what is not to be reached.
    """
    visitor = call.visitor
    may = visitor is not None and visitor.may(Role.OPERATOR, "settings")
    return may and not call.page.saved.deny_local


async def journal_csv(call: Call) -> Response:
    """The latest tries as CSV."""
    out = io.StringIO(MARK)
    out.seek(0, io.SEEK_END)
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    tries = await run_in_threadpool(_tries, call)
    writer.writerows({name: safe_cell(entry[name]) for name in _COLUMNS} for entry in tries)
    return Response(out.getvalue(), media_type="text/csv", headers=as_file("cammra-journal.csv"))


async def see_bytes(call: Call) -> Schema:
    """The beginning of one try's request and answer, as text, without pictures and secrets."""
    return await run_in_threadpool(_bytes, call)


def _bytes(call: Call) -> Schema:
    event_id, serial = call.request.path_params["event_id"], call.request.path_params["serial"]
    kept = call.page.engine.operator.transcript(event_id, serial)
    if kept is None:
        raise Problem(404, Sentence.BYTES_GONE())
    answer = kept.answer if may_see_words(call) else b""
    return {"request": _text(kept.request), "answer": _text(answer)}


def _text(content: bytes) -> str:
    """As it reads; what is no UTF-8, and what would steer a terminal, by the byte's number."""
    text = content.decode(errors="backslashreplace").replace("\r\n", "\n")
    return _STEERS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


PROFILE = Query(name="profile", schema={"type": "string"}, default="")
LIMIT = Query(name="limit", schema={"type": "integer", "minimum": 1, "maximum": 1000}, default=200)


def listing(path: str, run: Run, *query: Query) -> Operation:
    """A list that operators may see."""
    return Operation(
        "GET", path, run, role=Role.OPERATOR, gives=LISTED, query=query, background=True
    )


OPERATIONS: Sequence[Operation] = (
    Operation(
        "GET",
        "/api/event/{event_id:text}",
        see_event,
        role=Role.OPERATOR,
        gives=object_schema(event=ANY, stands=LISTED, tries=LISTED),
        also=(404,),
    ),
    listing("/api/journal", see_journal, PROFILE, LIMIT),
    Operation(
        "GET",
        "/api/journal.csv",
        journal_csv,
        role=Role.OPERATOR,
        gives={"type": "string"},
        gives_type="text/csv",
        query=(PROFILE,),
    ),
    Operation(
        "GET",
        "/api/journal/{event_id:text}/{serial:int}",
        see_bytes,
        scope="deliveries",
        role=Role.OPERATOR,
        gives=object_schema(request={"type": "string"}, answer={"type": "string"}),
        also=(404,),
    ),
)
