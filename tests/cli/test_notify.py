"""What the service manager is told arrives as sd_notify(3) sends it, and whatever is wrong there disturbs nobody."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING

import pytest

from cammra_edge.cli.notify import ALIVE, READY, Notifier, status

if TYPE_CHECKING:
    from pathlib import Path


def manager_at(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(address)
    sock.settimeout(20)
    return sock


def test_words_go_to_the_socket_as_one_message(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with manager_at(path) as manager:
        notifier = Notifier({"NOTIFY_SOCKET": path}, pid=1)
        assert notifier.is_heard
        notifier.tell(READY, status("so it stands"))
        assert manager.recv(4096) == b"READY=1\nSTATUS=so it stands"


def test_a_name_with_an_at_is_in_the_abstract_namespace() -> None:
    name = f"cammra-{secrets.token_hex(8)}"
    with manager_at(f"\0{name}") as manager:
        Notifier({"NOTIFY_SOCKET": f"@{name}"}, pid=1).tell(ALIVE)
        assert manager.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize("told", ["", "vsock:2:1", "relative/path"])
def test_where_nobody_can_be_told_nothing_is(told: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": told, "WATCHDOG_USEC": "1000000"}, pid=1)
    assert not notifier.is_heard
    assert notifier.watchdog_s == 0
    notifier.tell(READY)


@pytest.mark.parametrize("path", ["/nowhere/notify", "/" + "x" * 200, "/a\0b"])
def test_a_socket_that_cannot_be_used_is_told_once(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": path}, pid=1)
    notifier.tell(READY)
    notifier.tell(READY)
    assert len(caplog.records) == 1
    assert "the service manager cannot be told" in caplog.text


def test_a_manager_that_does_not_listen_holds_nobody_up(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with manager_at(path):
        notifier = Notifier({"NOTIFY_SOCKET": path}, pid=1)
        for _ in range(2000):  # many more than its queue takes
            notifier.tell(ALIVE)


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({"WATCHDOG_USEC": "-5"}, 0.0),
        ({"WATCHDOG_USEC": "²"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_is_ours_when_it_is_meant_for_us(
    environment: dict[str, str], watchdog_s: float
) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": "/run/n", **environment}, pid=7)
    assert notifier.watchdog_s == watchdog_s


def test_a_status_is_one_line_of_bounded_length() -> None:
    assert status("a\nREADY=1\x1b[2J") == "STATUS=a READY=1 [2J"
    assert len(status("x" * 5000)) < 300
