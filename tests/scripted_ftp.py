"""A small FTP server that breaks where a test says."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tests.servers import LOOPBACK

if TYPE_CHECKING:
    import ssl

    from tests.servers import Scripted


def read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := connection.recv(1)):
        line += byte
    return line


class Faulty:
    """A small FTP server that answers as a test says, by command; keeps what was uploaded."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.commands: list[str] = []
        self.stored = b""

    def taker(self, data: socket.socket) -> socket.socket:
        """The data connection, as the server takes it."""
        return data.accept()[0]

    def __call__(self, connection: socket.socket, _: int, server: Scripted) -> None:
        with socket.create_server((LOOPBACK, 0)) as data:
            self._converse(connection, server, data)

    def _converse(self, connection: socket.socket, server: Scripted, data: socket.socket) -> None:
        port = data.getsockname()[1]
        usual = {
            "USER": "331 password",
            "PASS": "230 in",
            "TYPE": "200 binary",
            "EPSV": f"229 go (|||{port}|)",
            "PASV": f"227 go (10,9,8,7,{port // 256},{port % 256})",
            "SIZE": "550 none",
            "MKD": "257 made",
            "RNFR": "350 to",
            "RNTO": "250 renamed",
            "DELE": "250 gone",
            "PBSZ": "200 yes",
            "PROT": "200 yes",
            "QUIT": "221 bye",
        }
        connection.sendall(self.answers.get("banner", "220 hello\r\n").encode())
        for line in iter(lambda: read_line(connection), b""):
            command = line.decode().split()[0]
            self.commands.append(line.decode().strip())
            if command == "STOR" and "STOR" not in self.answers:
                connection.sendall(b"150 go\r\n")
                with self.taker(data) as taker, taker.makefile("rb") as upload:
                    self.stored = upload.read()
                connection.sendall(self.answers.get("stored", "226 done\r\n").encode())
                continue
            if (
                command == "SIZE"
                and self.stored
                and "SIZE" not in self.answers
                and ".part" in self.commands[-1]
            ):
                sized = self.answers.get("sized", f"213 {len(self.stored)}\r\n")
                connection.sendall(sized.encode())
                continue
            said = self.answers.get(command, usual.get(command, "502 no") + "\r\n")
            if said == "close":
                return
            if said == "silence":
                while not server._closing:
                    time.sleep(0.02)
                return
            connection.sendall(said.encode())


class SecureFaulty(Faulty):
    """The same over TLS from the first byte; may show another certificate where the data goes."""

    def __init__(self, control: ssl.SSLContext, data: ssl.SSLContext) -> None:
        super().__init__()
        self._control = control
        self._data = data

    def taker(self, data: socket.socket) -> socket.socket:
        return self._data.wrap_socket(super().taker(data), server_side=True)

    def __call__(self, connection: socket.socket, number: int, server: Scripted) -> None:
        with self._control.wrap_socket(connection, server_side=True) as secure:
            super().__call__(secure, number, server)
