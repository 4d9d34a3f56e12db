"""The operations that try out a profile, and the keepalive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cammra_edge.audit import Deed
from cammra_edge.checks import text, under
from cammra_edge.errors import SettingsError
from cammra_edge.web.api_settings import changes_in, changes_schema, key_in
from cammra_edge.web.operation import Call, Operation, Problem, Run, Schema, unusable
from cammra_edge.web.roles import Role
from cammra_edge.web.sentences import Sentence
from cammra_edge.web.trial import PAUSE_S, BusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cammra_edge.config import Settings
    from cammra_edge.trial import Step

PLATE = "AXIS1234"
_PLATE = text(least=1, most=64)


async def test_profile(call: Call) -> Response:
    """Try a profile step by step, an admin also with changes that are not saved."""
    key = key_in(call)
    plate = call.body.get("plate", PLATE)
    try:
        with under("plate"):
            _PLATE.take(plate)
    except SettingsError as error:
        raise unusable(*error.errors) from error
    settings = await _settings_in(call, "plate")
    if key not in (profile.key for profile in settings.profiles):
        raise Problem(404, Sentence.NOT_FILLED_IN())
    operator = call.page.engine.operator
    return _started(call, f"profile {key}", lambda: operator.test(key, plate, settings))


async def test_keepalive(call: Call) -> Response:
    """Send one sign of life step by step, an admin also with changes that are not saved."""
    settings = await _settings_in(call)
    if not settings.keepalive.server_url:
        raise Problem(404, Sentence.NOT_FILLED_IN())
    operator = call.page.engine.operator
    return _started(call, "keepalive", lambda: operator.test_keepalive(settings))


async def _settings_in(call: Call, *beside: str) -> Settings:
    """The settings to try: those saved, with the changes that come along."""
    changes = changes_in({"changes": {}} | call.body, *beside)
    if changes and call.visitor is not None and not call.visitor.may(Role.ADMIN, "settings"):
        raise Problem(403, Sentence.UNSAVED_FOR_ADMINS())
    try:
        return (await run_in_threadpool(call.page.saved.changed, changes)).settings
    except SettingsError as error:
        raise unusable(*error.errors) from error


def _started(call: Call, what: str, steps: Callable[[], Iterable[Step]]) -> Response:
    try:
        lines = call.page.tests.start(steps)
    except BusyError as error:
        raise Problem(429, Sentence.TEST_RUNS(), retry_after_s=PAUSE_S) from error
    call.note(Deed.TEST, f"{what} tested", fields=call.body.get("changes", {}))
    return StreamingResponse(lines, media_type="application/x-ndjson")


def _test(path: str, run: Run, **beside: Schema) -> Operation:
    return Operation(
        "POST",
        path,
        run,
        scope="settings",
        role=Role.OPERATOR,
        gives={"type": "string"},
        gives_type="application/x-ndjson",
        also=(404, 429),
        takes_schema={
            "type": "object",
            "properties": {**beside, "changes": changes_schema()},
            "additionalProperties": False,
        },
    )


OPERATIONS = (
    _test("/api/profiles/{key:text}/test", test_profile, plate=_PLATE.schema),
    _test("/api/keepalive/test", test_keepalive),
)
