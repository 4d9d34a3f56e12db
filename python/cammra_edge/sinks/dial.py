"""Making a TCP connection that notices when its other end is gone.

All addresses of a name are tried within one deadline, so that a dead first one (IPv6 without a route, say) costs
only its share. A name server that does not answer costs no more than the deadline. Held by
`tests/sinks/test_dial.py`.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cammra_edge.profile import Timeouts
    from cammra_edge.sinks.deadline import Deadline

_KEEPALIVE_IDLE_S = 20
_KEEPALIVE_EVERY_S = 5
_KEEPALIVE_PROBES = 3
_MS_PER_S = 1000
_FIRST_ADDRESS_S = 3.0
"""While there are more addresses to try, one gets no longer than this."""


def dial(host: str, port: int, deadline: Deadline, limits: Timeouts) -> socket.socket:
    """Connect, trying each address.

    Args:
        host: Name or address.
        port: Its port.
        deadline: Of the whole try.
        limits: `connect_s` for all addresses together; the connection breaks when sent bytes are not acknowledged
            for `write_s`.

    Raises:
        OSError: The error of the last address.
    """
    connect = deadline.sooner(limits.connect_s)
    addresses = resolved(host, port, connect.wait_s())
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        last = index == len(addresses) - 1
        sock = socket.socket(family, kind, protocol)
        try:
            _watch(sock, limits.write_s)
            sock.settimeout(connect.wait_s(None if last else _FIRST_ADDRESS_S))
            sock.connect(address)
        except TimeoutError:
            sock.close()
            if last or connect.left_s() <= 0:
                raise TimeoutError("no connection came about in time") from None
        except OSError:
            sock.close()
            if last or connect.left_s() <= 0:
                raise
        else:
            return sock
    raise OSError("the name has no address")


def resolved(host: str, port: int, wait_s: float) -> list[tuple[Any, ...]]:
    """The addresses of a name, as from `socket.getaddrinfo`: of both families, since a camera may have only one.

    Raises:
        TimeoutError: No name server answered.
        socket.gaierror: There is no such name.
    """
    with contextlib.suppress(socket.gaierror):  # then it is a name
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    answers: queue.SimpleQueue[list[tuple[Any, ...]] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else socket.gaierror(str(error)))

    # The system's resolver has no time limit and can take half a minute for a name, so it runs on a thread of its own.
    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=wait_s)
    except queue.Empty:
        raise TimeoutError(f"no name server answered for {host}") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


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
