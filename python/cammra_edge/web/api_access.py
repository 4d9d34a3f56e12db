"""Operations at the door: first visit, sign-in and sign-out, the console's code, one's own password."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from cammra_edge.audit import Deed, Outcome
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, required, setting, settings
from cammra_edge.web.access import CODE_S
from cammra_edge.web.operation import (
    Call,
    Operation,
    Problem,
    Schema,
    object_schema,
    unusable,
)
from cammra_edge.web.people import MAX_NAME, name_key
from cammra_edge.web.roles import PERSON, Role
from cammra_edge.web.sentences import PageWant, Sentence
from cammra_edge.web.sessions import ABSOLUTE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.web.people import Person
    from cammra_edge.web.sessions import Session

T = TypeVar("T")

DEVICE_S = 365 * 86_400


@settings
class FirstVisit(Checked):
    """The console's code, and the password to set: of this admin, there already or new."""

    code: str = required()
    password: str = required(secret=True)
    name: str = setting("")


@settings
class SignIn(Checked):
    """Name and password; where there is one person only, the name may be left out."""

    password: str = required(secret=True)
    name: str = setting("")


@settings
class NewPassword(Checked):
    """The password in force, and the new one."""

    old: str = required(secret=True)
    new: str = required(secret=True)


async def see_session(call: Call) -> Schema:
    """Whether there is an admin, and who is signed in."""
    visitor = call.visitor
    if visitor is None or visitor.session is None:
        return _session(call, None, None)
    return _session(call, visitor.session, call.page.access.person(visitor.session.person))


def _session(call: Call, session: Session | None, person: Person | None) -> Schema:
    return {
        "set_up": call.page.access.set_up,
        "signed_in": session is not None,
        "csrf": session.csrf if session else None,
        "name": person.name if person else None,
        "role": person.role if person else None,
    }


async def _guessed(
    call: Call, field: str, whose: str, check: Callable[[], Person | None]
) -> Person:
    """Check one guess at a secret; each wrong one delays the next of the same address, or of the same known device.

    One at a time: many at once would all be checked before the first is counted, and each takes scrypt's
    16 MiB. The console's code costs no scrypt until it is right, so whoever guesses passwords is not in its way.

    Args:
        call: Who guesses.
        field: The field that holds the guess.
        whose: The name that the guess is about.
        check: Gives the person if the guess is right.

    Raises:
        Problem: 422 wrong or unfit, 429 too soon, 503 the disk refused.
    """
    access = call.page.access
    held = call.request.cookies.get(call.page.device_cookie, "")
    device = access.devices.find(access.person(whose), held)
    if access.devices.knows(held):
        call.page.meet(call.request)
    about = name_key(whose)[:MAX_NAME]
    brake, counted, door = access.brake, call.address, call.page.door
    by_code = field == "code"
    if by_code:
        brake, door = access.code_brake, call.page.side_door
    elif device:
        brake, counted, door = access.devices.brake, device, call.page.side_door
    async with door:
        wait_s = brake.wait_s(counted)
        if wait_s > 0:
            words = Sentence.TOO_MANY_GUESSES(seconds=ceil(wait_s))
            raise Problem(429, words, retry_after_s=wait_s)
        person = await done(check)
        if person is not None:
            brake.passed(counted, about)
            await run_in_threadpool(access.devices.passed, device)
            return person
        brake.failed(counted, about)
        if device and not by_code:
            await run_in_threadpool(access.devices.failed, device)
    raise _wrong(call, field, whose)


def _wrong(call: Call, field: str, whose: str) -> Problem:
    """The answer to a wrong guess; what was typed as a name may be a password, so an unknown one is not kept."""
    person = call.page.access.person(whose)
    name = person.name if person else "nobody"
    what, words, want = {
        "code": ("code", Sentence.WRONG_CODE, PageWant.CONSOLE_CODE),
        "old": ("password", Sentence.WRONG_PASSWORD, PageWant.YOUR_PASSWORD),
        "password": (
            "name and password", Sentence.WRONG_NAME_OR_PASSWORD, PageWant.PASSWORD_OF_NAME,
        ),
    }[field]  # fmt: skip
    call.note(Deed.SIGN_IN, f"wrong {what}", outcome=Outcome.REFUSED, name=name)
    return Problem(422, words(), fields=(ConfigError(field, "", want()),))


