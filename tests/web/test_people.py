"""People: names, roles, who may be removed, what ends by it, and what a stranger learns of it: nothing."""

from __future__ import annotations

import json
import threading
import time
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cammra_edge.errors import ConfigError
from cammra_edge.web import passwords
from cammra_edge.web.access import Access
from cammra_edge.web.brake import FREE_TRIES
from cammra_edge.web.people import MAX_PEOPLE, check_name, name_key
from cammra_edge.web.roles import Role
from tests.fakes import FakeClock
from tests.web.still import PASSWORD
from tests.web.test_local import spoken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.web.conftest import Browser
    from tests.web.still import StillEngine

OTHER = "another gate in the sun"
THIRD = "a third one in the snow"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def access(tmp_path: Path, clock: FakeClock) -> Access:
    made = Access(tmp_path / "access.json", clock)
    assert made.set_password_by_code(made.setup_code, PASSWORD, "Anna Nováková")
    return made


def test_a_file_of_one_password_is_that_of_an_admin_with_its_tokens_and_devices(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "access.json"
    before = Access(path, clock)
    person = before.set_password_by_code(before.setup_code, PASSWORD)
    assert person is not None
    held = before.devices.remember(person, "")
    secret, token = before.tokens.make("robot", ["read"])
    content = json.loads(path.read_text())
    (only,) = content["people"]
    old = {
        "format": 1,
        "password": only["password"],
        "tokens": content["tokens"],
        "devices": only["devices"],
    }
    path.write_text(json.dumps(old))
    after = Access(path, clock)
    assert after.trouble == ""
    assert after.setup_code == ""
    assert [(one.name, one.role) for one in after.people()] == [("admin", Role.ADMIN)]
    assert after.knows("", PASSWORD) == after.knows("Admin", PASSWORD) is not None
    assert after.devices.find(after.person("admin"), held)
    assert after.tokens.find(secret) == token


def test_people_are_known_by_their_names_over_a_restart(
    access: Access, tmp_path: Path, clock: FakeClock
) -> None:
    access.add_person("Bob", Role.VIEWER, OTHER)
    again = Access(tmp_path / "access.json", clock)
    for name in ("anna nováková", "  ANNA  NOVÁKOVÁ ", "anna nova\u0301kova\u0301"):
        found = again.knows(name, PASSWORD)
        assert found is not None, name
        assert (found.name, found.role) == ("Anna Nováková", Role.ADMIN)
    assert again.knows("bob", OTHER)
    for name, password in (("bob", PASSWORD), ("anna", PASSWORD), ("", PASSWORD), ("carl", OTHER)):
        assert again.knows(name, password) is None


@pytest.mark.parametrize(
    "name",
    ["", "  ", "..", "a\x00b", "a\u202eb", "\ud800x", "x" * 65, "shell", "Token robot", "nobody"],
)
def test_a_name_that_nobody_can_be_called_by_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        check_name(name)


@given(name=st.text(max_size=8))
@example(name="\u03b1\u0345\u0300")
def test_what_names_are_compared_by_is_compared_by_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name) == name_key(f" {name}  ")


def test_nobody_is_let_in_twice_and_there_is_an_end_of_people(access: Access) -> None:
    with pytest.raises(ConfigError, match="nobody has yet"):
        access.add_person("ANNA NOVÁKOVÁ", Role.VIEWER, OTHER)
    stored = access.add_person("Bob", Role.VIEWER, OTHER)
    access._file.people |= {f"n{number}": stored for number in range(MAX_PEOPLE - 2)}
    with pytest.raises(ConfigError, match="at most 32"):
        access.add_person("Carl", Role.VIEWER, OTHER)
    code = access.show_code()
    with pytest.raises(ConfigError, match="at most 32"):
        access.set_password_by_code(code, OTHER, "Carl")


def test_one_admin_always_remains(access: Access) -> None:
    access.add_person("Bob", Role.OPERATOR, OTHER)
    changes: tuple[Callable[[], object], ...] = (
        lambda: access.remove_person("anna nováková"),
        lambda: access.change_person("anna nováková", role=Role.OPERATOR),
        lambda: access.change_person("anna nováková", role=Role.VIEWER, password=THIRD),
    )
    for change in changes:
        with pytest.raises(ConfigError, match="one always remains"):
            change()
    assert access.knows("anna nováková", PASSWORD)
    access.change_person("bob", role=Role.ADMIN)
    assert access.remove_person("anna nováková")
    with pytest.raises(ConfigError, match="one always remains"):
        access.remove_person("bob")


def test_two_admins_who_remove_each_other_at_once_leave_one(access: Access) -> None:
    access.add_person("Bob", Role.ADMIN, OTHER)
    ready, refused = threading.Barrier(2), []

    def remove(name: str) -> None:
        ready.wait()
        try:
            access.remove_person(name)
        except ConfigError:
            refused.append(name)

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("anna nováková", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(access.people()), len(refused)) == (1, 1)


