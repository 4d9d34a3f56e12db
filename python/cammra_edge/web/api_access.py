"""Operations on who may use the page: first visit, sign-in, password, tokens, audit log, certificate."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from cammra_edge.checks import items, text
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, required, settings
from cammra_edge.web import certificate
from cammra_edge.web.access import ABSOLUTE_S, CODE_S, SCOPES
from cammra_edge.web.operation import (
    Call,
    Operation,
    Problem,
    Query,
    Schema,
    object_schema,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.web.access import Session
    from cammra_edge.web.access_file import Token

T = TypeVar("T")

DEVICE_S = 365 * 86_400
_PASSWORD = ("password", "the page's password")


@settings
class FirstVisit(Checked):
    """The console's code, and the password to set."""

    code: str = required()
    password: str = required(secret=True)


@settings
class SignIn(Checked):
    """The page's password."""

    password: str = required(secret=True)


@settings
class NewPassword(Checked):
    """The password in force, and the new one."""

    old: str = required(secret=True)
    new: str = required(secret=True)


@settings
class NewToken(Checked):
    """A token to make."""

    name: str = required()
    scopes: tuple[str, ...] = required(items(text()))


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


async def _guessed(call: Call, name: str, check: Callable[..., bool], *args: str) -> None:
    """Check one guess at a secret; each wrong one delays the next of the same address, or of the same known device.

    One at a time: many at once would all be checked before the first is counted, and each takes scrypt's
    16 MiB. The console's code costs no scrypt until it is right, so whoever guesses passwords is not in its way.

    Args:
        call: Who guesses.
        name: The field that holds the guess.
        check: Says whether the guess is right.
        args: What `check` takes.

    Raises:
        Problem: 422 wrong or unfit, 429 too soon, 503 the disk refused.
    """
    access = call.page.access
    device = access.device(call.request.cookies.get(call.page.device_cookie, ""))
    if device:
        call.page.meet(call.request)
    brake, whose, door = access.brake, call.address, call.page.door
    by_code = name == "code"
    if by_code:
        brake, door = access.code_brake, call.page.side_door
    elif device:
        brake, whose, door = access.device_brake, device, call.page.side_door
    async with door:
        wait_s = brake.wait_s(whose)
        if wait_s > 0:
            raise Problem(
                429, f"Too many wrong tries. Wait {ceil(wait_s)} s.", retry_after_s=wait_s
            )
        if await _done(check, *args):
            brake.passed(whose)
            access.device_passed(device)
            return
        brake.failed(whose)
        if device and not by_code:
            access.device_failed(device)
    what, want = ("code", "the code that the console printed") if name == "code" else _PASSWORD
    call.page.audit.note(call.who, f"wrong {what}")
    raise Problem(422, f"That is not the {what}.", fields=(ConfigError(name, "", want),))


async def _done(change: Callable[..., T], *args: object) -> T:
    """Run a change in a thread, and turn its errors into answers.

    Raises:
        Problem: 422 unfit, 503 the disk refused.
    """
    try:
        return await run_in_threadpool(change, *args)
    except ConfigError as error:
        raise unusable(error) from error
    except OSError as error:
        why = error.strerror or "unknown"
        raise Problem(503, f"The disk refused: {why}. Nothing was changed.") from error


async def first_visit(call: Call) -> Response:
    """Set the first password with the console's code, or a new one with a code that `cammra-edge code` has shown."""
    access, visit = call.page.access, call.body
    first = not access.set_up
    if not access.code_is_out:
        raise Problem(
            409,
            "A password is set already. Sign in with it, or run `cammra-edge code` on the camera for a code.",
        )
    await _guessed(call, "code", access.set_password_by_code, visit.code, visit.password)
    what = "first password set" if first else "password set with the console's code"
    call.page.audit.note(f"page from {call.address}", what)
    return await _signed_in(call)


