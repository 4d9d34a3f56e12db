"""Operations on the outbox's memory: search, pictures of what was found, export, erase."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cammra_edge.audit import Deed, Outcome
from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.fields import Checked, settings
from cammra_edge.model import Direction, EventKind
from cammra_edge.outbox import EventState
from cammra_edge.outbox.found import MAX_FOUND
from cammra_edge.search import (
    SEPARATORS,
    csv_lines,
    erase_answer,
    erased_in,
    exported,
    found_events,
    given_in,
    json_lines,
    memory_answer,
    search_answer,
    together,
    zipped,
)
from cammra_edge.web.operation import (
    ANY,
    LISTED,
    Call,
    Operation,
    Problem,
    Query,
    Schema,
    as_file,
    object_schema,
    unusable,
)
from cammra_edge.web.roles import Role
from cammra_edge.web.sentences import Sentence
from cammra_edge.web.streamed import Export
from cammra_edge.web.turns import GoneError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from cammra_edge.search import Words

T = TypeVar("T")
UNUSABLE = 422
EXPORTS = ("csv", "files")


async def find_events(call: Call) -> Schema:
    """Events that the camera remembers, newest first, page by page."""
    words = {name: value for name, value in call.query.items() if name != "export"}
    answer = await _found(call, words)
    export, mark = call.query["export"], call.page.audit.mark
    if what := call.page.noted.line_due(call.who, words, mark, export=export):
        _note(call, Deed.EXPORT if export else Deed.SEARCH, what, words)
    return answer


async def see_memory(call: Call) -> Schema:
    """How far back the camera remembers, and which bound made it forget last."""
    status = await _unless_ill(run_in_threadpool(call.page.engine.history_status))
    return memory_answer(status, _zone(call))


async def see_image(call: Call) -> Response:
    """A picture of an event that was found."""
    seq, image_key = call.request.path_params["seq"], call.request.path_params["image_key"]
    look = partial(call.page.engine.history_image, seq, image_key)
    content = await _unless_ill(run_in_threadpool(look))
    if content is None:
        raise Problem(404, Sentence.PICTURE_GONE())
    headers = {"Cache-Control": "no-store"}
    return Response(content, media_type="image/jpeg", headers=headers)


async def export_zip(call: Call) -> Response:
    """All events that are found, as a ZIP: a table, JSON and the pictures."""
    return await _export(call, "zip", "application/zip")


async def export_csv(call: Call) -> Response:
    """All events that are found, as CSV."""
    return await _export(call, "csv", "text/csv")


async def export_json(call: Call) -> Response:
    """All events that are found, as JSON."""
    return await _export(call, "json", "application/json")


async def _export(call: Call, kind: str, media_type: str) -> Response:
    turns = call.page.exports
    if turns.locked():
        raise Problem(429, Sentence.EXPORTS_RUN(), retry_after_s=5.0)
    await turns.acquire()  # at once: there is one
    try:
        return await _exported(call, kind, media_type)
    except BaseException:
        turns.release()
        raise


async def _exported(call: Call, kind: str, media_type: str) -> Response:
    """The answer, which gives its turn back."""
    engine, words = call.page.engine, dict(call.query)
    separator = SEPARATORS[words.pop("separator", "comma")]
    await _found(call, {**words, "limit": 1})  # before the answer has begun
    _note(call, Deed.EXPORT, f"events exported as {kind}", words)

    def ask(words: Words) -> Schema:
        return search_answer(engine.search, words, _zone(call))

    pieces: Iterator[bytes]
    if kind == "zip":
        pieces = zipped(exported(ask, engine.history_image, words, separator=separator))
    elif kind == "csv":
        pieces = csv_lines(found_events(ask, words), separator)
    else:
        pieces = json_lines(found_events(ask, words))
    headers = as_file(f"cammra-events.{kind}")
    turns = call.page.exports
    return Export(
        call, together(pieces), ended=turns.release, media_type=media_type, headers=headers
    )


@settings
class Forget(Checked):
    """What is to be erased: `plate`, `before` (ISO 8601) or `all`; `undelivered` includes what waits or is parked."""

    plate: str = ""
    before: str = ""
    all: bool = False
    undelivered: bool = False


async def erase(call: Call) -> Schema:
    """Overwrite text and pictures of events for good; what waits for delivery stays, unless told otherwise."""
    what = call.body
    words = {
        "plate": what.plate,
        "before": what.before,
        "all": what.all,
        "undelivered": what.undelivered,
    }
    run = partial(erase_answer, call.page.engine.erase, words, _zone(call))
    try:
        answer = await _unless_ill(run_in_threadpool(run))
    except Problem as problem:
        if problem.status != UNUSABLE:  # it has begun, perhaps, and broken off
            _note(call, Deed.ERASURE, "events erased", words, Outcome.FAILED)
        raise
    counts = f"{erased_in(answer)} erased"
    if what.all:
        call.page.audit.forget_key()
    _note(call, Deed.ERASURE, counts, words)
    call.page.feed.wake()
    return answer


def _zone(call: Call) -> str:
    return call.page.engine.settings.device.time_zone


async def _found(call: Call, words: Words) -> Schema:
    ask = partial(search_answer, call.page.engine.search, words, _zone(call))
    answer = await _unless_ill(call.page.searches.ask(call.request, ask))
    if not call.is_let_in():  # meanwhile
        raise Problem(401, Sentence.SIGN_IN_FIRST())
    return answer


async def _unless_ill(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except GoneError as error:
        raise Problem(503, Sentence.NO_ANSWER()) from error
    except ConfigError as error:
        raise unusable(*error.errors) from error
    except OutboxError as error:
        raise Problem(503, Sentence.NOT_NOW(why=str(error))) from error


def _note(call: Call, deed: Deed, what: str, words: Words, outcome: Outcome = Outcome.DONE) -> None:
    """A line in the audit log: which words were given, and of the plate what stands for it there."""
    call.note(deed, what, fields=given_in(words), plate=words.get("plate") or "", outcome=outcome)


_TEXT: Schema = {"type": "string", "maxLength": 64}
_WORDS = (
    Query(name="plate", schema=_TEXT, default=""),
    Query(name="one_off", schema={"type": "boolean"}, default=False),
    Query(name="from", schema=_TEXT, default=""),
    Query(name="to", schema=_TEXT, default=""),
    Query(name="direction", schema={"type": "string", "enum": ["", *Direction]}, default=""),
    Query(
        name="region", schema={"type": "integer", "minimum": 0, "maximum": 2**32 - 1}, default=None
    ),
    Query(name="list", schema=_TEXT, default=""),
    Query(name="kind", schema={"type": "array", "items": {"enum": list(EventKind)}}, default=None),
    Query(
        name="min_confidence", schema={"type": "number", "minimum": 0, "maximum": 1}, default=None
    ),
    Query(name="state", schema={"type": "string", "enum": ["", *EventState]}, default=""),
    Query(name="profile", schema=_TEXT, default=""),
    Query(name="cursor", schema=_TEXT, default=""),
)
_LIMIT = Query(
    name="limit", schema={"type": "integer", "minimum": 1, "maximum": MAX_FOUND}, default=50
)
_EXPORT = Query(name="export", schema={"type": "string", "enum": ["", *EXPORTS]}, default="")
"""What a shell writes the answer to; for the audit log."""
_SEPARATOR = Query(
    name="separator", schema={"type": "string", "enum": list(SEPARATORS)}, default="comma"
)
_FOUND = object_schema(
    events=LISTED,
    cursor={"type": "string"},
    **{"from": {"type": "string"}, "to": {"type": "string"}},
)
_MEMORY = object_schema(
    events={"type": "integer"},
    bytes={"type": "integer"},
    bound={"type": "string"},
    texts_since={"type": "string"},
    pictures_since={"type": "string"},
)
_FILE: Schema = {"type": "string"}
_ERASED = object_schema(events={"type": "integer"}, pictures={"type": "integer"}, waiting=ANY)

OPERATIONS: Sequence[Operation] = (
    Operation(
        "GET",
        "/api/memory",
        see_memory,
        gives=_MEMORY,
        also=(503,),
        role=Role.VIEWER,
        background=True,
    ),
    Operation(
        "GET",
        "/api/events",
        find_events,
        gives=_FOUND,
        query=(*_WORDS, _LIMIT, _EXPORT),
        also=(503,),
        role=Role.VIEWER,
    ),
    Operation(
        "GET",
        "/api/events/{seq:int}/images/{image_key:text}",
        see_image,
        role=Role.VIEWER,
        gives={"type": "string"},
        gives_type="image/jpeg",
        also=(503,),
        background=True,
    ),
    Operation(
        "GET",
        "/api/events.zip",
        export_zip,
        role=Role.VIEWER,
        gives=_FILE,
        gives_type="application/zip",
        query=(*_WORDS, _SEPARATOR),
        also=(429, 503),
    ),
    Operation(
        "GET",
        "/api/events.csv",
        export_csv,
        role=Role.VIEWER,
        gives=_FILE,
        gives_type="text/csv",
        query=(*_WORDS, _SEPARATOR),
        also=(429, 503),
    ),
    Operation(
        "GET",
        "/api/events.json",
        export_json,
        role=Role.VIEWER,
        gives=LISTED,
        query=_WORDS,
        also=(429, 503),
    ),
    Operation(
        "POST", "/api/erase", erase, scope="deliveries", takes=Forget, gives=_ERASED, also=(503,)
    ),
)
