"""Strangers never take what deliveries need, and never keep out who is known."""

from __future__ import annotations

import logging
import resource
import socket
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.web import porter, serve_page
from cammra_edge.web.brake import neighbourhood
from cammra_edge.web.porter import (
    LEAST_CONNECTIONS,
    MAX_CONNECTIONS,
    MAX_STRANGERS_OF_ONE,
    RESERVED_FILES,
    Guest,
    Porter,
    room,
)
from tests.web.still import PATIENT_S

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.web.serve import ServedPage
    from tests.web.conftest import Browser
    from tests.web.still import StillEngine


class Door:
    """A porter, and who was sent away, by number in the order of arrival."""

    def __init__(self, most: int = MAX_CONNECTIONS) -> None:
        self.porter = Porter(most)
        self.guests: list[Guest] = []
        self.ended: list[int] = []

    def arrive(self, address: str, *, known: bool = False, busy: bool = False) -> bool:
        number = len(self.guests)
        guest = Guest((address, number), lambda: self.ended.append(number), lambda: busy)
        self.guests.append(guest)
        admitted = self.porter.admit(guest)
        if known:
            self.porter.meet(guest.client)
        return admitted


def test_a_ninth_stranger_of_one_place_ends_the_first() -> None:
    door = Door()
    assert all(door.arrive("10.0.0.1") for _ in range(MAX_STRANGERS_OF_ONE + 2))
    assert door.ended == [0, 1]
    assert door.arrive("10.0.0.2")
    assert door.ended == [0, 1]


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("uid 5", "uid 5"),
    ],
)
def test_all_addresses_of_a_household_are_one_place(address: str, home: str) -> None:
    assert neighbourhood(address) == home


def test_a_request_that_is_being_answered_ends_last() -> None:
    door = Door()
    door.arrive("10.0.0.1", busy=True)
    for _ in range(MAX_STRANGERS_OF_ONE):
        door.arrive("10.0.0.1")
    assert door.ended == [1]


def test_a_full_house_makes_room_where_the_crowd_is() -> None:
    door = Door(most=8)
    door.arrive("10.0.0.1")
    for _ in range(4):
        door.arrive("10.0.0.2")
    for last in range(3, 6):
        door.arrive(f"10.0.0.{last}")
    assert door.arrive("10.0.0.9")
    assert door.ended == [1]


def test_whoever_is_known_stays_and_may_have_many() -> None:
    door = Door(most=12)
    for _ in range(12):
        door.arrive("10.0.0.1", known=True)
    assert not door.arrive("10.0.0.2")
    assert door.ended == []
    door.porter.left(door.guests[3])
    assert door.arrive("10.0.0.2")


@given(
    arrivals=st.lists(
        st.tuples(st.integers(0, 30), st.booleans(), st.booleans(), st.booleans()), max_size=200
    ),
    most=st.integers(1, 20),
)
def test_bounds_hold_whoever_comes(arrivals: list[tuple[int, bool, bool, bool]], most: int) -> None:
    door = Door(most)
    known = set()
    for number, (place, is_known, busy, leaves) in enumerate(arrivals):
        if door.arrive(f"10.0.0.{place}", known=is_known, busy=busy) and is_known:
            known.add(number)
        if leaves:
            door.porter.left(door.guests[number])
        there = [
            guest
            for index, guest in enumerate(door.guests)
            if guest in door.porter._guests and index not in known
        ]
        assert len(door.porter) <= most
        homes = [guest.home for guest in there]
        assert all(homes.count(home) <= MAX_STRANGERS_OF_ONE for home in homes)
    assert not known.intersection(door.ended)


def test_files_are_left_for_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    def allowed(count: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (count, count))
        return room()

    assert allowed(1 << 20) == MAX_CONNECTIONS
    assert allowed(RESERVED_FILES) == LEAST_CONNECTIONS
    assert LEAST_CONNECTIONS <= allowed(256) <= MAX_CONNECTIONS


# ---- a served page -----------------------------------------------------------------------------------


def dial(page: ServedPage) -> socket.socket:
    parts = urlsplit(page.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENT_S)


def test_hundreds_who_never_stop_coming_keep_nobody_known_out(
    page: ServedPage, browser: Browser
) -> None:
    stop = threading.Event()

    def flood() -> None:
        with ExitStack() as held:
            for _ in range(400):
                if stop.is_set():
                    return
                held.enter_context(dial(page))

    floods = [threading.Thread(target=flood) for _ in range(2)]
    for thread in floods:
        thread.start()
    try:
        for _ in range(10):
            assert browser.send("GET", "/api/status").status_code == 200
    finally:
        stop.set()
        for thread in floods:
            thread.join()


def test_strangers_of_one_place_are_bounded(page: ServedPage) -> None:
    with ExitStack() as held:
        links = [held.enter_context(dial(page)) for _ in range(MAX_STRANGERS_OF_ONE + 5)]
        for link in links[:5]:
            assert link.recv(1) == b""
        links[-1].sendall(b"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert links[-1].recv(100).startswith(b"HTTP/1.1 200")


def test_a_port_without_files_says_so_once_and_comes_back(
    engine: StillEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(porter, "NO_FILE_S", 0.01)
    failing = threading.Event()
    refused = threading.Semaphore(0)
    accept = socket.socket.accept

    def accept_or_fail(self: socket.socket) -> object:
        if failing.is_set():
            refused.release()
            raise OSError(24, "Too many open files")
        return accept(self)

    with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page:
        monkeypatch.setattr(socket.socket, "accept", accept_or_fail)
        failing.set()
        with caplog.at_level(logging.WARNING), dial(page):
            for _ in range(3):
                assert refused.acquire(timeout=PATIENT_S)
            failing.clear()
            answer = httpx.get(f"{page.url}api/session", trust_env=False, timeout=PATIENT_S)
    assert answer.status_code == 200
    assert [record.message for record in caplog.records].count(
        "the page accepts nobody for now why=[Errno 24] Too many open files"
    ) == 1
