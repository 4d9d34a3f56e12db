"""A peer that is gone without a word, on one machine and without privileges.

A socket filter that takes nothing makes the kernel drop what comes for that socket before TCP sees it: no byte
is acknowledged, no FIN and no RST goes back, as after a pulled cable. On a listening socket it does so to
whoever wants to connect.
"""

from __future__ import annotations

import ctypes
import socket
import struct

SO_ATTACH_FILTER = 26
RETURN = 0x06  # BPF_RET | BPF_K


def vanish(sock: socket.socket) -> None:
    """From now on nothing arrives at this socket, and nobody is told."""
    take_nothing = ctypes.create_string_buffer(struct.pack("HBBI", RETURN, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(take_nothing))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
