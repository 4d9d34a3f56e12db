"""Operations on who may use the page and the API: people and tokens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cammra_edge.audit import Deed
from cammra_edge.checks import choice, items, text
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, required, setting, settings
from cammra_edge.web.api_access import done
from cammra_edge.web.operation import Call, Operation, Problem, Schema, object_schema, unusable
from cammra_edge.web.people import name_key
from cammra_edge.web.roles import PERSON, SCOPES, Role
from cammra_edge.web.sentences import PageWant, Sentence

if TYPE_CHECKING:
    from cammra_edge.web.access_file import Token
    from cammra_edge.web.people import Person


@settings
class NewPerson(Checked):
    """Somebody to let in."""

    name: str = required()
    password: str = required(secret=True)
    role: Role = required(choice(Role))


@settings
class ChangedPerson(Checked):
    """What is to be another; empty for what stays."""

    role: str = setting("", choice(["", *Role]))
    password: str = setting("", secret=True)


@settings
class NewToken(Checked):
    """A token to make."""

    name: str = required()
    scopes: tuple[str, ...] = required(items(text()))


async def list_people(call: Call) -> list[Any]:
    """Everybody who may sign in."""
    return [_person(call, person) for person in call.page.access.people()]


def _person(call: Call, person: Person) -> Schema:
    return {"name": person.name, "role": person.role, "you": _is_you(call, person.name)}


def _is_you(call: Call, name: str) -> bool:
    session = call.visitor.session if call.visitor else None
    return session is not None and session.person == name_key(name)


async def add_person(call: Call) -> Schema:
    """Let somebody in, with a role and a first password."""
    given = call.body
    person = await done(
        partial(call.page.access.add_person, given.name, given.role, given.password)
    )
    call.note(Deed.PEOPLE, f"{person.name} let in as {person.role}")
    return _person(call, person)


async def change_person(call: Call) -> Schema:
    """Give somebody another role or password; their sessions end, and no browser of theirs is known any more."""
    name, given = call.request.path_params["name"], call.body
    if given.password and _is_you(call, name):
        raise unusable(ConfigError("password", "", PageWant.PASSWORD_BY_THE_OLD()))
    if not (given.role or given.password):
        raise unusable(ConfigError("role", "", PageWant.ROLE_OR_PASSWORD()))
    role = Role(given.role) if given.role else None
    change = partial(
        call.page.access.change_person, name, role=role, password=given.password or None
    )
    person = await done(change)
    if person is None:
        raise Problem(404, Sentence.NOBODY_SO_CALLED())
    if role is not None:
        call.note(Deed.PEOPLE, f"{person.name} is {role} now")
    if given.password:
        call.note(Deed.PEOPLE, f"new password of {person.name} set")
    return _person(call, person)


async def remove_person(call: Call) -> None:
    """Let somebody in no more; their sessions end."""
    name = call.request.path_params["name"]
    person = await done(partial(call.page.access.remove_person, name))
    if person is None:
        raise Problem(404, Sentence.NOBODY_SO_CALLED())
    call.note(Deed.PEOPLE, f"{person.name} removed")


async def list_tokens(call: Call) -> list[Any]:
    """The API tokens."""
    return [_token(token) for token in call.page.access.tokens.all()]


def _token(token: Token) -> Schema:
    return {
        "id": token.token_id,
        "name": token.name,
        "scopes": list(token.scopes),
        "made": token.made_utc_s,
    }


async def add_token(call: Call) -> Schema:
    """Make an API token; its secret is in this answer and nowhere else."""
    make = partial(call.page.access.tokens.make, call.body.name, call.body.scopes)
    secret, token = await done(make)
    call.note(Deed.PEOPLE, f"token {token.token_id} made", fields=token.scopes)
    return {**_token(token), "secret": secret}


async def remove_token(call: Call) -> None:
    """Remove an API token."""
    token_id = call.request.path_params["token_id"]
    if await done(partial(call.page.access.tokens.remove, token_id)) is None:
        raise Problem(404, Sentence.NO_SUCH_TOKEN())
    call.note(Deed.PEOPLE, f"token {token_id} removed")


_TEXT: Schema = {"type": "string"}
_PERSON = object_schema(name=_TEXT, role={"enum": list(Role)}, you={"type": "boolean"})
_TOKEN_FIELDS: dict[str, Schema] = {
    "id": _TEXT,
    "name": _TEXT,
    "scopes": {"type": "array", "items": {"enum": list(SCOPES)}},
    "made": {"type": "integer"},
}
_NAMED = "/api/people/{name:text}"

OPERATIONS = (
    Operation(
        "GET",
        "/api/people",
        list_people,
        scope=PERSON,
        gives={"type": "array", "items": _PERSON},
    ),
    Operation(
        "POST",
        "/api/people",
        add_person,
        scope=PERSON,
        takes=NewPerson,
        status=201,
        gives=_PERSON,
        also=(503,),
    ),
    Operation(
        "PATCH",
        _NAMED,
        change_person,
        scope=PERSON,
        takes=ChangedPerson,
        gives=_PERSON,
        also=(503,),
    ),
    Operation("DELETE", _NAMED, remove_person, scope=PERSON, also=(422, 503)),
    Operation(
        "GET",
        "/api/tokens",
        list_tokens,
        scope=PERSON,
        gives={"type": "array", "items": object_schema(**_TOKEN_FIELDS)},
    ),
    Operation(
        "POST",
        "/api/tokens",
        add_token,
        scope=PERSON,
        takes=NewToken,
        status=201,
        gives=object_schema(**_TOKEN_FIELDS, secret=_TEXT),
        also=(503,),
    ),
    Operation("DELETE", "/api/tokens/{token_id:text}", remove_token, scope=PERSON, also=(503,)),
)