@pytest.mark.parametrize("what", ["removed", "demoted", "promoted", "new password", "own", "code"])
def test_what_ends_with_a_role_or_password(access: Access, what: str) -> None:
    access.add_person("Bob", Role.ADMIN if what in {"demoted", "code"} else Role.OPERATOR, OTHER)
    opened = {}
    for name in ("anna nováková", "bob"):
        person = access.person(name)
        assert person is not None
        pair = access.open_session(person)
        assert pair is not None
        opened[name] = (pair[0], access.devices.remember(person, ""))
    changes = {
        "removed": lambda: access.remove_person("Bob"),
        "demoted": lambda: access.change_person("Bob", role=Role.VIEWER),
        "promoted": lambda: access.change_person("Bob", role=Role.ADMIN),
        "new password": lambda: access.change_person("Bob", password=THIRD),
        "own": lambda: access.change_password("Bob", OTHER, THIRD),
        "code": lambda: access.set_password_by_code(access.show_code(), THIRD, "bob"),
    }
    assert changes[what]() is not None
    token, held = opened["bob"]
    assert access.sessions.find(token, used=False) is None
    assert not access.devices.knows(held)
    token, held = opened["anna nováková"]
    assert access.sessions.find(token, used=False)
    assert access.devices.knows(held)


def test_whoever_is_changed_while_he_signs_in_is_not_let_in(access: Access) -> None:
    person = access.knows("anna nováková", PASSWORD)
    assert person is not None
    access.change_password("anna nováková", PASSWORD, THIRD)
    assert access.open_session(person) is None


def test_the_code_is_for_an_admin_there_already_or_new(access: Access) -> None:
    access.add_person("Bob", Role.OPERATOR, OTHER)
    code = access.show_code()
    with pytest.raises(ConfigError, match="an admin's name"):
        access.set_password_by_code(code, THIRD, "bob")
    made = access.set_password_by_code(code, THIRD, "Carl")
    assert made is not None
    assert (made.name, made.role) == ("Carl", Role.ADMIN)
    assert access.knows("anna nováková", PASSWORD), "hers stays"
    code = access.show_code()
    with pytest.raises(ConfigError, match="an admin's name"):
        access.set_password_by_code(code, THIRD)
    assert access.code_is_out, "a name that is needed does not use it up"


# ---- what a stranger learns -------------------------------------------------------------------