async def show_code(call: Call) -> Schema:
    """A code that sets a new password, for whoever is on the camera itself."""
    if not call.page.local:
        raise Problem(403, "Only the camera's own console may ask for that.")
    call.page.audit.note(call.who, "code shown on the console")
    return {"code": call.page.access.show_code(), "minutes": CODE_S // 60}


async def sign_in(call: Call) -> Response:
    """Sign in with the password."""
    if not call.page.access.set_up:
        raise Problem(
            409, "No password is set yet. Set one with the code that the console printed."
        )
    await _guessed(call, "password", call.page.access.knows, call.body.password)
    call.page.audit.note(f"page from {call.address}", "signed in")
    return await _signed_in(call)


async def _signed_in(call: Call) -> Response:
    call.page.meet(call.request)
    old = call.request.cookies.get(call.page.cookie)
    if old:
        call.page.access.close_session(old)
    token, session = call.page.access.open_session()
    answer = JSONResponse(_session(call, session))
    _leave(call, answer, call.page.cookie, token, ABSOLUTE_S)
    known = call.page.access.device(call.request.cookies.get(call.page.device_cookie, ""))
    if not known and (device := await run_in_threadpool(call.page.access.remember_device)):
        _leave(call, answer, call.page.device_cookie, device, DEVICE_S)
    return answer


def _leave(call: Call, answer: Response, cookie: str, secret: str, lasts_s: int) -> None:
    """Have the browser keep a secret that no script of a page sees, and no other site sends."""
    answer.set_cookie(
        cookie,
        secret,
        max_age=lasts_s,
        path="/",
        secure=call.page.tls,
        httponly=True,
        samesite="strict",
    )


async def sign_out(call: Call) -> Response:
    """Sign out."""
    call.page.access.close_session(call.request.cookies.get(call.page.cookie, ""))
    answer = Response(status_code=204)
    answer.delete_cookie(
        call.page.cookie, path="/", secure=call.page.tls, httponly=True, samesite="strict"
    )
    return answer


async def change_password(call: Call) -> Response:
    """Change the password; every other session ends."""
    await _guessed(call, "old", call.page.access.change_password, call.body.old, call.body.new)
    call.page.audit.note(call.who, "password changed")
    return await _signed_in(call)


async def list_tokens(call: Call) -> list[Any]:
    """The API tokens."""
    return [_token(token) for token in call.page.access.tokens()]


def _token(token: Token) -> Schema:
    return {
        "id": token.token_id,
        "name": token.name,
        "scopes": list(token.scopes),
        "made": token.made_utc_s,
    }


async def add_token(call: Call) -> Schema:
    """Make an API token; its secret is in this answer and nowhere else."""
    secret, token = await _done(call.page.access.new_token, call.body.name, call.body.scopes)
    call.page.audit.note(call.who, f"token {token.token_id} made", token.scopes)
    return {**_token(token), "secret": secret}


async def remove_token(call: Call) -> None:
    """Remove an API token."""
    token_id = call.request.path_params["token_id"]
    if not await _done(call.page.access.remove_token, token_id):
        raise Problem(404, "There is no such token.")
    call.page.audit.note(call.who, f"token {token_id} removed")


async def see_audit(call: Call) -> list[Any]:
    """Who changed what, newest first."""
    return await run_in_threadpool(call.page.audit.entries, call.query["limit"])


async def see_certificate(call: Call) -> Schema:
    """Whether the page has a certificate, and its fingerprint."""
    sha256 = await run_in_threadpool(certificate.fingerprint, call.page.folder)
    return {"set": bool(sha256), "sha256": sha256, "in_use": call.page.tls}


async def take_certificate(call: Call) -> Schema:
    """Store a certificate and its key; used from the next start on."""
    try:
        await _done(certificate.take, call.page.folder, call.body)
    except ValueError as error:
        raise Problem(422, f"That is {error}.") from error
    call.page.audit.note(call.who, "certificate taken")
    return await see_certificate(call)


async def remove_certificate(call: Call) -> None:
    """Serve the page without a certificate from the next start on."""
    path = call.page.folder / certificate.NAME
    await _done(partial(path.unlink, missing_ok=True))
    call.page.audit.note(call.who, "certificate removed")


_TEXT: Schema = {"type": "string"}
_SESSION = object_schema(
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
_TOKEN = object_schema(**_TOKEN_FIELDS)
_ENTRY = object_schema(
    at={"type": "integer"},
    who=_TEXT,
    what=_TEXT,
    fields={"type": "array", "items": _TEXT},
)
_CERTIFICATE = object_schema(set={"type": "boolean"}, sha256=_TEXT, in_use={"type": "boolean"})
_LIMIT = Query(name="limit", schema={"type": "integer", "minimum": 1, "maximum": 1000}, default=200)

OPERATIONS = (
    Operation("GET", "/api/session", see_session, scope=None, gives=_SESSION, background=True),
    Operation(
        "POST",
        "/api/setup",
        first_visit,
        scope=None,
        takes=FirstVisit,
        gives=_SESSION,
        also=(409, 429, 503),
    ),
    Operation(
        "POST",
        "/api/code",
        show_code,
        scope="person",
        gives=object_schema(code=_TEXT, minutes={"type": "integer"}),
    ),
    Operation(
        "POST", "/api/session", sign_in, scope=None, takes=SignIn, gives=_SESSION, also=(409, 429)
    ),
    Operation("DELETE", "/api/session", sign_out, scope=None),
    Operation(
        "PUT",
        "/api/password",
        change_password,
        scope="person",
        takes=NewPassword,
        gives=_SESSION,
        also=(429, 503),
    ),
    Operation(
        "GET", "/api/tokens", list_tokens, scope="person", gives={"type": "array", "items": _TOKEN}
    ),
    Operation(
        "POST",
        "/api/tokens",
        add_token,
        scope="person",
        takes=NewToken,
        status=201,
        gives=object_schema(**_TOKEN_FIELDS, secret=_TEXT),
        also=(503,),
    ),
    Operation("DELETE", "/api/tokens/{token_id:text}", remove_token, scope="person", also=(503,)),
    Operation(
        "GET",
        "/api/audit",
        see_audit,
        scope="person",
        gives={"type": "array", "items": _ENTRY},
        query=(_LIMIT,),
    ),
    Operation("GET", "/api/certificate", see_certificate, scope="person", gives=_CERTIFICATE),
    Operation(
        "PUT",
        "/api/certificate",
        take_certificate,
        scope="person",
        takes_raw="application/octet-stream",
        gives=_CERTIFICATE,
        also=(503,),
    ),
    Operation("DELETE", "/api/certificate", remove_certificate, scope="person", also=(503,)),
)
