"""The operation that tries a profile out."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cammra_edge.audit import Deed
from cammra_edge.checks import text, under
from cammra_edge.errors import SettingsError
from cammra_edge.web.api_settings import changes_in, changes_schema, key_in
from cammra_edge.web.operation import Call, Operation, Problem, unusable
from cammra_edge.web.roles import Role
from cammra_edge.web.sentences import Sentence
from cammra_edge.web.trial import PAUSE_S, BusyError

PLATE = "AXIS1234"
_PLATE = text(least=1, most=64)


async def test_profile(call: Call) -> Response:
    """Try a profile step by step, an admin also with changes that are not saved."""
    key = key_in(call)
    plate = call.body.get("plate", PLATE)
    changes = changes_in({"changes": {}} | call.body, "plate")
    if changes and call.visitor is not None and not call.visitor.may(Role.ADMIN, "settings"):
        raise Problem(403, Sentence.UNSAVED_FOR_ADMINS())
    try:
        with under("plate"):
            _PLATE.take(plate)
        settings = (await run_in_threadpool(call.page.saved.changed, changes)).settings
    except SettingsError as error:
        raise unusable(*error.errors) from error
    if key not in (profile.key for profile in settings.profiles):
        raise Problem(404, Sentence.NOT_FILLED_IN())
    try:
        lines = call.page.tests.start(key, plate, settings, call.page.engine.operator)
    except BusyError as error:
        raise Problem(429, Sentence.TEST_RUNS(), retry_after_s=PAUSE_S) from error
    call.note(Deed.TEST, f"profile {key} tested", fields=changes)
    return StreamingResponse(lines, media_type="application/x-ndjson")


OPERATIONS = (
    Operation(
        "POST",
        "/api/profiles/{key:text}/test",
        test_profile,
        scope="settings",
        role=Role.OPERATOR,
        gives={"type": "string"},
        gives_type="application/x-ndjson",
        also=(429,),
        takes_schema={
            "type": "object",
            "properties": {
                "plate": _PLATE.schema,
                "changes": changes_schema(),
            },
            "additionalProperties": False,
        },
    ),
)
