"""A crowd of strangers from many addresses: deliveries go on, and the owner gets in.

How much of the rate is left says `python -m tests.web.flood`; here every vehicle waits for the one before it to be
delivered, so that only what stands still would show.
"""

from __future__ import annotations

import contextlib
import os
import socket
from concurrent.futures import Future
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import pytest

from cammra_edge.web.porter import BURST, MAX_CONNECTIONS, Gate
from tests.servers import SLACK_S, wait_until
from tests.web.flood import camera, strangers

EVENTS = 40


class Watched(Gate):
    """A gate that says what it holds."""

    opened: Watched

    def open(self) -> None:
        Watched.opened = self
        super().open()

    def holds(self) -> int:
        """How many connections the page has, asked where it takes and ends them: none comes or goes meanwhile."""
        held: Future[int] = Future()
        port = self._listener.getsockname()[1]
        self._loop.call_soon_threadsafe(lambda: held.set_result(sockets_at(port) - 1))
        return held.result(SLACK_S)


def sockets_at(port: int) -> int:
    """How many sockets this process has at a port, the one that listens among them."""
    found = 0
    for file in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            if file.readlink().name.startswith("socket:"):
                with socket.socket(fileno=os.dup(int(file.name))) as one:
                    found += one.family == socket.AF_INET and one.getsockname()[1] == port
    return found


@pytest.mark.slow
def test_deliveries_go_on_and_the_owner_gets_in(tmp_path: Path) -> None:
    with mock.patch("cammra_edge.web.serve.Gate", Watched), camera(tmp_path) as shown:
        gate = Watched.opened
        assert urlsplit(shown.url).port == gate._listener.getsockname()[1]
        with strangers(shown.url, idle=400, slow=400, guessing=60):
            wait_until(lambda: gate.holds() >= MAX_CONNECTIONS // 2, "a crowd at the door")
            most = 0
            for _ in range(EVENTS):
                shown.pass_by()
                wait_until(lambda: shown.taker.taken == shown.passed, "a delivery")
                most = max(most, gate.holds())
            assert most <= MAX_CONNECTIONS + BURST  # those that are being sent away
            assert shown.owner_signs_in()
        (profile,) = shown.engine.status().profiles
        assert (profile.delivered, profile.retried, profile.parked) == (EVENTS, 0, 0)
