"""The local socket of a running engine: how its owner's shell asks it, without a token and without a page.

It costs an idle engine a sleeping thread. What speaks on it, the page's API, lies above the engine and takes 12 MiB:
it is found by name and loaded when somebody connects for the first time, and it ends when nobody has for a while.

Invariants, held by `tests/engine/test_local_socket.py`:

1. Only the owner, and root, may connect.
2. A socket on which somebody listens is never replaced; one that a killed engine left always is.
3. Where no socket can be, the engine runs without, and `trouble` says why.
"""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import threading
from contextlib import ExitStack, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from cammra_edge.engine import socket_place

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.clock import Clock

_log = logging.getLogger(__name__)

SPEAKER = "cammra_edge.web.local"
"""Its `speak(engine, clock, listener, ended)` answers who connects, and returns when nobody has for a while."""
_STOP_S = 2.0
_AGAIN_AFTER_MS = 1000
"""Who connects is there still when nothing could answer, for want of descriptors perhaps."""
_DECLINE_S = 1.0
_MOST_HEADERS = 64 << 10


class LocalSocket:
    """Listens from construction until `close`. `path` is where; empty when there is no socket, and `trouble` says why.

    Args:
        engine: Who is asked.
        outbox: The path of its outbox, after which the socket is found.
        clock: Where the time comes from.
    """

    def __init__(self, engine: object, outbox: Path, clock: Clock) -> None:
        self.path = ""
        self.trouble = ""
        self._engine, self._clock = engine, clock
        self._sign = socket_place.in_folder(outbox).absolute()
        self._thread: threading.Thread | None = None
        self._place = (socket_place.in_run_directory(outbox) or self._sign).absolute()
        try:
            self._begin()
        except (OSError, ValueError, RuntimeError) as error:
            self.trouble = why = str(getattr(error, "strerror", None) or error)
            _log.warning("no local socket why=%s", why)
            return
        self.path = str(self._place)
        if self._place != self._sign:
            # Whoever finds no sign looks into the run directories that he knows.
            with suppress(OSError):
                self._put_up_sign()

    def _begin(self) -> None:
        """Listen, and have a thread that answers; nothing stays open where one of them cannot be had."""
        with ExitStack() as opened:
            self._ended, self._end = map(opened.enter_context, socket.socketpair())
            self._listener = opened.enter_context(socket_place.listening(self._place))
            opened.callback(self._place.unlink)
            self._inode = self._place.stat().st_ino
            thread = threading.Thread(target=self._work, name="local-socket", daemon=True)
            thread.start()
            self._thread = thread
            opened.pop_all()

    def _put_up_sign(self) -> None:
        self._sign.unlink(missing_ok=True)
        handle = os.open(self._sign, os.O_WRONLY | os.O_CREAT | os.O_EXCL, socket_place.PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{self.path}\n")

    def close(self) -> None:
        """Let answers under way end, and remove the socket."""
        if self._thread is None:
            return
        self._end.close()
        self._thread.join(_STOP_S)
        with suppress(OSError):
            if self._place.stat().st_ino == self._inode:
                self._place.unlink()
            if self._place != self._sign:
                self._sign.unlink()

    def _work(self) -> None:
        with self._ended, self._listener:  # closed by who waits for them, though `close` may not
            self._answer_all()

    def _answer_all(self) -> None:
        end, anything = select.poll(), select.poll()
        end.register(self._ended, select.POLLIN)
        anything.register(self._ended, select.POLLIN)
        anything.register(self._listener, select.POLLIN)
        while anything.poll() and not end.poll(0):
            try:
                speaker = import_module(SPEAKER)
                speaker.speak(self._engine, self._clock, self._listener, self._ended)
            except ImportError as error:
                self._decline(f"{error.name} is not installed (pip install 'cammra-edge[page]')")
            except Exception:  # noqa: BLE001 - whatever it is, the engine goes on
                _log.exception("local socket failed")
                self._decline("Something went wrong here; the log has it.")
                end.poll(_AGAIN_AFTER_MS)

    def _decline(self, why: str) -> None:
        """Tell one who connects that nobody can answer."""
        body = json.dumps({"error": why}).encode()
        head = (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with suppress(OSError):
            self._listener.settimeout(_DECLINE_S)
            link, _ = self._listener.accept()
            with link:
                link.settimeout(_DECLINE_S)
                link.recv(_MOST_HEADERS)
                link.sendall(head.encode() + body)
