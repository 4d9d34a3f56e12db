"""A small FTP server that breaks where a test says."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Files, NamedFile
from cammra_edge.profile import Ftp, Timeouts
from cammra_edge.sinks.ftp import FtpSink
from tests.servers import LOOPBACK, PATIENT, Scripted

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from cammra_edge.sinks.base import Outcome

    Answer = str | Callable[[str], str]


def read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := connection.recv(1)):
        line += byte
    return line


class Faulty:
    """A small FTP server that keeps files, and answers by command as a test says.

    An answer is the text on the wire, or what makes it of the command's argument: an empty one leaves the usual one,
    `close` hangs up, `silence` says nothing more. `banner` is the greeting, `begin` and `stored` stand around the
    data of an upload, `sized` answers the SIZE of a `.part`.
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.commands: list[str] = []
        self.files: dict[str, bytes] = {}
        self.stored = b""
        self.late: dict[str, str] = {}
        """Sent a little after the answer to a command."""
        self.cut_after_bytes: int | None = None
        """The data connection is reset after so many bytes of an upload."""

    def taker(self, data: socket.socket) -> socket.socket:
        """The data connection, as the server takes it."""
        return data.accept()[0]

    def __call__(self, connection: socket.socket, _: int, server: Scripted) -> None:
        with contextlib.ExitStack() as opened:
            self._converse(connection, server, opened)

    def _converse(
        self, connection: socket.socket, server: Scripted, opened: contextlib.ExitStack
    ) -> None:
        data = opened.enter_context(socket.create_server((LOOPBACK, 0)))
        connection.sendall(self._answer("banner", "", "220 hello\r\n").encode())
        renamed = ""
        for line in iter(lambda: read_line(connection), b""):
            command, _, argument = line.decode().strip().partition(" ")
            self.commands.append(line.decode().strip())
            answer = self._answer(command, argument, "")
            if command == "SIZE" and argument.endswith(".part") and argument in self.files:
                answer = answer or self._answer("sized", argument, "")
            if command == "RNFR":
                renamed = argument
            if command in {"EPSV", "PASV"}:
                data = opened.enter_context(socket.create_server((LOOPBACK, 0)))
            if not answer and command in {"STOR", "NLST", "RETR"}:
                connection.sendall(self._answer("begin", argument, "150 go\r\n").encode())
                with self.taker(data) as taker:
                    self._transfer(command, argument, taker)
                name = "stored" if command == "STOR" else ""
                answer = self._answer(name, argument, "226 done\r\n")
            else:
                answer = (
                    answer
                    or self._usual(command, argument, renamed, data.getsockname()[1]) + "\r\n"
                )
            if answer == "close":
                return
            if answer == "silence":
                while not server._closing:
                    time.sleep(0.02)
                return
            connection.sendall(answer.encode(errors="surrogateescape"))
            if command in self.late:
                threading.Timer(0.05, self._send_late, [connection, self.late[command]]).start()

    def _send_late(self, connection: socket.socket, answer: str) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(answer.encode())

    def _answer(self, name: str, argument: str, usual: str) -> str:
        answer = self.answers.get(name, usual)
        return answer if isinstance(answer, str) else answer(argument) or usual

    def _transfer(self, command: str, path: str, data: socket.socket) -> None:
        if command == "STOR":
            self.stored = b""
            self.files[path] = b""
            with contextlib.suppress(ConnectionError):
                while piece := data.recv(self.cut_after_bytes or 65536):
                    self.stored += piece
                    if self.cut_after_bytes:
                        reset = struct.pack("ii", 1, 0)
                        data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                        break
            self.files[path] = self.stored
        elif command == "RETR":
            data.sendall(self.files.get(path, b""))
        else:
            inside = [name for name in self.files if name.rpartition("/")[0] == path]
            data.sendall("".join(f"{name}\r\n" for name in inside).encode())

    def _usual(self, command: str, path: str, renamed: str, port: int) -> str:
        if command in {"SIZE", "DELE", "RNFR"} and path not in self.files:
            return "550 none"
        match command:
            case "SIZE":
                return f"213 {len(self.files[path])}"
            case "DELE":
                del self.files[path]
                return "250 gone"
            case "RNTO":
                self.files[path] = self.files.pop(renamed)
                return "250 renamed"
            case _:
                return {
                    "USER": "331 password",
                    "PASS": "230 in",
                    "TYPE": "200 binary",
                    "EPSV": f"229 go (|||{port}|)",
                    "PASV": f"227 go (10,9,8,7,{port // 256},{port % 256})",
                    "MKD": "257 made",
                    "RNFR": "350 to",
                    "PBSZ": "200 yes",
                    "PROT": "200 yes",
                    "NOOP": "200 here",
                    "QUIT": "221 bye",
                }.get(command, "502 no")


class SecureFaulty(Faulty):
    """The same over TLS from the first byte, or after AUTH; may show another certificate where the data goes."""

    def __init__(
        self,
        control: ssl.SSLContext,
        data: ssl.SSLContext,
        *,
        after_auth: bool = False,
        **answers: Answer,
    ) -> None:
        super().__init__(**answers)
        self._control = control
        self._data = data
        self._after_auth = after_auth

    def taker(self, data: socket.socket) -> socket.socket:
        return self._data.wrap_socket(super().taker(data), server_side=True)

    def __call__(self, connection: socket.socket, number: int, server: Scripted) -> None:
        if self._after_auth:
            connection.sendall(b"220 hello\r\n")
            self.commands.append(read_line(connection).decode().strip())
            connection.sendall(b"234 go\r\n")
            self.answers["banner"] = ""
        with self._control.wrap_socket(connection, server_side=True) as secure:
            super().__call__(secure, number, server)


FIRST = Attempt(event_id="e" * 32, packet=7)
AGAIN = Attempt(event_id="e" * 32, packet=7, number=2)
JPEG = b"\xff\xd8" + bytes(range(256)) * 200 + b"\xff\xd9"
ONE = Files(files=(NamedFile(path="d/n.jpg", content=JPEG),))
TWO = Files(files=(NamedFile(path="d/n.json", content=b"{}"), *ONE.files))
WHOLE = {file.path: file.content for file in TWO.files}


def sink(port: int, *, rename: bool = True, timeouts: Timeouts = PATIENT) -> FtpSink:
    """The way out to a scripted server."""
    url = f"ftp://{LOOPBACK}:{port}"
    protocol = Ftp(url, user="u", password="geheim", rename=rename, timeouts=timeouts)
    return FtpSink(protocol, clock=SYSTEM_CLOCK)


def sent(
    faulty: Faulty, files: Files = TWO, attempt: Attempt = FIRST, *, rename: bool = True
) -> Outcome:
    """What becomes of one try."""
    with Scripted(faulty) as server:
        way = sink(server.port, rename=rename)
        outcome = way.send(files, attempt)
        way.close()
    return outcome


def in_a_row(*answers: str) -> Callable[[str], str]:
    """Each answer once, then the usual one."""
    left = list(answers)
    return lambda _: left.pop(0) if left else ""
