"""The door from outside: who gets in, and what a stranger and another site can do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cammra_edge.web.app import OPERATIONS
from tests.web.still import PASSWORD, PATIENT_S, StillEngine

if TYPE_CHECKING:
    from cammra_edge.web.serve import ServedPage
    from tests.web.conftest import Browser

SOURCE = Path(__file__).parents[2] / "python" / "cammra_edge" / "web"
PUBLIC = {
    ("GET", "/health"),
    ("GET", "/api/session"),
    ("POST", "/api/session"),
    ("POST", "/api/setup"),
    ("DELETE", "/api/session"),
}


def path_of(path: str) -> str:
    return re.sub(r"{\w+(:\w+)?}", "1", path)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_nothing_but_the_door_answers_a_stranger(stranger: Browser, operation: Any) -> None:  # noqa: ANN401 - an Operation
    answer = stranger.http.request(operation.method, path_of(operation.path), json={})
    if (operation.method, operation.path) in PUBLIC:
        assert answer.status_code != 401
    else:
        assert answer.status_code == 401
        assert answer.json() == {"error": "Sign in first.", "code": "sign_in_first", "values": {}}


@pytest.mark.parametrize(
    "path",
    ["//api/settings", "/api//settings", "/api/settings/", "/API/settings", "/api/%73ettings", "/api/settings;a",
     "/static/../serve.py", "/static/%2e%2e/serve.py", "/static/..%2fserve.py", "/static/", "/static", "/api",
     "/api/openapi.json", "/api/settings%00", "/./api/settings", "/api/session/../settings"],
)  # fmt: skip
def test_no_way_of_writing_a_path_gets_past_the_door(page: ServedPage, path: str) -> None:
    with httpx.Client(trust_env=False, timeout=PATIENT_S) as http:
        answer = http.send(
            httpx.Request("GET", httpx.URL(page.url).copy_with(raw_path=path.encode()))
        )
    assert answer.status_code in {401, 404}
    assert b"import" not in answer.content


def test_there_is_no_default_password(stranger: Browser) -> None:
    for password in ("", "admin", "root", "pass", "password", "1234567890"):
        assert stranger.sign_in(password).status_code in {409, 422}


def test_the_first_visit_happens_once(browser: Browser, page: ServedPage) -> None:
    body = {"code": page.setup_code, "password": "another good one"}
    assert browser.send("POST", "/api/setup", body).status_code == 409


def test_a_session_known_beforehand_is_not_the_one_that_signs_in(
    browser: Browser, stranger: Browser
) -> None:
    stranger.http.cookies.set("cammra", "planted-by-somebody-else")
    answer = stranger.sign_in()
    assert answer.status_code == 200
    fresh = answer.cookies["cammra"]
    assert fresh not in {"planted-by-somebody-else", browser.http.cookies["cammra"]}
    words = answer.headers["set-cookie"].lower()
    assert "httponly" in words
    assert "samesite=strict" in words


def test_signing_in_again_ends_the_session_before(browser: Browser) -> None:
    old = browser.http.cookies["cammra"]
    assert browser.send("POST", "/api/session", {"password": PASSWORD}).status_code == 200
    with httpx.Client(
        base_url=browser.http.base_url, cookies={"cammra": old}, trust_env=False, timeout=PATIENT_S
    ) as http:
        assert http.get("/api/settings").status_code == 401


def test_signing_out_ends_the_session(browser: Browser) -> None:
    token = browser.http.cookies["cammra"]
    assert browser.send("DELETE", "/api/session").status_code == 204
    with httpx.Client(
        base_url=browser.http.base_url,
        cookies={"cammra": token},
        trust_env=False,
        timeout=PATIENT_S,
    ) as http:
        assert http.get("/api/settings").status_code == 401


JSON = {"Content-Type": "application/json"}
CHANGE = {"changes": {"tracking.lost_after_s": 4.0}}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": "guess"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ],
)
def test_another_site_s_request_changes_nothing(
    browser: Browser, engine: StillEngine, headers: dict[str, str]
) -> None:
    own = {} if "X-CSRF-Token" in headers or not headers else {"X-CSRF-Token": browser.csrf}
    answer = browser.http.patch("/api/settings", json=CHANGE, headers={**own, **headers})
    assert answer.status_code == 403
    assert engine.applied == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_of_another_site_is_no_json(
    browser: Browser, engine: StillEngine, kind: str
) -> None:
    headers = {"X-CSRF-Token": browser.csrf, "Content-Type": kind}
    answer = browser.http.patch("/api/settings", content=json.dumps(CHANGE), headers=headers)
    assert answer.status_code == 415
    assert engine.applied == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "10.0.0.9"]
)
def test_a_foreign_name_is_not_ours(page: ServedPage, host: str) -> None:
    answer = httpx.get(page.url, headers={"Host": host}, trust_env=False, timeout=PATIENT_S)
    assert answer.status_code in {400, 421}
    assert b"html" not in answer.content


def test_every_answer_carries_the_headers(browser: Browser) -> None:
    for path in ("/", "/static/app.js", "/api/session", "/api/settings", "/nothing"):
        headers = browser.send("GET", path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
    assert browser.send("GET", "/api/settings").headers["cache-control"] == "no-store"


def test_no_shell_and_no_path_from_outside_in_the_source() -> None:
    text = "\n".join(path.read_text() for path in SOURCE.glob("*.py"))
    assert not re.search(
        r"os\.system|subprocess|shell=True|\beval\(|\bexec\(|FileResponse|StaticFiles", text
    )


def test_secrets_are_written_and_never_read(browser: Browser) -> None:
    for path in (
        "/api/settings",
        "/api/export",
        "/api/history",
        "/api/audit",
        "/api/profiles/barrier/cloud",
        "/api/status",
    ):
        answer = browser.send("GET", path)
        assert answer.status_code == 200
        assert "s3cret-one" not in answer.text
        assert "czNjcmV0LW9uZQ" not in answer.text
    assert browser.send("GET", "/api/settings").json()["secrets"] == ["profiles[barrier].password"]
    assert "s3cret-one" in browser.send("GET", "/api/export?secrets=true").text


@pytest.mark.parametrize("path", ["/api/settings", "/api/profiles/barrier/test", "/api/check"])
def test_a_stored_password_follows_no_new_address(
    browser: Browser, engine: StillEngine, path: str
) -> None:
    changes = {"profiles[barrier].server_url": "http://127.0.0.2:9/steal"}
    answer = browser.send(
        "PATCH" if path == "/api/settings" else "POST", path, {"changes": changes}
    )
    refused = answer.json().get("fields")
    assert refused == [
        {
            "field": "profiles[barrier].password",
            "want": "to be typed again: it was given for another server, or another way to it",
            "code": "typed_again",
            "values": {},
        }
    ]
    assert engine.applied == []


def test_a_locked_field_cannot_be_changed_from_outside(
    browser: Browser, engine: StillEngine
) -> None:
    answer = browser.send(
        "PATCH",
        "/api/settings",
        {"changes": {"profiles[archive].server_url": "ftp://127.0.0.2"}},
    )
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "profiles[archive].server_url"
    assert engine.applied == []


@pytest.mark.parametrize("name", ["tls.ca_file", "tls.client_cert", "tls.client_key", "ssh_key"])
def test_no_file_of_the_camera_can_be_named(
    browser: Browser, engine: StillEngine, name: str
) -> None:
    changes = {f"profiles[barrier].{name}": "/etc/shadow"}
    assert browser.send("PATCH", "/api/settings", {"changes": changes}).status_code == 422
    assert engine.applied == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://127.0.0.1:9", "javascript:alert(1)", "http://a b", "http://x\r\nHost: evil", "http://u:p@h",
     "http://", "http://h:0", "http://h:99999", "http://[::1", "\\\\h\\x", "http://h/\x00", "ftp://h", "dict://h:1/x"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_with_what_is_wanted(
    browser: Browser, engine: StillEngine, url: str
) -> None:
    changes = {"profiles[barrier].server_url": url, "profiles[barrier].password": "typed"}
    answer = browser.send("PATCH", "/api/settings", {"changes": changes})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["fields"]] == ["profiles[barrier].server_url"]
    assert engine.applied == []


def test_too_large_too_deep_and_broken_bodies_are_refused(browser: Browser) -> None:
    headers = {"X-CSRF-Token": browser.csrf, "Content-Type": "application/json"}
    for body, status in (
        (b"x" * 100_000, 413),
        (b"[" * 60_000, 400),
        (b'{"a":NaN}', 400),
        (b"\xff", 400),
        (b"1" * 6000, 400),
    ):
        answer = browser.http.post("/api/session", content=body, headers=headers)
        assert answer.status_code == status, body[:20]


def test_a_token_may_do_what_it_is_for(browser: Browser, page: ServedPage) -> None:
    secret = browser.send("POST", "/api/tokens", {"name": "robot", "scopes": ["read"]}).json()[
        "secret"
    ]
    with httpx.Client(
        base_url=page.url,
        headers={"Authorization": f"Bearer {secret}"},
        trust_env=False,
        timeout=PATIENT_S,
    ) as robot:
        assert robot.get("/api/status").status_code == 200
        assert robot.patch("/api/settings", json=CHANGE).status_code == 403
        assert robot.get("/api/audit").status_code == 403
        assert (
            robot.post("/api/tokens", json={"name": "more", "scopes": ["read"]}).status_code == 403
        )
        assert robot.get("/api/export?secrets=true").status_code == 403
    answer = httpx.get(
        f"{page.url}api/status",
        headers={"Authorization": "Bearer wrong"},
        trust_env=False,
        timeout=PATIENT_S,
    )
    assert answer.status_code == 401


def test_every_change_is_in_the_audit_log_without_its_value(browser: Browser) -> None:
    changes = {"profiles[barrier].password": "new-s3cret", "tracking.lost_after_s": 4.0}
    assert browser.send("PATCH", "/api/settings", {"changes": changes}).status_code == 200
    entry = browser.send("GET", "/api/audit").json()[0]
    assert entry["fields"] == ["profiles[barrier].password", "tracking.lost_after_s"]
    assert (entry["who"], entry["from"]) == ("admin", "127.0.0.1")
    assert (entry["kind"], entry["outcome"]) == ("change", "done")
    assert "new-s3cret" not in browser.send("GET", "/api/audit").text
