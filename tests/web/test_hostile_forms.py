"""What a hostile form can do: nothing but be refused, by the names of its fields."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cammra_edge.checks import Want
from cammra_edge.errors import ConfigError
from cammra_edge.web import serve_page
from cammra_edge.web.operation import wrong_fields
from tests.budget import examples
from tests.web.still import PASSWORD, PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def hostile(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[httpx.Client, StillEngine, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("hostile")
    engine = StillEngine(still_settings(folder))
    with (
        serve_page(engine, port=0, folder=folder / "page", say=False) as page,
        httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        answer = http.post("/api/setup", json={"code": page.setup_code, "password": PASSWORD})
        http.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield http, engine, http.get("/api/catalogue").json()["schemas"]


HOSTILE_NAMES = [
    "profiles[", "profiles[x].", "profiles[x].server_url", "profiles[barrier].key", "tracking.", "outbox.path",
    "a" * 10_000, "\ud800", "profiles[\ud800].name", "", "\0",
]  # fmt: skip
HOSTILE_VALUES: list[object] = [None, 1, ["x"], {"a": {}}, "\ud800", "a\r\nb", "x" * 5000]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:30])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "settings", 422),
        ("PUT", "profiles/vms", 422),
        ("POST", "profiles/vms/test", 422),
        ("POST", "check", 200),
    ],
)
def test_a_hostile_name_is_refused_and_never_a_failure(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]],
    name: str,
    method: str,
    path: str,
    status: int,
) -> None:
    http, engine, _ = hostile
    before = len(engine.applied)
    for value in HOSTILE_VALUES:
        fields = {name: value}
        content = json.dumps(fields if method == "PUT" else {"changes": fields})
        answer = http.request(method, f"/api/{path}", content=content, headers=JSON)
        assert answer.status_code == status, answer.text
        (wrong,) = answer.json()["fields"]
        assert wrong["field"]
        assert len(answer.text) < 1000
    assert len(engine.applied) == before


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "\udc80".encode(errors="surrogateescape")]
)
def test_an_origin_that_is_none_is_another_sites(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]], origin: bytes
) -> None:
    answer = hostile[0].post("/api/check", json={"changes": {}}, headers={b"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, 10**400])
def test_a_number_beyond_all_that_there_are_is_nothing(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]], number: int
) -> None:
    assert hostile[0].post(f"/api/history/{number}/restore").status_code == 404
    assert hostile[0].get(f"/api/events/{number}/images/x").status_code == 404


@pytest.mark.parametrize("end", [b"", b"zz\r\n"])
def test_a_body_that_breaks_off_is_no_failure_of_ours(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    end: bytes,
) -> None:
    url = hostile[0].base_url
    head = (
        f"POST /api/session HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    )
    with socket.create_connection((url.host, url.port or 0), timeout=PATIENT_S) as line:
        line.sendall(head.encode() + end)
        line.shutdown(socket.SHUT_WR)
        while line.recv(1 << 16):
            pass
    assert hostile[0].get("/api/session").status_code == 200  # later than whatever became of it
    assert not caplog.records


@pytest.mark.parametrize("path", ["session", "setup", "tokens"])
def test_a_member_that_is_no_unicode_is_refused_in_unicode(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]], path: str
) -> None:
    answer = hostile[0].post(f"/api/{path}", content=json.dumps({"\ud800": 1}), headers=JSON)
    assert answer.status_code == 422
    refused = ConfigError("?", "", Want.NO_SUCH_FIELD())
    assert answer.json()["fields"][:1] == wrong_fields([refused])


@pytest.mark.parametrize("name", ["profiles[vms].device_id", "profiles[vms].name", "plate_lists"])
@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: ascii(value)[:20])
def test_a_hostile_value_is_refused_at_its_name(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]], name: str, value: object
) -> None:
    http, engine, _ = hostile
    before = len(engine.applied)
    body = json.dumps({"changes": {name: value}})
    answer = http.patch("/api/settings", content=body, headers=JSON)
    assert answer.status_code == 422
    (wrong,) = answer.json()["fields"]
    assert wrong["field"].startswith(name)
    assert len(engine.applied) == before


NASTY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=40),
    st.sampled_from(
        ["$(id)", "`id`", ";reboot", "../../etc/passwd", "a\r\nX: y", "\0", "<script>", "' OR 1=1", "x" * 5000]
    ),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)  # fmt: skip


@settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
@pytest.mark.timeout(600)
@pytest.mark.slow
def test_two_thousand_hostile_form_values_are_refused_by_name_or_harmless(
    hostile: tuple[httpx.Client, StillEngine, dict[str, Any]], data: st.DataObject
) -> None:
    http, engine, schemas = hostile
    changes: dict[str, Any] = {}
    for _ in range(7):
        name = data.draw(st.sampled_from(sorted(schemas)))
        changes[name.replace("[]", "[barrier]")] = data.draw(NASTY)
    texts = [value for value in changes.values() if isinstance(value, str)]
    before = engine.settings, len(engine.applied)
    answer = http.patch("/api/settings", content=json.dumps({"changes": changes}), headers=JSON)
    assert answer.status_code in {200, 422}, answer.text
    assert "Traceback" not in answer.text
    assert "s3cret" not in answer.text
    if answer.status_code == 422:
        assert all(one["field"] and one["want"] for one in answer.json()["fields"])
        assert (engine.settings, len(engine.applied)) == before
    else:
        kept = json.dumps(changes)
        assert not any(
            re.search(r"[\x00-\x1f\x7f]", text) for text in texts if json.dumps(text) in kept
        )
