"""Every operation, called by every kind of visitor: allowed, or 401 or 403, as the table of operations says."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.web import serve_page
from cammra_edge.web.app import OPERATIONS
from cammra_edge.web.roles import PERSON, SCOPES, Role
from tests.web.conftest import Browser, first_visitor
from tests.web.still import PATIENT_S, StillEngine, still_settings
from tests.web.test_local import spoken
from tests.web.test_security import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.web.operation import Operation

OTHER = "another gate in the sun"


@dataclass(frozen=True)
class Kind:
    """A kind of visitor: what it may do, and what it has to show for it."""

    name: str
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    known: bool = True
    local: bool = False

    def expected(self, operation: Operation) -> int:
        """401 or 403, or 0 for anything else."""
        if operation.scope is None:
            return 0
        if not self.known:
            return 401
        if operation.console and not self.local:
            return 403
        may = (
            operation.scope in self.scopes
            if self.role is None
            else self.role.covers(operation.role)
        )
        return 0 if may else 403


STRANGERS = [
    Kind(name, known=False)
    for name in (
        "nobody",
        "a removed token",
        "a wrong token",
        "a wrong cookie",
        "a password for a token",
    )
]
KINDS = [
    *STRANGERS,
    *(Kind(role, role) for role in Role),
    *(Kind(f"token {scope}", scopes=frozenset({scope})) for scope in SCOPES),
    Kind("token of all", scopes=frozenset(SCOPES)),
    Kind("shell", Role.ADMIN, local=True),
]


@dataclass
class Callers:
    """A client for each kind; the shell's is made anew, as nobody listens there for long where nobody speaks."""

    clients: dict[str, Browser]
    engine: StillEngine
    folder: Path

    @contextmanager
    def of(self, kind: Kind) -> Iterator[Browser]:
        if not kind.local:
            yield self.clients[kind.name]
            return
        with spoken(self.engine, self.folder / "socket") as (shell, _):
            yield Browser(shell)
        (self.folder / "socket").unlink()


@contextmanager
def callers(folder: Path) -> Iterator[Callers]:
    engine = StillEngine(still_settings(folder))
    with ExitStack() as stack:
        page = stack.enter_context(serve_page(engine, port=0, folder=folder / "page", say=False))
        admin = stack.enter_context(first_visitor(page))

        def client(**more: object) -> Browser:
            http = httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S, **more)  # type: ignore[arg-type]  # httpx's own
            return Browser(stack.enter_context(http))

        def token(*scopes: str) -> Browser:
            made = admin.send("POST", "/api/tokens", {"name": "t", "scopes": scopes}).json()
            secrets[made["id"]] = made["secret"]
            return client(headers={"Authorization": f"Bearer {made['secret']}"})

        secrets: dict[str, str] = {}
        clients = {"nobody": client(), "admin": admin}
        for role in (Role.VIEWER, Role.OPERATOR):
            body = {"name": role, "role": role, "password": OTHER}
            assert admin.send("POST", "/api/people", body).status_code == 201
            clients[role] = client()
            answer = clients[role].http.post("/api/session", json={"name": role, "password": OTHER})
            clients[role].csrf = answer.json()["csrf"]
        for scope in SCOPES:
            clients[f"token {scope}"] = token(scope)
        clients["token of all"] = token(*SCOPES)
        clients["a removed token"] = token(*SCOPES)
        admin.send("DELETE", f"/api/tokens/{list(secrets)[-1]}")
        clients["a wrong token"] = client(headers={"Authorization": "Bearer ce_none"})
        clients["a password for a token"] = client(headers={"Authorization": f"Bearer {OTHER}"})
        clients["a wrong cookie"] = client(cookies={"cammra": "planted"})
        yield Callers(clients, engine, folder)


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    with callers(tmp_path_factory.mktemp("roles")) as made:
        yield made


def status_of(caller: Browser, operation: Operation, path: str = "") -> int:
    """What the call is answered with; of a stream, its beginning."""
    headers = {"X-CSRF-Token": caller.csrf}
    with caller.http.stream(
        operation.method,
        path or path_of(operation.path),
        json={} if operation.has_body else None,
        headers=headers,
    ) as answer:
        return answer.status_code


SIGNS_OUT = ("DELETE", "/api/session")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_operation_is_allowed_or_refused_as_the_table_says(
    called: Callers, kind: Kind
) -> None:
    wrong = []
    with called.of(kind) as caller:
        for operation in OPERATIONS:
            if (operation.method, operation.path) == SIGNS_OUT:
                continue  # for everybody, and the session is still needed; tested in `test_security.py`
            status = status_of(caller, operation)
            expected = kind.expected(operation)
            if (status if status in {401, 403} else 0) != expected or status >= 500:
                wrong.append((operation.method, operation.path, status, expected))
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_document_is_for_whoever_is_known(called: Callers, kind: Kind) -> None:
    with called.of(kind) as caller:
        status = caller.http.get("/api/openapi.json").status_code
    assert status == (200 if kind.known else 401)


def test_a_session_without_its_csrf_token_changes_nothing_whatever_the_role(
    called: Callers,
) -> None:
    for operation in OPERATIONS:
        if operation.method == "GET" or (operation.method, operation.path) == SIGNS_OUT:
            continue
        for role in Role:
            http = called.clients[role].http
            body: object = {} if operation.has_body else None
            status = http.request(operation.method, path_of(operation.path), json=body).status_code
            assert status == 403, (operation.method, operation.path, role)


def test_what_is_not_for_a_viewer_is_not_told_by_head_either(called: Callers) -> None:
    viewer = called.clients[Role.VIEWER].http
    assert viewer.head("/api/parked").status_code == 403
    assert viewer.get("/api/parked").json()["error"] == (
        "That takes the role operator; yours is viewer."
    )
    assert viewer.head("/api/status").status_code == 200


def test_a_viewer_is_told_names_and_neither_places_nor_plates(called: Callers) -> None:
    whole = called.clients[Role.OPERATOR].http.get("/api/settings").json()
    told = called.clients[Role.VIEWER].http.get("/api/settings").json()
    assert set(told) == set(whole)
    assert told["settings"]["profiles[barrier].name"] == "barrier"
    assert not any("server_url" in name or "user" in name for name in told["settings"])
    assert (told["factory"], told["secrets"], told["locked"]) == ({}, [], [])
    assert "127.0.0.1" in str(whole)
    assert "127.0.0.1" not in str(told)


def test_an_operator_tests_what_is_saved_and_nothing_else(called: Callers) -> None:
    test = "/api/profiles/vms/test"
    changes = {"profiles[vms].server_url": "127.0.0.1:7"}
    operator, admin = called.clients[Role.OPERATOR], called.clients[Role.ADMIN]
    assert operator.send("POST", test, {"changes": changes}).status_code == 403
    assert operator.send("POST", test, {"plate": "1AB1234"}).status_code in {200, 429}
    assert admin.send("POST", test, {"changes": changes}).status_code in {200, 429}


def test_the_document_says_whom_each_operation_is_for(called: Callers) -> None:
    paths = called.clients[Role.VIEWER].http.get("/api/openapi.json").json()["paths"]
    for operation in OPERATIONS:
        held = paths[re.sub(r":\w+}", "}", operation.path)][operation.method.lower()]
        if operation.scope is None:
            assert held["description"] == "For everybody."
            assert held["security"] == []
        else:
            assert (held["x-role"], held["x-scope"]) == (operation.role, operation.scope)
            assert ({"token": []} in held["security"]) == (operation.scope != PERSON)
