"""What a service manager is told (sd_notify(3)), without its library: a datagram to the socket in `NOTIFY_SOCKET`.

Where there is none, nothing is told, and nothing depends on whether it arrives.
Held by `tests/cli/test_notify.py`.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"
_US_PER_S: Final = 1_000_000
_MOST_STATUS: Final = 200


class Notifier:
    """Tells the service manager that started us.

    Args:
        environment: Where it says how.
        pid: Ours.
    """

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # A name that begins with @ is in the abstract namespace.
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        if not path.startswith(("/", "@")):
            self._address = ""
        self.watchdog_s = _watchdog_s(environment, pid) if self._address else 0.0
        """Within this much time it wants to hear `ALIVE`; 0: it does not."""
        self._is_lost = False

    def tell(self, *words: str) -> None:
        """Send these; never waits, never raises."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.settimeout(0)
                sock.sendto("\n".join(words).encode(errors="replace"), self._address)
        except (OSError, ValueError) as error:
            if not self._is_lost:
                why = str(error)
                _log.warning("the service manager cannot be told why=%r", why)
            self._is_lost = True
        else:
            self._is_lost = False

    @property
    def is_heard(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self._address)


def status(text: str) -> str:
    """One line for `systemctl status`."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"STATUS={line[:_MOST_STATUS]}"


def of_this_process() -> Notifier:
    """By the environment."""
    return Notifier(os.environ, os.getpid())


def _watchdog_s(environment: Mapping[str, str], pid: int) -> float:
    """What `WATCHDOG_USEC` says, unless it is meant for another process."""
    if environment.get("WATCHDOG_PID", str(pid)) != str(pid):
        return 0.0
    told = environment.get("WATCHDOG_USEC", "")
    return int(told) / _US_PER_S if told.isascii() and told.isdigit() else 0.0
