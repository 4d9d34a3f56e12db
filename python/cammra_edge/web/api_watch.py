"""Operations for monitors: whether all is well, without signing in, and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from cammra_edge.delivery.exposition import wanted_format
from cammra_edge.engine.health import health_of
from cammra_edge.web.guard import HEALTH_PATH
from cammra_edge.web.metrics import metrics_text
from cammra_edge.web.operation import Call, Operation, Problem, object_schema
from cammra_edge.web.roles import METRICS, Role
from cammra_edge.web.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.web.operation import Schema

_WORKS, _FAILS = 200, 503
_CODES: Schema = {"type": "array", "items": {"type": "string"}}
_HEALTH = object_schema(status={"enum": ["ok", "failing"]}, reasons=_CODES, alarms=_CODES)


async def see_health(call: Call) -> Response:
    """Whether all works: 200, or 503 with the reasons, in codes; what else calls for a person is among `alarms`."""
    health = health_of(await call.page.glance.status())
    content = {
        "status": "failing" if health.reasons else "ok",
        "reasons": health.reasons,
        "alarms": health.alarms,
    }
    return JSONResponse(content, _FAILS if health.reasons else _WORKS)


async def see_metrics(call: Call) -> Response:
    """Metrics as Prometheus reads them; OpenMetrics where `Accept` likes it better."""
    status = await call.page.glance.status()
    if status is None:
        raise Problem(503, Sentence.NO_STATUS())
    form = wanted_format(call.request.headers.get("accept", ""))
    text = await run_in_threadpool(metrics_text, status, form)
    return Response(text, headers={"Content-Type": form.value, "Vary": "Accept"})


OPERATIONS: Sequence[Operation] = (
    Operation(
        "GET",
        HEALTH_PATH,
        see_health,
        scope=None,
        gives=_HEALTH,
        also_gives=(_FAILS,),
        background=True,
    ),
    Operation(
        "GET",
        "/metrics",
        see_metrics,
        scope=METRICS,
        role=Role.VIEWER,
        opened_by="open_metrics",
        gives={"type": "string"},
        gives_type="text/plain",
        also=(503,),
        background=True,
    ),
)
