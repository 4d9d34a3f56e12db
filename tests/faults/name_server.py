"""A name server that says what a test wants, late, wrongly or not at all."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

PORT = 53
A, AAAA = 1, 28
SERVFAIL, NXDOMAIN = 2, 3
ANSWER, RECURSION = 0x8000, 0x0180


@dataclass
class NameServer:
    """What it answers about every name; used as a context, from start to end."""

    host: str
    addresses: list[str] = field(default_factory=list)
    code: int = 0
    """`SERVFAIL`, `NXDOMAIN`."""
    late_s: float = 0.0
    silent: bool = False

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.host, PORT))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker,
        ):
            waker.sendto(b"", (self.host, PORT))
        self._thread.join()
        self._socket.close()

    def resolv_conf(self, folder: Path) -> Path:
        """The file that names it to the system's resolver."""
        file = folder / "resolv.conf"
        file.write_text(f"nameserver {self.host}\noptions timeout:5 attempts:2\n")
        return file

    def _serve(self) -> None:
        while True:
            question, asker = self._socket.recvfrom(4096)
            if not question:
                return
            if not self.silent:
                reply = self._reply(question)
                threading.Timer(self.late_s, self._socket.sendto, (reply, asker)).start()

    def _reply(self, question: bytes) -> bytes:
        end = question.index(0, 12) + 5
        (kind,) = struct.unpack(">H", question[end - 4 : end - 2])
        families = {A: socket.AF_INET, AAAA: socket.AF_INET6}
        found = []
        for address in self.addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            if families.get(kind) == family and not self.code:
                packed = socket.inet_pton(family, address)
                found.append(struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(packed)) + packed)
        head = question[:2] + struct.pack(
            ">HHHHH", ANSWER | RECURSION | self.code, 1, len(found), 0, 0
        )
        return head + question[12:end] + b"".join(found)
