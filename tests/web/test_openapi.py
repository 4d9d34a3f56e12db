"""The API against its own document: nothing undocumented, nothing that fails."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cammra_edge.web import serve_page
from cammra_edge.web.app import OPERATIONS
from cammra_edge.web.openapi import document
from tests.budget import examples
from tests.web.still import PASSWORD, PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# The live stream has no end to wait for; it is tested in `test_live.py`.
ENDLESS = "/api/events/stream"
SCHEMA = schemathesis.openapi.from_dict(document(one for one in OPERATIONS if one.path != ENDLESS))
DESCRIBED: list[Any] = [cast("Any", found).ok() for found in SCHEMA.get_all_operations()]
TRIED = [(one, GenerationMode.POSITIVE) for one in DESCRIBED] + [
    # What takes nothing cannot be given anything wrong.
    (one, GenerationMode.NEGATIVE)
    for one in DESCRIBED
    if one.body or one.query or one.path_parameters
]


ENDS_THE_SESSION = {"DELETE /api/session", "PUT /api/password"}
KINDS = ("person", "reader", "operator", "nobody")


@contextmanager
def owned(folder: Path) -> Iterator[tuple[str, httpx.Client, dict[str, str]]]:
    """A page with its first admin: its address, his browser, and what proves that a change is his."""
    with (
        serve_page(
            StillEngine(still_settings(folder)), port=0, folder=folder / "page", say=False
        ) as page,
        httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        answer = http.post("/api/setup", json={"code": page.setup_code, "password": PASSWORD})
        yield page.url.rstrip("/"), http, {"X-CSRF-Token": answer.json()["csrf"]}


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    """A page, and what each kind of caller shows it."""
    folder = tmp_path_factory.mktemp("callers")
    with owned(folder) as (url, http, csrf):
        shown: dict[str, Any] = {"nobody": {}}
        cookies = "; ".join(f"{name}={text}" for name, text in http.cookies.items())
        shown["person"] = csrf | {"Cookie": cookies}
        for kind, scopes in (("reader", ["read"]), ("operator", ["deliveries"])):
            body = {"name": kind, "scopes": scopes}
            secret = http.post("/api/tokens", json=body, headers=csrf).json()["secret"]
            shown[kind] = {"Authorization": f"Bearer {secret}"}
        yield url, shown


@pytest.fixture(scope="module")
def robot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("openapi")
    with owned(folder) as (url, http, csrf):
        body = {"name": "schemathesis", "scopes": ["read", "settings", "deliveries"]}
        secret = http.post("/api/tokens", json=body, headers=csrf).json()["secret"]
        yield url, {"Authorization": f"Bearer {secret}"}


def test_the_document_has_every_operation(robot: tuple[str, dict[str, str]]) -> None:
    url, headers = robot
    held = httpx.get(
        f"{url}/api/openapi.json", headers=headers, trust_env=False, timeout=PATIENT_S
    ).json()
    described = {(method.upper(), path) for path, item in held["paths"].items() for method in item}
    assert described == {(one.method, re.sub(r":\w+}", "}", one.path)) for one in OPERATIONS}


@pytest.mark.parametrize(
    ("operation", "mode"), TRIED, ids=lambda one: getattr(one, "label", None) or one.value
)
@pytest.mark.timeout(300)
@pytest.mark.slow
def test_no_answer_is_undocumented_and_none_is_a_failure(
    operation: Any,  # noqa: ANN401 - schemathesis' own
    mode: GenerationMode,
    robot: tuple[str, dict[str, str]],
) -> None:
    url, headers = robot

    @settings(
        max_examples=examples(20),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:  # noqa: ANN401 - schemathesis' own
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=PATIENT_S)

    holds()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(600)
@pytest.mark.slow
def test_whoever_asks_no_answer_is_undocumented_and_none_is_a_failure(
    kind: str, callers: tuple[str, dict[str, Any]]
) -> None:
    url, shown = callers
    for operation, mode in TRIED:
        if kind == "person" and operation.label in ENDS_THE_SESSION:
            continue

        @settings(
            max_examples=examples(4),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case: Any) -> None:  # noqa: ANN401 - schemathesis' own
            case.call_and_validate(
                base_url=url, headers=shown[kind], checks=CHECKS, timeout=PATIENT_S
            )

        holds()
