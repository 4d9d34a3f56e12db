"""Making a TCP connection that notices when its other end is gone.

All addresses of a name are tried within one deadline, each a quarter of a second after the one before and the two
families in turn (RFC 8305), so that a dead one costs no more than that. Held by `tests/sinks/test_dial.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks import names
from cammra_edge.sinks.own import refuse_own
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.profile import Timeouts
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.names import Address

_KEEPALIVE_IDLE_S = 20
"""Below the half minute after which the first NAT forgets a silent connection."""
_KEEPALIVE_EVERY_S = 5
_KEEPALIVE_PROBES = 3
_MOST_UNSENT_BYTES: Final = 128 << 10
"""What the kernel takes in advance. With more, a slow link could seem to take nothing for many seconds."""
_MS_PER_S = 1000
_HEAD_START_S: Final = 0.25
_SHARE_OF_TCP: Final = 0.5
"""Of the time for the connection; the rest is for TLS."""


def dial(
    host: str, port: int, deadline: Deadline, limits: Timeouts, *, deny_local: bool = False
) -> socket.socket:
    """Connect to the first of its addresses that answers.

    Args:
        host: Name or address.
        port: Its port.
        deadline: Of the whole try.
        limits: `connect_s` for name and connection, at most half of it for the connection; which breaks when sent
            bytes are not acknowledged for `write_s`.
        deny_local: Connect to no address of this machine or its link. What is looked at are the very addresses that
            are connected to: a name server cannot give others in between.

    Raises:
        OwnAddressError: One of its addresses is denied.
        OSError: The error of the last address that failed.
    """
    connect = deadline.sooner(limits.connect_s)
    found = names.addresses(host, port, connect)
    if deny_local:
        refuse_own(host, found)
    until = connect.sooner(limits.connect_s * _SHARE_OF_TCP)
    race = _Race(_in_turn(found), until, limits.write_s)
    try:
        sock, address = race.won()
    finally:
        race.close()
    names.remember(host, port, address, deadline)
    sock.settimeout(limits.connect_s)
    return sock


def _in_turn(found: list[Address]) -> Iterable[Address]:
    """The addresses, the two families in turn; that of the first address begins."""
    first = [address for address in found if address[0] == found[0][0]]
    other = [address for address in found if address[0] != found[0][0]]
    pairs = zip_longest(first, other)
    return (address for address in chain.from_iterable(pairs) if address is not None)


class _Race:
    """Connections to several addresses of one name, begun one after the other."""

    def __init__(self, found: Iterable[Address], until: Deadline, unacknowledged_s: float) -> None:
        self._waiting = list(found)
        self._until = until
        self._unacknowledged_s = unacknowledged_s
        self._running: dict[int, tuple[socket.socket, Address]] = {}
        self._poll = select.poll()
        self._error = OSError(Why.NAME_WITHOUT_ADDRESS())

    def won(self) -> tuple[socket.socket, Address]:
        """The first that comes about.

        Raises:
            OSError: None does.
        """
        while self._waiting or self._running:
            if self._waiting:
                self._begin(self._waiting.pop(0))
            # The next one waits only while one is under way.
            while self._running:
                ready = self._ended()
                for number in ready:
                    sock, address = self._running.pop(number)
                    self._poll.unregister(number)
                    failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not failure:
                        return sock, address
                    sock.close()
                    self._error = OSError(failure, os.strerror(failure))
                if self._waiting:
                    break
                if not ready:
                    raise TimeoutError(Why.NO_CONNECTION_IN_TIME())
        raise self._error

    def close(self) -> None:
        """Let go of those that have not won."""
        for sock, _ in self._running.values():
            sock.close()

    def _begin(self, address: Address) -> None:
        family, kind, protocol, _, target = address
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            self._error = error
            return
        _watch(sock, self._unacknowledged_s)
        try:
            self._until.carry(sock)
        except ConnectionAbortedError:
            sock.close()
            raise
        sock.settimeout(0)
        failure = sock.connect_ex(target)
        if failure not in {0, errno.EINPROGRESS}:
            sock.close()
            self._error = OSError(failure, os.strerror(failure))
            return
        self._running[sock.fileno()] = (sock, address)
        self._poll.register(sock, select.POLLOUT)

    def _ended(self) -> list[int]:
        """Numbers of the sockets that are connected or have failed, none when it is the next one's turn."""
        wait_s = max(0.0, self._until.left_s())
        if self._waiting:
            wait_s = min(wait_s, _HEAD_START_S)
        return [number for number, _ in self._poll.poll(wait_s * _MS_PER_S)]


def _watch(sock: socket.socket, unacknowledged_s: float) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with contextlib.suppress(
        AttributeError, OSError
    ):  # options of Linux only; without them the deadline holds
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_EVERY_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
        sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(unacknowledged_s * _MS_PER_S)
        )
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT_BYTES)
