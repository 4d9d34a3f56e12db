"""What was written to a connection and has not reached the other end: how much, and why it may not.

Held by `tests/sinks/test_slow_links.py` and `tests/faults/network.py`.
"""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from cammra_edge.phrases import Said
    from cammra_edge.sinks.deadline import Deadline

_TCP_CLOSE: Final = 7  # `TCP_CLOSE` of Linux' tcp_states.h
_LOOK_MS: Final = 50
# Of Linux' `struct tcp_info`, with their offsets.
_INFO_BYTES: Final = 136
_SEGMENT_BYTES: Final = 16  # tcpi_snd_mss
_PACKET_BYTES: Final = 60  # tcpi_pmtu
_REPEATED: Final = 100  # tcpi_total_retrans
_ACKNOWLEDGED: Final = 120  # tcpi_bytes_acked, in which the SYN counts as one byte


def unacknowledged_bytes(sock: socket.socket) -> int:
    """Bytes that were written and that the peer's kernel has not acknowledged (Linux `SIOCOUTQ`)."""
    answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
    (left,) = struct.unpack("i", answer)
    return int(left)


def is_over(sock: socket.socket) -> bool:
    """Whether the connection has ended, so that nothing more will be acknowledged."""
    state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return state[0] == _TCP_CLOSE


def see_out(sock: socket.socket, deadline: Deadline, *, answers_on: socket.socket) -> None:
    """Wait until all is acknowledged, the connection is over, or something comes on the other one.

    Raises:
        TimeoutError: None of these in time.
    """
    poll = select.poll()
    poll.register(answers_on, select.POLLIN)
    while unacknowledged_bytes(sock) > 1 and not is_over(sock):  # our end counts as one byte
        if poll.poll(_LOOK_MS):
            return
        deadline.wait_s()


def hint(sock: socket.socket) -> Said | None:
    """What to look at where a connection came about and not one of its full packets arrives; `None` elsewhere."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        left = unacknowledged_bytes(sock)
    except OSError:
        return None
    if len(info) < _INFO_BYTES:
        return None
    (segment,) = struct.unpack_from("I", info, _SEGMENT_BYTES)
    (packet,) = struct.unpack_from("I", info, _PACKET_BYTES)
    (repeated,) = struct.unpack_from("I", info, _REPEATED)
    (acknowledged,) = struct.unpack_from("Q", info, _ACKNOWLEDGED)
    if not repeated or acknowledged >= segment or left <= segment:
        return None
    return Why.NO_FULL_PACKET(packet=packet)
