"""Operations of the door: first visit, sign-in, password, tokens, audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from cammra_edge.errors import ConfigError
from cammra_edge.web import certificate
from cammra_edge.web.access import ABSOLUTE_S, SCOPES
from cammra_edge.web.operation import Call, Operation, Problem, Query, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.web.access import Session, Token


@dataclass(frozen=True, slots=True)
class FirstVisit:
    """The console's code and the password to be."""

    code: str
    password: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """The page's password."""

    password: str


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The password as it is and as it shall be."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made."""

    name: str
    scopes: tuple[str, ...]


async def see_session(call: Call) -> Schema:
    """Whether a password is set, and who is signed in."""
    session = call.visitor.session if call.visitor else None
    return _session(call, session)


def _session(call: Call, session: Session | None) -> Schema:
    return {
        "set_up": call.page.access.set_up,
        "signed_in": session is not None,
        "csrf": session.csrf if session else None,
    }


def _braked(call: Call) -> None:
    wait_s = call.page.access.brake.wait_s(call.address)
    if wait_s > 0:
        raise Problem(429, f"Too many wrong tries. Wait {wait_s:.0f} s.", retry_after_s=wait_s)


async def first_visit(call: Call) -> Response:
    """Set the first password with the console's code."""
    if call.page.access.set_up:
        raise Problem(409, "A password is set already. Sign in with it.")
    _braked(call)
    try:
        taken = await run_in_threadpool(
            call.page.access.set_first_password, call.body.code, call.body.password
        )
    except ConfigError as error:
        raise _unfit(error) from error
    except OSError as error:
        raise _disk(error) from error
    if not taken:
        call.page.access.brake.failed(call.address)
        call.page.audit.note(call.who, "wrong setup code")
        want = "the code that the console printed"
        raise Problem(422, "That is not the code.", fields=(ConfigError("code", "", want),))
    call.page.access.brake.passed(call.address)
    call.page.audit.note(f"page from {call.address}", "first password set")
    return _signed_in(call)


async def sign_in(call: Call) -> Response:
    """Sign in with the password."""
    if not call.page.access.set_up:
        raise Problem(
            409, "No password is set yet. Set one with the code that the console printed."
        )
    _braked(call)
    if not await run_in_threadpool(call.page.access.knows, call.body.password):
        call.page.access.brake.failed(call.address)
        call.page.audit.note(call.who, "wrong password")
        raise Problem(
            422,
            "That is not the password.",
            fields=(ConfigError("password", "", "the page's password"),),
        )
    call.page.access.brake.passed(call.address)
    call.page.audit.note(f"page from {call.address}", "signed in")
    return _signed_in(call)


def _signed_in(call: Call) -> Response:
    old = call.request.cookies.get(_cookie(call))
    if old:
        call.page.access.close_session(old)
    token, session = call.page.access.open_session()
    answer = JSONResponse(_session(call, session))
    answer.set_cookie(
        _cookie(call),
        token,
        max_age=ABSOLUTE_S,
        path="/",
        secure=call.page.tls,
        httponly=True,
        samesite="strict",
    )
    return answer


def _cookie(call: Call) -> str:
    return "__Host-cammra" if call.page.tls else "cammra"


async def sign_out(call: Call) -> Response:
    """Sign out."""
    call.page.access.close_session(call.request.cookies.get(_cookie(call), ""))
    answer = Response(status_code=204)
    answer.delete_cookie(
        _cookie(call), path="/", secure=call.page.tls, httponly=True, samesite="strict"
    )
    return answer


async def change_password(call: Call) -> Response:
    """Change the password; every other session ends."""
    _braked(call)
    try:
        changed = await run_in_threadpool(
            call.page.access.change_password, call.body.old, call.body.new
        )
    except ConfigError as error:
        raise _unfit(ConfigError("new", "", error.want)) from error
    except OSError as error:
        raise _disk(error) from error
    if not changed:
        call.page.access.brake.failed(call.address)
        call.page.audit.note(call.who, "wrong password")
        raise Problem(
            422,
            "That is not the password.",
            fields=(ConfigError("old", "", "the page's password"),),
        )
    call.page.audit.note(call.who, "password changed")
    return _signed_in(call)


async def list_tokens(call: Call) -> list[Any]:
    """The tokens that may come in."""
    return [_token(one) for one in call.page.access.tokens()]


def _token(token: Token) -> Schema:
    made = asdict(token)
    return {
        "id": made["token_id"],
        "name": made["name"],
        "scopes": list(made["scopes"]),
        "made": made["made_utc_s"],
    }


async def add_token(call: Call) -> Schema:
    """Make a token; its secret is in this answer and nowhere else."""
    try:
        secret, token = await run_in_threadpool(
            call.page.access.new_token, call.body.name, call.body.scopes
        )
    except ConfigError as error:
        raise _unfit(error) from error
    except OSError as error:
        raise _disk(error) from error
    call.page.audit.note(call.who, f"token {token.token_id} made", token.scopes)
    return {**_token(token), "secret": secret}


