"""Operations on traffic: status, events, pictures, parked events, backlogs."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cammra_edge.audit import Deed
from cammra_edge.engine.troubles import PICTURE_KINDS
from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.fields import Checked, required, settings
from cammra_edge.phrases import counted
from cammra_edge.search import together
from cammra_edge.web import views
from cammra_edge.web.api_journal import LIMIT, PROFILE, listing, may_see_words
from cammra_edge.web.live import MAX_VIEWERS
from cammra_edge.web.narrowed import narrowed_alarms, narrowed_status
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

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

_PIECE_BYTES = 1 << 20


async def see_status(call: Call) -> Schema:
    """What the engine does now."""
    status = await run_in_threadpool(views.status_plain, call.page.engine, call.page.clock)
    return status if _sees_all(call) else narrowed_status(status)


async def see_alarms(call: Call) -> list[Any]:
    """What calls for a person now, the most urgent first; empty when nothing does."""
    status = await run_in_threadpool(call.page.engine.status)
    alarms = views.alarms_plain(status)
    return alarms if _sees_all(call) else narrowed_alarms(alarms)


def _sees_all(call: Call) -> bool:
    """Whether receivers may be named to this visitor, as deliveries may be shown."""
    return call.visitor is not None and call.visitor.may(Role.OPERATOR, "read")


async def stream_events(call: Call) -> Response:
    """Status and events as they come, as server-sent events."""
    if call.page.feed.viewers >= MAX_VIEWERS:
        raise Problem(429, Sentence.TOO_MANY_PAGES(), retry_after_s=5.0)
    return StreamingResponse(
        _while_let_in(call), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _while_let_in(call: Call) -> AsyncIterator[bytes]:
    """The feed, until it ends or the visitor is let in no more: signed out, removed, or with a token that is."""
    async for message in call.page.feed.watch(whole=_sees_all(call)):
        if not call.is_let_in():
            return
        yield message


async def see_samples(call: Call) -> list[Any]:
    """Points of the plots of the last ten minutes."""
    return list(call.page.feed.samples)


async def see_outlook(call: Call) -> list[Any]:
    """What the profiles in force would have sent of the latest events, and what their filters would have kept back."""
    return await run_in_threadpool(call.page.outlook, call.page.engine.settings)


async def see_picture(call: Call) -> Response:
    """A picture of a recent or waiting event."""
    content = await run_in_threadpool(
        call.page.engine.operator.picture, call.request.path_params["image_key"]
    )
    if content is None:
        raise Problem(404, Sentence.PICTURE_GONE())
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def see_view(call: Call) -> Response:
    """What the camera sees now."""
    content = await run_in_threadpool(call.page.engine.operator.view)
    if content is None:
        status = await run_in_threadpool(call.page.engine.status)
        refused = [trouble for trouble in status.input_troubles if trouble.kind in PICTURE_KINDS]
        if refused:
            last = refused[-1]
            if last.fits:
                formats = " or ".join(word.upper() for word in last.fits)
                raise Problem(404, Sentence.FRAMES_REFUSED(formats=formats))
            raise Problem(404, Sentence.PICTURES_UNUSABLE(why=last.why, remedy=last.remedy))
        raise Problem(404, Sentence.NO_PICTURE())
    return Response(content, media_type="image/jpeg")


async def see_parked(call: Call) -> list[Any]:
    """Parked deliveries, newest first; of each profile the oldest `limit` behind the one with the number `after`."""
    return await run_in_threadpool(_parked, call)


def _parked(call: Call) -> list[dict[str, Any]]:
    query, operator = call.query, call.page.engine.operator
    of_profiles = operator.parked(
        query["profile"] or None, after=query["after"], limit=query["limit"]
    )
    parked = [(key, one) for key, deliveries in of_profiles.items() for one in deliveries]
    plates = operator.plates_of(one.event_id for _, one in parked)
    words = may_see_words(call)
    entries = [views.parked_plain(key, one, plates, words=words) for key, one in parked]
    return sorted(entries, key=itemgetter("at"), reverse=True)


async def export_parked(call: Call) -> Response:
    """Parked deliveries whole, with their pictures in base64: one line of JSON each."""
    rows = call.page.engine.operator.parked_whole(
        call.query["profile"] or None, call.query["seq"] or None
    )
    call.note(Deed.EXPORT, "parked events exported")
    lines = (views.parked_line(*row) for row in rows)
    return Export(call, together(lines, _PIECE_BYTES), media_type="application/x-ndjson")


async def retry_parked(call: Call) -> Schema:
    """Put one parked delivery back into the queue, or all of a profile."""
    return await _move(call, call.page.engine.operator.retry_parked, "retried")


async def discard_parked(call: Call) -> Schema:
    """Discard one parked delivery for good, or all of a profile."""
    return await _move(call, call.page.engine.operator.discard_parked, "discarded")


async def _move(call: Call, move: Callable[[str, int | None], int], what: str) -> Schema:
    key, seq = call.request.path_params["key"], call.request.path_params.get("seq")
    count = await run_in_threadpool(move, key, seq)
    if seq is not None and not count:
        raise Problem(404, Sentence.NOT_PARKED())
    call.note(Deed.PARKED, f"{counted(count, 'parked event')} of profile {key} {what}")
    call.page.feed.wake()
    return {"events": count}


async def download_parked(call: Call) -> Response:
    """A parked delivery's exact bytes, as they would be sent."""
    key, seq = call.request.path_params["key"], call.request.path_params["seq"]
    content = await run_in_threadpool(call.page.engine.operator.parked_bytes, key, seq)
    if content is None:
        raise Problem(404, Sentence.NOT_PARKED())
    call.note(Deed.EXPORT, f"parked event of profile {key} downloaded")
    return Response(
        content, media_type="application/octet-stream", headers=as_file(f"parked-{seq}.bin")
    )


