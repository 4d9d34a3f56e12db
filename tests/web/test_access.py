"""Passwords, sessions, tokens and the brake, by a clock of the test's own."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import ConfigError
from cammra_edge.web.access import Access
from cammra_edge.web.brake import FREE_TRIES, MANY_FAILURES, Brake
from cammra_edge.web.roles import Role
from cammra_edge.web.sessions import ABSOLUTE_S, IDLE_S, MAX_SESSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.web.sessions import Session

GOOD = "a gate in the rain"


class HandClock:
    def __init__(self) -> None:
        self.now_ns = 10**12

    def mono_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return self.now_ns

    def go(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def access(tmp_path: Path, clock: HandClock) -> Access:
    made = Access(tmp_path / "access.json", clock)
    assert made.set_password_by_code(made.setup_code.lower().replace("-", " "), GOOD)
    return made


def opened(access: Access, name: str = "") -> tuple[str, Session]:
    """A session of the only person, or of this one."""
    person = access.person(name)
    assert person is not None
    pair = access.open_session(person)
    assert pair is not None
    return pair


def test_the_first_password_needs_the_console_s_code(tmp_path: Path, clock: HandClock) -> None:
    access = Access(tmp_path / "access.json", clock)
    assert not access.set_password_by_code("AAAA-AAAA", GOOD)
    assert not access.set_password_by_code("", GOOD)
    assert not access.set_up
    assert access.set_password_by_code(access.setup_code, GOOD)
    assert not access.set_password_by_code("", "another password")
    assert access.knows("", GOOD)


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "x" * 300])
def test_a_password_that_cannot_hold_is_refused_and_not_shown(
    access: Access, password: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        access.change_password("", GOOD, password)
    assert not password or password not in str(caught.value)


def test_nothing_secret_is_on_the_disk_and_only_the_owner_reads_it(
    access: Access, tmp_path: Path
) -> None:
    secret, _ = access.tokens.make("robot", ["read"])
    held = (tmp_path / "access.json").read_text()
    assert GOOD not in held
    assert secret not in held
    assert stat.S_IMODE((tmp_path / "access.json").stat().st_mode) == 0o600


def test_who_is_known_stays_known_over_a_restart(
    access: Access, tmp_path: Path, clock: HandClock
) -> None:
    secret, token = access.tokens.make("robot", ["read", "deliveries"])
    again = Access(tmp_path / "access.json", clock)
    assert again.setup_code == ""
    assert again.knows("", GOOD)
    assert again.tokens.find(secret) == token


def test_a_session_ends_when_nobody_acts(access: Access, clock: HandClock) -> None:
    token, _ = opened(access)
    clock.go(IDLE_S - 1)
    assert access.sessions.find(token, used=True)
    clock.go(IDLE_S - 1)
    assert access.sessions.find(token, used=False)
    clock.go(2)
    assert access.sessions.find(token, used=True) is None


def test_a_session_lasts_while_what_it_began_goes_on(access: Access, clock: HandClock) -> None:
    token, session = opened(access)
    clock.go(IDLE_S - 1)
    assert access.sessions.lasts(session, used=True)
    clock.go(IDLE_S - 1)
    assert access.sessions.lasts(session)
    clock.go(2)
    assert not access.sessions.lasts(session, used=True)
    assert access.sessions.find(token, used=False) is None


def test_a_session_ends_in_any_case(access: Access, clock: HandClock) -> None:
    token, _ = opened(access)
    for _ in range(ABSOLUTE_S // (IDLE_S // 2) - 1):
        clock.go(IDLE_S // 2)
        assert access.sessions.find(token, used=True)
    clock.go(IDLE_S)
    assert access.sessions.find(token, used=True) is None


def test_a_new_password_ends_every_session(access: Access) -> None:
    token, _ = opened(access)
    assert access.change_password("", GOOD, "another good one")
    assert access.sessions.find(token, used=True) is None


def test_sessions_are_bounded_and_each_has_its_own_tokens(access: Access) -> None:
    pairs = [opened(access) for _ in range(MAX_SESSIONS + 5)]
    assert len({token for token, _ in pairs} | {one.csrf for _, one in pairs}) == 2 * len(pairs)
    assert (
        sum(access.sessions.find(token, used=False) is not None for token, _ in pairs)
        == MAX_SESSIONS
    )


def test_nobody_signs_the_others_out_by_signing_in(access: Access) -> None:
    access.add_person("Bob", Role.VIEWER, "another good one")
    token, _ = opened(access, "admin")
    for _ in range(MAX_SESSIONS + 5):
        opened(access, "Bob")
    assert access.sessions.find(token, used=False)


def test_a_removed_token_is_shut_out(access: Access) -> None:
    secret, token = access.tokens.make("robot", ["read"])
    assert access.tokens.remove(token.token_id)
    assert access.tokens.find(secret) is None
    assert not access.tokens.remove(token.token_id)


def test_a_disk_that_refuses_changes_nothing(
    access: Access, tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = access.tokens.make("robot", ["read"])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for change in (
        lambda: access.change_password("", GOOD, "another good one"),
        lambda: access.tokens.make("more", ["read"]),
        lambda: access.tokens.remove(token.token_id),
    ):
        with pytest.raises(OSError, match="No space"):
            change()
    monkeypatch.undo()
    for one in (access, Access(tmp_path / "access.json", clock)):
        assert one.knows("", GOOD)
        assert one.tokens.all() == (token,)


@pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "root"]])
def test_a_token_has_known_scopes_only(access: Access, scopes: list[str]) -> None:
    with pytest.raises(ConfigError, match="scopes"):
        access.tokens.make("robot", scopes)


def test_guessing_waits_longer_every_time(clock: HandClock) -> None:
    brake = Brake(clock)
    for _ in range(FREE_TRIES):
        brake.failed("10.0.0.1")
    assert brake.wait_s("10.0.0.1") == 0.0
    waits = []
    for _ in range(8):
        brake.failed("10.0.0.1")
        waits.append(brake.wait_s("10.0.0.1"))
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert brake.wait_s("10.0.0.2") == 0.0
    clock.go(60)
    assert brake.wait_s("10.0.0.1") == 0.0


def test_whoever_signs_in_is_forgiven_his_own_guesses_alone(clock: HandClock) -> None:
    brake = Brake(clock, together=False)
    brake.failed("10.0.0.1", "bob")
    for number in range(FREE_TRIES + 1):
        brake.failed("10.0.0.1", f"admin {number % 2}")
        brake.passed("10.0.0.1", "bob")
    assert brake.wait_s("10.0.0.1") == 1.0
    for number in range(100):
        brake.failed("10.0.0.2", f"name {number}")
        brake.passed("10.0.0.2", "bob")
    assert brake.wait_s("10.0.0.2") == 60.0
    for name in ("admin 0", "admin 1"):
        brake.passed("10.0.0.1", name)
    assert brake.wait_s("10.0.0.1") == 0.0


def test_guessing_from_many_addresses_is_braked_as_a_whole(clock: HandClock) -> None:
    brake = Brake(clock)
    for number in range(MANY_FAILURES + 3):
        brake.failed(f"10.0.0.{number}")
    assert brake.wait_s("10.9.9.9") > 0
    clock.go(3600)
    brake.failed("10.0.0.1")
    assert brake.wait_s("10.9.9.9") == 0.0