async def remove_token(call: Call) -> None:
    """Shut a token out."""
    token_id = call.request.path_params["token_id"]
    if not await run_in_threadpool(call.page.access.remove_token, token_id):
        raise Problem(404, "There is no such token.")
    call.page.audit.note(call.who, f"token {token_id} removed")


async def see_audit(call: Call) -> list[Any]:
    """Who changed what, newest first."""
    return await run_in_threadpool(partial(call.page.audit.entries, call.query["limit"]))


async def see_certificate(call: Call) -> Schema:
    """Whether the page has a certificate, and its fingerprint."""
    found = await run_in_threadpool(certificate.fingerprint, call.page.folder)
    return {"set": bool(found), "sha256": found, "in_use": call.page.tls}


async def take_certificate(call: Call) -> Schema:
    """Keep a certificate and its key; used from the next start on."""
    try:
        await run_in_threadpool(certificate.take, call.page.folder, call.body)
    except ValueError as error:
        raise Problem(422, f"That is {error}.") from error
    except OSError as error:
        raise _disk(error) from error
    call.page.audit.note(call.who, "certificate taken")
    return await see_certificate(call)


async def remove_certificate(call: Call) -> None:
    """Serve the page without a certificate from the next start on."""
    (call.page.folder / certificate.NAME).unlink(missing_ok=True)
    call.page.audit.note(call.who, "certificate removed")


def _unfit(error: ConfigError) -> Problem:
    return Problem(422, "Some fields cannot be used.", fields=(error,))


def _disk(error: OSError) -> Problem:
    return Problem(503, f"The disk refused: {error.strerror or 'unknown'}. Nothing was changed.")


_TEXT: Schema = {"type": "string"}


def _object(required: Sequence[str], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_SESSION = _object(
    ["set_up", "signed_in", "csrf"],
    set_up={"type": "boolean"},
    signed_in={"type": "boolean"},
    csrf={"type": ["string", "null"]},
)
_TOKEN_FIELDS: dict[str, Schema] = {
    "id": _TEXT,
    "name": _TEXT,
    "scopes": {"type": "array", "items": {"enum": list(SCOPES)}},
    "made": {"type": "integer"},
}
_TOKEN = _object(list(_TOKEN_FIELDS), **_TOKEN_FIELDS)
_ENTRY = _object(
    ["at", "who", "what", "fields"],
    at={"type": "integer"},
    who=_TEXT,
    what=_TEXT,
    fields={"type": "array", "items": _TEXT},
)
_CERTIFICATE = _object(
    ["set", "sha256", "in_use"], set={"type": "boolean"}, sha256=_TEXT, in_use={"type": "boolean"}
)
_LIMIT = Query(name="limit", schema={"type": "integer", "minimum": 1, "maximum": 1000}, default=200)

OPERATIONS = (
    Operation(
        method="GET",
        path="/api/session",
        summary="Who is signed in",
        run=see_session,
        scope=None,
        gives=_SESSION,
        background=True,
    ),
    Operation(
        method="POST",
        path="/api/setup",
        summary="Set the first password with the console's code",
        run=first_visit,
        scope=None,
        takes=FirstVisit,
        gives=_SESSION,
        also=(409, 429, 503),
    ),
    Operation(
        method="POST",
        path="/api/session",
        summary="Sign in",
        run=sign_in,
        scope=None,
        takes=SignIn,
        gives=_SESSION,
        also=(409, 429),
    ),
    Operation(method="DELETE", path="/api/session", summary="Sign out", run=sign_out, scope=None),
    Operation(
        method="PUT",
        path="/api/password",
        summary="Change the password",
        run=change_password,
        scope="person",
        takes=NewPassword,
        gives=_SESSION,
        also=(429, 503),
    ),
    Operation(
        method="GET",
        path="/api/tokens",
        summary="API tokens",
        run=list_tokens,
        scope="person",
        gives={"type": "array", "items": _TOKEN},
    ),
    Operation(
        method="POST",
        path="/api/tokens",
        summary="Make an API token",
        run=add_token,
        scope="person",
        takes=NewToken,
        status=201,
        gives=_object([*_TOKEN_FIELDS, "secret"], **_TOKEN_FIELDS, secret=_TEXT),
        also=(503,),
    ),
    Operation(
        method="DELETE",
        path="/api/tokens/{token_id}",
        summary="Remove an API token",
        run=remove_token,
        scope="person",
    ),
    Operation(
        method="GET",
        path="/api/audit",
        summary="Who changed what",
        run=see_audit,
        scope="person",
        gives={"type": "array", "items": _ENTRY},
        query=(_LIMIT,),
    ),
    Operation(
        method="GET",
        path="/api/certificate",
        summary="The page's certificate",
        run=see_certificate,
        scope="person",
        gives=_CERTIFICATE,
    ),
    Operation(
        method="PUT",
        path="/api/certificate",
        summary="Take a certificate and its key",
        run=take_certificate,
        scope="person",
        takes_raw="application/octet-stream",
        gives=_CERTIFICATE,
        also=(503,),
    ),
    Operation(
        method="DELETE",
        path="/api/certificate",
        summary="Remove the certificate",
        run=remove_certificate,
        scope="person",
    ),
)