def test_a_name_that_nobody_has_costs_what_another_does(
    access: Access, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where passwords were kept at another cost."""
    content = json.loads((tmp_path / "access.json").read_text())
    content["people"][0]["password"] |= {"n": 1 << 10, "r": 4, "p": 2}
    (tmp_path / "access.json").write_text(json.dumps(content))
    access = Access(tmp_path / "access.json", clock)
    costs = []
    plain = passwords._scrypt

    def counted(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
        costs.append((len(password), n, r, p))
        return plain(password, salt, n, r, p)

    monkeypatch.setattr(passwords, "_scrypt", counted)
    for name in ("anna nováková", "nobody knows", ""):
        access.knows(name, "x" * 12)
    assert costs == [(12, 1 << 10, 4, 2)] * 3


def test_a_name_that_nobody_has_takes_as_long(access: Access) -> None:
    def took_s(name: str) -> float:
        began = time.thread_time()
        access.knows(name, "wrong wrong wrong")
        return time.thread_time() - began

    pairs = [(took_s("anna nováková"), took_s(f"nobody {number}")) for number in range(9)]
    ratio = median(known for known, _ in pairs) / median(unknown for _, unknown in pairs)
    assert 0.5 < ratio < 2


def test_a_name_that_nobody_has_is_answered_and_braked_as_another(
    browser: Browser, stranger: Browser, clock: FakeClock
) -> None:
    people = {"name": "Bob", "role": "viewer", "password": OTHER}
    assert browser.send("POST", "/api/people", people).status_code == 201

    def answers(name: str) -> list[tuple[int, str]]:
        clock.advance(3600)
        body = {"name": name, "password": "wrong wrong wrong"}
        sent = (stranger.http.post("/api/session", json=body) for _ in range(FREE_TRIES + 2))
        return [(answer.status_code, answer.text) for answer in sent]

    known = answers("Bob")
    assert known[0][0] == 422
    assert known[-1][0] == 429
    assert answers("Nobody Here") == known


def test_nobody_guesses_faster_by_signing_in_with_his_own_name(
    browser: Browser, stranger: Browser
) -> None:
    bob = {"name": "Bob", "role": "viewer", "password": OTHER}
    assert browser.send("POST", "/api/people", bob).status_code == 201
    statuses = []
    for _ in range(FREE_TRIES + 2):
        stranger.http.cookies.clear()
        own = {"name": "Bob", "password": OTHER}
        statuses.append(stranger.http.post("/api/session", json=own).status_code)
        stranger.http.cookies.clear()
        guess = {"name": "admin", "password": "wrong wrong wrong"}
        stranger.http.post("/api/session", json=guess)
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_a_name_that_nobody_has_is_not_kept(browser: Browser, stranger: Browser) -> None:
    """It may be a password, typed into the field above."""
    for name in ("Admin", "my secret word"):
        stranger.http.post("/api/session", json={"name": name, "password": "wrong wrong"})
    wrong = [line for line in browser.http.get("/api/audit").json() if line["outcome"] == "refused"]
    assert {line["who"] for line in wrong} == {"admin", "nobody"}
    assert "my secret word" not in str(wrong)


# ---- over HTTP --------------------------------------------------------------------------------


def test_an_admin_lets_people_in_and_out(browser: Browser, stranger: Browser) -> None:
    bob = {"name": "Bob", "role": "viewer", "password": OTHER}
    assert browser.send("POST", "/api/people", bob).json() == {
        "name": "Bob",
        "role": "viewer",
        "you": False,
    }
    assert browser.send("POST", "/api/people", bob).status_code == 422
    session = stranger.http.post("/api/session", json={"name": "bob", "password": OTHER}).json()
    assert (session["name"], session["role"]) == ("Bob", "viewer")
    stranger.csrf = session["csrf"]
    assert stranger.send("GET", "/api/status").status_code == 200
    assert stranger.send("GET", "/api/people").status_code == 403
    assert (
        browser.send("PATCH", "/api/people/bob", {"role": "operator"}).json()["role"] == "operator"
    )
    assert stranger.send("GET", "/api/status").status_code == 401, "signed out by the new role"
    assert browser.send("DELETE", "/api/people/Bob").status_code == 204
    assert browser.send("DELETE", "/api/people/Bob").status_code == 404
    assert (
        stranger.http.post("/api/session", json={"name": "bob", "password": OTHER}).status_code
        == 422
    )
    said = [line["what"] for line in browser.http.get("/api/audit?kind=people").json()]
    assert said == [
        "Bob removed",
        "Bob is operator now",
        "Bob let in as viewer",
        "first password set",
    ]


def test_the_last_admin_stays_and_one_s_own_password_takes_the_old_one(browser: Browser) -> None:
    for answer in (
        browser.send("DELETE", "/api/people/admin"),
        browser.send("PATCH", "/api/people/admin", {"role": "viewer"}),
        browser.send("PATCH", "/api/people/admin", {"password": OTHER}),
        browser.send("PATCH", "/api/people/admin", {}),
    ):
        assert answer.status_code == 422
        assert answer.json()["fields"]
    assert browser.send("PATCH", "/api/people/carl", {"role": "viewer"}).status_code == 404
    assert browser.send("PUT", "/api/password", {"old": PASSWORD, "new": OTHER}).status_code == 200


def test_without_a_name_the_only_person_is_meant(browser: Browser, stranger: Browser) -> None:
    assert stranger.sign_in().json()["name"] == "admin"
    bob = {"name": "Bob", "role": "viewer", "password": OTHER}
    assert browser.send("POST", "/api/people", bob).status_code == 201
    stranger.http.cookies.clear()
    assert stranger.sign_in().status_code == 422


def test_the_shell_is_an_admin_without_a_password(
    engine: StillEngine, browser: Browser, tmp_path: Path
) -> None:
    with spoken(engine, tmp_path / "socket") as (shell, _):
        bob = {"name": "Bob", "role": "admin", "password": OTHER}
        assert shell.post("/api/people", json=bob).status_code == 201
        own = shell.put("/api/password", json={"old": PASSWORD, "new": OTHER})
        assert own.status_code == 409
        assert shell.get("/api/export?secrets=true").status_code == 200
    lines = browser.http.get("/api/audit").json()
    assert [line["who"] for line in lines if "Bob" in line["what"]] == ["shell"]
    assert all(line["from"].startswith("uid ") for line in lines if line["who"] == "shell")


@pytest.mark.timeout(120)
def test_a_live_view_ends_when_its_person_or_token_does(
    browser: Browser, stranger: Browser
) -> None:
    bob = {"name": "Bob", "role": "viewer", "password": OTHER}
    assert browser.send("POST", "/api/people", bob).status_code == 201
    stranger.http.post("/api/session", json={"name": "bob", "password": OTHER})
    token = browser.send("POST", "/api/tokens", {"name": "robot", "scopes": ["read"]}).json()
    bearer = {"Authorization": f"Bearer {token['secret']}"}
    for headers, path in (({}, "/api/people/bob"), (bearer, f"/api/tokens/{token['id']}")):
        with stranger.http.stream("GET", "/api/events/stream", headers=headers) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            assert browser.send("DELETE", path).status_code == 204
            assert len(list(lines)) < 1000, "it ends"
