"""Operations on the page's own certificate."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool

from cammra_edge.audit import Deed
from cammra_edge.web import certificate
from cammra_edge.web.api_access import done
from cammra_edge.web.operation import Call, Operation, Problem, Schema, object_schema
from cammra_edge.web.roles import PERSON
from cammra_edge.web.sentences import Sentence


async def see_certificate(call: Call) -> Schema:
    """Whether the page has a certificate, and its fingerprint."""
    sha256 = await run_in_threadpool(certificate.fingerprint, call.page.folder)
    return {"set": bool(sha256), "sha256": sha256, "in_use": call.page.tls}


async def take_certificate(call: Call) -> Schema:
    """Store a certificate and its key; used from the next start on."""
    try:
        await done(partial(certificate.take, call.page.folder, call.body))
    except ValueError as error:
        raise Problem(422, Sentence.CERTIFICATE_UNUSABLE(why=str(error))) from error
    call.note(Deed.CHANGE, "certificate taken")
    return await see_certificate(call)


async def remove_certificate(call: Call) -> None:
    """Serve the page without a certificate from the next start on."""
    path = call.page.folder / certificate.NAME
    await done(partial(path.unlink, missing_ok=True))
    call.note(Deed.CHANGE, "certificate removed")


_CERTIFICATE = object_schema(
    set={"type": "boolean"}, sha256={"type": "string"}, in_use={"type": "boolean"}
)

OPERATIONS = (
    Operation("GET", "/api/certificate", see_certificate, scope=PERSON, gives=_CERTIFICATE),
    Operation(
        "PUT",
        "/api/certificate",
        take_certificate,
        scope=PERSON,
        takes_raw="application/octet-stream",
        gives=_CERTIFICATE,
        also=(503,),
    ),
    Operation("DELETE", "/api/certificate", remove_certificate, scope=PERSON, also=(503,)),
)
