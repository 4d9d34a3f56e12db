"""Whoever guesses keeps out neither a browser that has signed in before, nor whoever is on the camera's console."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.web.access import CODE_S, Access
from cammra_edge.web.brake import FREE_TRIES
from cammra_edge.web.devices import DEVICE_TRIES, MAX_DEVICES, MAX_SHARING, Devices
from cammra_edge.web.roles import Role
from tests.fakes import FakeClock
from tests.web.still import PASSWORD
from tests.web.test_local import spoken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Browser
    from tests.web.still import StillEngine

OTHER = "another gate in the sun"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def access(tmp_path: Path, clock: FakeClock) -> Access:
    made = Access(tmp_path / "access.json", clock)
    assert made.set_password_by_code(made.setup_code, PASSWORD)
    return made


def remembered(access: Access, name: str = "", held: str = "") -> str:
    """What the browser of the only person, or of this one, keeps."""
    person = access.person(name)
    assert person is not None
    return access.devices.remember(person, held)


def device(access: Access, held: str, name: str = "") -> str:
    return access.devices.find(access.person(name), held)


def guess(stranger: Browser) -> None:
    """Guess until every stranger has to wait."""
    for _ in range(FREE_TRIES + 1):
        stranger.sign_in("wrong wrong wrong")
    assert stranger.sign_in().status_code == 429


def test_a_browser_that_has_signed_in_before_gets_in_while_others_guess(
    browser: Browser, stranger: Browser
) -> None:
    guess(stranger)
    assert browser.send("DELETE", "/api/session").is_success
    assert browser.http.cookies.get("cammra") is None
    assert browser.sign_in().status_code == 200
    assert stranger.sign_in().status_code == 429


def test_a_known_browser_has_a_brake_of_its_own(browser: Browser, clock: FakeClock) -> None:
    assert browser.send("DELETE", "/api/session").is_success
    guess(browser)
    clock.advance(60)
    assert browser.sign_in().status_code == 200


def test_a_known_browser_that_goes_on_guessing_is_known_no_more(
    access: Access, tmp_path: Path, clock: FakeClock
) -> None:
    secret = remembered(access)
    known = device(access, secret)
    for _ in range(DEVICE_TRIES - 1):
        access.devices.failed(known)
    access.devices.passed(known)
    for _ in range(DEVICE_TRIES - 1):
        access.devices.failed(known)
    assert device(access, secret) == known
    access.devices.failed(known)
    assert device(access, secret) == ""
    assert device(Access(tmp_path / "access.json", clock), secret) == ""


def test_known_browsers_are_bounded_and_outlive_a_restart_but_not_a_new_password(
    access: Access, tmp_path: Path, clock: FakeClock
) -> None:
    secrets = [remembered(access) for _ in range(MAX_DEVICES + 1)]
    known = [bool(device(access, secret)) for secret in secrets]
    assert known == [False] + [True] * MAX_DEVICES
    again = Access(tmp_path / "access.json", clock)
    assert device(again, secrets[-1])
    assert secrets[-1] not in (tmp_path / "access.json").read_text()
    assert again.change_password("", PASSWORD, OTHER)
    assert not device(again, secrets[-1])
    assert device(access, "") == ""


def test_a_known_browser_is_known_of_those_who_have_signed_in_with_it(access: Access) -> None:
    names = ["admin"]
    for number in range(MAX_SHARING):
        names.append(f"person {number}")
        access.add_person(names[-1], Role.VIEWER, OTHER)
    held = remembered(access, "admin")
    assert not device(access, held, names[1])
    assert access.devices.knows(held)
    for name in names[1:]:
        held = remembered(access, name, held)
    assert [bool(device(access, held, name)) for name in names] == [False] + [True] * MAX_SHARING
    assert remembered(access, names[1], held) == "", "it is known already"
    access.change_person(names[1], role=Role.OPERATOR)
    assert not device(access, held, names[1])
    assert device(access, held, names[2])


def test_where_no_disk_takes_it_a_browser_stays_a_stranger_s(
    access: Access, tmp_path: Path
) -> None:
    (tmp_path / "access.json").unlink()
    tmp_path.rename(tmp_path.with_name("gone"))
    assert remembered(access) == ""
    assert access.knows("", PASSWORD)


def test_the_console_s_code_sets_a_new_password_while_others_guess(
    engine: StillEngine, browser: Browser, stranger: Browser, tmp_path: Path
) -> None:
    assert (
        stranger.send("POST", "/api/setup", {"code": "", "password": OTHER}).status_code == 409
    ), "no code is out"
    assert browser.send("POST", "/api/code").status_code == 403
    with spoken(engine, tmp_path / "socket") as (shell, _):
        told = shell.post("/api/code").json()
    guess(stranger)
    wrong = {"code": "AAAAA-AAAAA", "password": OTHER}
    assert stranger.send("POST", "/api/setup", wrong).status_code == 422
    answer = stranger.send("POST", "/api/setup", {"code": told["code"].lower(), "password": OTHER})
    assert answer.status_code == 200
    assert browser.send("GET", "/api/settings").status_code == 401
    assert browser.sign_in().status_code in {422, 429}
    audit = stranger.send("GET", "/api/audit").json()
    assert {entry["what"] for entry in audit if "code" in entry["what"]} == {
        "password set with the console's code",
        "wrong code",
        "code shown on the console",
    }
    assert told["code"] not in str(audit)


def test_a_code_counts_once_and_for_a_quarter_of_an_hour(access: Access, clock: FakeClock) -> None:
    assert not access.set_password_by_code("", OTHER)
    code = access.show_code()
    assert access.set_password_by_code(code, OTHER)
    assert not access.set_password_by_code(code, PASSWORD)
    code = access.show_code()
    clock.advance(CODE_S)
    assert not access.code_is_out
    assert not access.set_password_by_code(code, PASSWORD)
    assert access.knows("", OTHER)


def test_before_the_first_visit_the_code_is_the_one_that_was_printed(tmp_path: Path) -> None:
    access = Access(tmp_path / "access.json", FakeClock())
    assert access.show_code() == access.setup_code
    assert access.code_is_out


def test_a_sign_in_waits_for_the_file_on_a_thread_and_holds_up_nobody(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may hold the file's lock while an ill disk takes its time."""
    seen: set[tuple[str, bool]] = set()

    def is_on_the_loop() -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    def watch(owner: type, name: str) -> None:
        plain = getattr(owner, name)

        def watched(self: object, *args: Any) -> object:  # noqa: ANN401 - whatever it takes
            seen.add((name, is_on_the_loop()))
            return plain(self, *args)

        monkeypatch.setattr(owner, name, watched)

    watch(Access, "open_session")
    watch(Devices, "failed")
    watch(Devices, "passed")
    assert browser.send("DELETE", "/api/session").is_success
    assert browser.sign_in("wrong wrong wrong").status_code == 422
    assert browser.sign_in().is_success
    assert seen == {("open_session", False), ("failed", False), ("passed", False)}