async def resume(call: Call) -> Schema:
    """Let a paused profile go on."""
    key = call.request.path_params["key"]
    if not await run_in_threadpool(call.page.engine.operator.resume, key):
        raise Problem(404, Sentence.NO_SUCH_PROFILE())
    call.note(Deed.PARKED, f"profile {key} resumed")
    call.page.feed.wake()
    return {"profile": key}


@settings
class Taker(Checked):
    """The profile that gets a backlog, by key."""

    to: str = required()


async def give_backlog(call: Call) -> Schema:
    """Hand all that a removed profile left, waiting or parked, to another profile."""
    key, taker = call.request.path_params["key"], call.body.to
    try:
        count = await run_in_threadpool(call.page.engine.operator.give_backlog, key, taker)
    except ConfigError as error:
        raise unusable(error) from error
    except OutboxError as error:
        raise Problem(503, Sentence.NOT_NOW(why=str(error))) from error
    call.note(Deed.CHANGE, f"{counted(count, 'event')} of profile {key} given to {taker}")
    call.page.feed.wake()
    return {"events": count}


_STATUS = {**ANY, "required": ["now", "running", "profiles", "alarms"]}
_COUNT = object_schema(events={"type": "integer"})
_PLACE: Schema = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_SEQ = Query(name="seq", schema=_PLACE, default=0)
_AFTER = Query(name="after", schema=_PLACE, default=0)
_PARKED = "/api/profiles/{key:text}/parked"


OPERATIONS: Sequence[Operation] = (
    Operation("GET", "/api/status", see_status, role=Role.VIEWER, gives=_STATUS, background=True),
    Operation(
        "GET",
        "/api/events/stream",
        stream_events,
        role=Role.VIEWER,
        gives={"type": "string"},
        gives_type="text/event-stream",
        also=(429,),
        background=True,
    ),
    Operation("GET", "/api/alarms", see_alarms, role=Role.VIEWER, gives=LISTED, background=True),
    listing("/api/samples", see_samples),
    listing("/api/outlook", see_outlook),
    Operation(
        "GET",
        "/api/pictures/{image_key:text}",
        see_picture,
        role=Role.VIEWER,
        gives={"type": "string"},
        gives_type="image/jpeg",
        background=True,
    ),
    Operation(
        "GET", "/api/view", see_view, gives={"type": "string"}, gives_type="image/jpeg", also=(404,)
    ),
    listing("/api/parked", see_parked, PROFILE, _AFTER, LIMIT),
    Operation(
        "GET",
        "/api/parked/export",
        export_parked,
        scope="deliveries",
        role=Role.OPERATOR,
        gives={"type": "string"},
        gives_type="application/x-ndjson",
        query=(PROFILE, _SEQ),
    ),
    Operation(
        "POST",
        _PARKED + "/retry",
        retry_parked,
        scope="deliveries",
        role=Role.OPERATOR,
        gives=_COUNT,
    ),
    Operation(
        "POST",
        _PARKED + "/{seq:int}/retry",
        retry_parked,
        scope="deliveries",
        role=Role.OPERATOR,
        gives=_COUNT,
    ),
    Operation(
        "DELETE", _PARKED, discard_parked, scope="deliveries", role=Role.OPERATOR, gives=_COUNT
    ),
    Operation(
        "DELETE",
        _PARKED + "/{seq:int}",
        discard_parked,
        scope="deliveries",
        role=Role.OPERATOR,
        gives=_COUNT,
    ),
    Operation(
        "GET",
        _PARKED + "/{seq:int}",
        download_parked,
        scope="deliveries",
        role=Role.OPERATOR,
        gives={"type": "string"},
        gives_type="application/octet-stream",
    ),
    Operation(
        "POST",
        "/api/profiles/{key:text}/give",
        give_backlog,
        scope="deliveries",
        takes=Taker,
        gives=_COUNT,
        also=(503,),
    ),
    Operation(
        "POST",
        "/api/profiles/{key:text}/resume",
        resume,
        scope="deliveries",
        role=Role.OPERATOR,
        gives=object_schema(profile={"type": "string"}),
    ),
)
