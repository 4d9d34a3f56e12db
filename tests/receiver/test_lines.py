"""The receiver keeps the order of what came on connection after connection."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cammra_edge.receiver import lines
from cammra_edge.receiver.lines import TcpServer
from tests.emulation import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

WAIT_S = 20 * PATIENCE


class SlowApp:
    """Takes the first object only when it is let."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.began = threading.Event()
        self.may_go_on = threading.Event()
        self.all_taken = threading.Semaphore(0)

    def take_object(self, peer: str, content: bytes) -> bytes:
        del peer
        if content == b'{"no": 1}':
            self.began.set()
            assert self.may_go_on.wait(WAIT_S)
        self.taken.append(content)
        self.all_taken.release()
        return b"OK"

    def take_fault(self, peer: str, why: str) -> None:
        raise AssertionError(peer, why)


@contextmanager
def serving(app: SlowApp) -> Iterator[tuple[str, int]]:
    server = TcpServer(("127.0.0.1", 0), app)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield ("127.0.0.1", server.server_address[1])
    server.shutdown()
    server.hang_up()
    server.server_close()


def test_what_came_on_an_earlier_connection_is_taken_first() -> None:
    app = SlowApp()
    with serving(app) as address:
        for no in range(1, 9):
            with socket.create_connection(address, WAIT_S) as sender:
                sender.sendall(b'{"no": %d}' % no)
        assert app.began.wait(WAIT_S)
        assert app.taken == []
        app.may_go_on.set()
        for _ in range(8):
            assert app.all_taken.acquire(timeout=WAIT_S)
    assert app.taken == [b'{"no": %d}' % no for no in range(1, 9)]


def test_an_earlier_connection_that_says_nothing_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "_EARLIER_WITHIN_S", 10 * WAIT_S)
    app = SlowApp()
    app.may_go_on.set()
    with serving(app) as address, socket.create_connection(address, WAIT_S) as silent:
        silent.sendall(b'{"no": 1}')
        assert silent.recv(10) == b"OK"
        with socket.create_connection(address, WAIT_S) as sender:
            sender.sendall(b'{"no": 2}')
            assert sender.recv(10) == b"OK"
            silent.sendall(b'{"no": 3}')
            assert silent.recv(10) == b"OK"
    assert app.taken == [b'{"no": 1}', b'{"no": 2}', b'{"no": 3}']
