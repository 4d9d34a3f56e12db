"""The brake on guessing.

Invariants, held by `tests/web/test_access.py`:

1. After `FREE_TRIES` wrong guesses each further guess waits twice as long as the last; guesses from many addresses are
   slowed down together, unless `together` is off.
2. Whoever gets one thing right is forgiven what he got wrong about that, and nothing else: nobody guesses somebody
   else's password faster by signing in with his own in between.
"""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.clock import Clock

FREE_TRIES = 4
LONGEST_WAIT_S = 60.0
MANY_FAILURES = 40
FORGET_S = 15 * 60
MAX_ABOUT = 8
"""What an address is remembered to have guessed about; what it guesses besides is not forgiven."""
_HOUSEHOLD = 64
"""Bits of an IPv6 address that a household or a server shares: whoever has one address has them all (RFC 6177)."""


def neighbourhood(address: str) -> str:
    """Whose address this is, as far as one can tell: an IPv4 address, or the first half of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(ip), _HOUSEHOLD), strict=False))
    return str(ip)


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last_ns: int = 0
    about: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Brake:
    """Slows guessing down: by address, and for all addresses together."""

    clock: Clock
    together: bool = True
    _by_address: dict[str, _Failures] = field(default_factory=dict)
    _all: _Failures = field(default_factory=_Failures)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, address: str) -> float:
        """Seconds until the next guess is accepted; 0 for now."""
        now, address = self.clock.mono_ns(), neighbourhood(address)
        with self._lock:
            own = self._wait(self._by_address.get(address), FREE_TRIES, now)
            return max(own, self._wait(self._all, MANY_FAILURES, now)) if self.together else own

    @staticmethod
    def _wait(failures: _Failures | None, free: int, now_ns: int) -> float:
        if failures is None or failures.count <= free:
            return 0.0
        pause_s = min(LONGEST_WAIT_S, 2.0 ** min(16, failures.count - free - 1))
        return max(0.0, pause_s - (now_ns - failures.last_ns) / 1e9)

    def failed(self, address: str, about: str = "") -> None:
        """Count a wrong guess about something."""
        now, address = self.clock.mono_ns(), neighbourhood(address)
        with self._lock:
            for other, failures in list(self._by_address.items()):
                if now - failures.last_ns > FORGET_S * 10**9:
                    del self._by_address[other]
            if now - self._all.last_ns > FORGET_S * 10**9:
                self._all.count = 0
            if len(self._by_address) < 1024:  # noqa: PLR2004 - beyond that, the brake on all of them is enough
                self._by_address.setdefault(address, _Failures())
            for counted in (self._by_address.get(address), self._all):
                if counted is not None:
                    counted.count += 1
                    counted.last_ns = now
            own = self._by_address.get(address)
            if own is not None and (about in own.about or len(own.about) < MAX_ABOUT):
                own.about[about] = own.about.get(about, 0) + 1

    def passed(self, address: str, about: str = "") -> None:
        """Forget this address's wrong guesses about that."""
        with self._lock:
            own = self._by_address.get(neighbourhood(address))
            if own is not None:
                own.count -= own.about.pop(about, 0)
