"""The page as an ASGI application: guard, routes, and who may call what.

Invariants, held by `tests/web/test_security.py`:

1. Without a session or token nothing answers but the page's own files, `GET /api/session`, sign-in, the first visit,
   `/health`, and `/metrics` where a setting opens it; over the engine's local socket (`web.local`) nobody needs either.
2. A request of a session that changes something must carry the session's CSRF token; an API token needs none, since no
   browser sends it unasked.
3. No exception reaches the caller: it is logged, and the caller gets its number in the log.
"""

from __future__ import annotations

import logging
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cammra_edge.web import (
    api_access,
    api_audit,
    api_certificate,
    api_journal,
    api_people,
    api_search,
    api_settings,
    api_traffic,
    api_transfer,
    api_trial,
    api_watch,
    files_served,
)
from cammra_edge.web.access import same
from cammra_edge.web.guard import SAFE_METHODS, Guard
from cammra_edge.web.openapi import MAX_NUMBER, document
from cammra_edge.web.operation import Call, Operation, Problem, body_of, query_of
from cammra_edge.web.roles import PERSON, Role
from cammra_edge.web.sentences import Sentence
from cammra_edge.web.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from cammra_edge.web.page import Page

_log = logging.getLogger(__name__)

OF_AN_ENGINE: tuple[Operation, ...] = (
    *api_trial.OPERATIONS,
    *api_traffic.OPERATIONS,
    *api_journal.OPERATIONS,
    *api_search.OPERATIONS,
    *api_watch.OPERATIONS,
)
"""What an engine answers that has no page, and so no settings but its script's."""

OPERATIONS: tuple[Operation, ...] = (
    *api_access.OPERATIONS,
    *api_people.OPERATIONS,
    *api_certificate.OPERATIONS,
    *api_audit.OPERATIONS,
    *api_settings.OPERATIONS,
    *api_transfer.OPERATIONS,
    *OF_AN_ENGINE,
)


class TextConvertor(Convertor[str]):
    """Any text as one part of a path, decoded once the path has been split: a key may hold a slash."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The text."""
        return unquote(value)

    def to_string(self, value: str) -> str:
        """The part of a path."""
        return quote(value, safe="")


register_url_convertor("text", TextConvertor())


def build_app(page: Page, *, hosts: Iterable[str], any_address: bool) -> Starlette:
    """The application of one page."""
    routes = [*_routes(page, OPERATIONS), *files_served.routes()]
    return _app(page, routes, hosts=hosts, any_address=any_address)


def build_local_app(page: Page, operations: Iterable[Operation]) -> Starlette:
    """The application of an engine's local socket: the API, without the page's files."""
    return _app(page, _routes(page, operations), hosts=["localhost"], any_address=False)


def _routes(page: Page, operations: Iterable[Operation]) -> list[Route]:
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    routes = [
        Route(path, partial(_answer, page, methods), methods=list(methods))
        for path, methods in by_path.items()
    ]
    described = partial(_document, page, tuple(operations))
    return [*routes, Route("/api/openapi.json", described, methods=["GET"])]


def _app(
    page: Page, routes: Sequence[BaseRoute], *, hosts: Iterable[str], any_address: bool
) -> Starlette:
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(
                Guard, hosts=list(hosts), any_address=any_address, tls=page.tls, clock=page.clock
            )
        ],
        exception_handlers={HTTPException: _http_problem, Exception: _crash},
    )
    app.router.redirect_slashes = False  # a redirect would be made of the caller's own `Host`
    return app


async def _answer(page: Page, methods: dict[str, Operation], request: Request) -> Response:
    operation = methods["GET" if request.method == "HEAD" else request.method]
    try:
        if any(isinstance(one, int) and one > MAX_NUMBER for one in request.path_params.values()):
            raise Problem(404, Sentence.NOTHING_HERE())  # noqa: TRY301 - the same answer as everywhere
        visitor = visitor_of(page, request, operation)
        call = Call(
            page,
            request,
            visitor,
            query=query_of(operation, request),
            body=await body_of(operation, request),
        )
        result = await operation.run(call)
    except Problem as problem:
        return problem.response()
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status_code=204)
    return JSONResponse(result, operation.status)


def visitor_of(page: Page, request: Request, operation: Operation) -> Visitor | None:
    """Who asks, and may.

    Raises:
        Problem: 401 unknown, 403 known and not allowed.
    """
    visitor = _known(page, request, used=not operation.background)
    if visitor is not None:
        page.meet(request)
    if operation.scope is not None and not _is_open(operation, page):
        if visitor is None:
            raise Problem(401, Sentence.SIGN_IN_FIRST())
        _check(visitor, operation, page)
    if visitor is not None and visitor.session is not None and request.method not in SAFE_METHODS:
        token = request.headers.get("x-csrf-token", "")
        if not same(visitor.session.csrf, token):
            raise Problem(403, Sentence.PAGE_OUTDATED())
    return visitor


def _is_open(operation: Operation, page: Page) -> bool:
    """Whether a switch opens it to everybody."""
    return bool(operation.opened_by) and getattr(page.engine.settings, operation.opened_by) is True


def _check(visitor: Visitor, operation: Operation, page: Page) -> None:
    """See that this visitor may do that.

    Raises:
        Problem: 403.
    """
    if operation.console and not page.local:
        raise Problem(403, Sentence.CONSOLE_ONLY())
    if visitor.may(operation.role, operation.scope or ""):
        return
    if visitor.role is not None:
        raise Problem(
            403, Sentence.ROLE_LACKING(role=str(visitor.role), needed=str(operation.role))
        )
    if operation.scope == PERSON:
        raise Problem(403, Sentence.NO_TOKEN_MAY())
    raise Problem(403, Sentence.SCOPE_LACKING(scope=operation.scope or ""))


def _known(page: Page, request: Request, *, used: bool) -> Visitor | None:
    if page.local:
        return Visitor("shell", Role.ADMIN)
    header = request.headers.get("authorization", "")
    if header:
        kind, _, secret = header.partition(" ")
        token = page.access.tokens.find(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            return None
        return Visitor(f"token {token.name}", scopes=frozenset(token.scopes), token=token)
    cookie = request.cookies.get(page.cookie, "")
    session = page.access.sessions.find(cookie, used=used) if cookie else None
    person = page.access.person(session.person) if session else None
    return Visitor(person.name, person.role, session=session) if person else None


async def _document(page: Page, operations: Iterable[Operation], request: Request) -> Response:
    try:
        if _known(page, request, used=False) is None:
            raise Problem(401, Sentence.SIGN_IN_FIRST())  # noqa: TRY301 - the same answer as everywhere
    except Problem as problem:
        return problem.response()
    return JSONResponse(document(operations))


async def _http_problem(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: Sentence.NOTHING_HERE, 405: Sentence.METHOD_NOT_HERE}
    headers: Any = getattr(error, "headers", None)
    answer = Problem(status, words.get(status, Sentence.NO_ANSWER)()).response()
    answer.headers.update(headers or {})
    return answer


async def _crash(request: Request, error: Exception) -> Response:
    number = secrets.token_hex(4)
    _log.error(
        "page failed number=%s method=%s path=%r",
        number,
        request.method,
        request.url.path,
        exc_info=error,
    )
    return Problem(500, Sentence.CRASHED(number=number)).response()