async def done(change: Callable[[], T]) -> T:
    """Run a change in a thread, and turn its errors into answers.

    Raises:
        Problem: 422 unfit, 503 the disk refused.
    """
    try:
        return await run_in_threadpool(change)
    except ConfigError as error:
        raise unusable(error) from error
    except OSError as error:
        words = Sentence.DISK_REFUSED(why=error.strerror or "unknown")
        raise Problem(503, words) from error


async def first_visit(call: Call) -> Response:
    """Set an admin's password: the first with the console's code, a new one with that of `cammra-edge code`."""
    access, visit = call.page.access, call.body
    first = not access.set_up
    if not access.code_is_out:
        raise Problem(409, Sentence.SET_UP_ALREADY())
    person = await _guessed(
        call,
        "code",
        "",
        lambda: access.set_password_by_code(visit.code, visit.password, visit.name),
    )
    what = "first password set" if first else "password set with the console's code"
    call.note(Deed.PEOPLE, what, name=person.name)
    return await _signed_in(call, person)


async def show_code(call: Call) -> Schema:
    """A code that sets a new password, for whoever is on the camera itself."""
    call.note(Deed.PEOPLE, "code shown on the console")
    return {"code": call.page.access.show_code(), "minutes": CODE_S // 60}


async def sign_in(call: Call) -> Response:
    """Sign in with name and password."""
    access, given = call.page.access, call.body
    if not access.set_up:
        raise Problem(409, Sentence.NOT_SET_UP())
    person = await _guessed(
        call, "password", given.name, lambda: access.knows(given.name, given.password)
    )
    answer = await _signed_in(call, person)
    call.note(Deed.SIGN_IN, "signed in", name=person.name)
    return answer


async def _signed_in(call: Call, person: Person) -> Response:
    access, request = call.page.access, call.request
    call.page.meet(request)
    opened = await run_in_threadpool(access.open_session, person)
    if opened is None:  # removed or changed while the password was being compared
        raise _wrong(call, "password", person.name)
    old = request.cookies.get(call.page.cookie)
    if old:
        access.sessions.close(old)
    token, session = opened
    answer = JSONResponse(_session(call, session, person))
    _leave(call, answer, call.page.cookie, token, ABSOLUTE_S)
    held = request.cookies.get(call.page.device_cookie, "")
    if kept := await run_in_threadpool(access.devices.remember, person, held):
        _leave(call, answer, call.page.device_cookie, kept, DEVICE_S)
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
    if call.page.access.sessions.close(call.request.cookies.get(call.page.cookie, "")):
        call.note(Deed.SIGN_OUT, "signed out")
    answer = Response(status_code=204)
    answer.delete_cookie(
        call.page.cookie, path="/", secure=call.page.tls, httponly=True, samesite="strict"
    )
    return answer


async def change_password(call: Call) -> Response:
    """Change one's own password; one's sessions in other browsers end."""
    access, given = call.page.access, call.body
    session = call.visitor.session if call.visitor else None
    if session is None:
        raise Problem(409, Sentence.CONSOLE_HAS_NONE())
    person = await _guessed(
        call,
        "old",
        session.person,
        lambda: access.change_password(session.person, given.old, given.new),
    )
    call.note(Deed.PEOPLE, "password changed")
    return await _signed_in(call, person)


_TEXT: Schema = {"type": "string"}
_SESSION = object_schema(
    set_up={"type": "boolean"},
    signed_in={"type": "boolean"},
    csrf={"type": ["string", "null"]},
    name={"type": ["string", "null"]},
    role={"enum": [*Role, None]},
)

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
        scope=PERSON,
        console=True,
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
        scope=PERSON,
        role=Role.VIEWER,
        takes=NewPassword,
        gives=_SESSION,
        also=(409, 429, 503),
    ),
)
