"""An FTP control connection that no server can hold up or bring out of step.

Held by `tests/sinks/test_ftp_answers.py`: no wait outlasts the try; answers are bounded; an answer belongs to the
command before it, so that what a server sends twice, late or unasked is never taken for the answer to the next one.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks import ftp_reply
from cammra_edge.sinks.dial import dial
from cammra_edge.sinks.ftp_reply import (
    DONE,
    MORE,
    PRELIMINARY,
    TEMPORARY,
    GarbledError,
    GoodbyeError,
    RefusedError,
    Reply,
)
from cammra_edge.sinks.whys import UploadWhy
from cammra_edge.sinks.words import decoded

if TYPE_CHECKING:
    import socket

    from cammra_edge.profile import Endpoint, Ftp
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.tls import Trust

_LONGEST_LINE = 8192
_ANOTHER_S = 1.0
"""How long a second answer to the same command may take."""
ENDS_OF_TRANSFERS: Final = (225, 226, 426)


class FtpControl:
    """One control connection; `deadline` is set anew before each try."""

    def __init__(
        self, protocol: Ftp, trust: Trust, deadline: Deadline, *, deny_local: bool
    ) -> None:
        self.deadline = deadline
        self._deny_local = deny_local
        self._limits = protocol.timeouts
        self._trust = trust
        self._sock: socket.socket | None = None
        self._host = ""
        self._buffer = bytearray()
        self._asked = ""
        self._secure_data = False
        self._implicit = False
        self._logged_in = False
        self._transferred = False

    # ---- beginning ---------------------------------------------------------------------------

    def open(self, endpoint: Endpoint) -> None:
        """Connect, begin TLS for FTPS, and read the greeting.

        Raises:
            EOFError, OSError, FtpError: The network, or the server.
        """
        self._host = endpoint.host
        self._implicit = endpoint.scheme == "ftps-implicit"
        self._sock = self._dialled(endpoint.host, endpoint.port)
        if self._implicit:
            self._begin_tls()
        greeting = accepted(self._answer())
        if greeting.kind != DONE:
            raise GarbledError(UploadWhy.ANOTHER_LANGUAGE(), str(greeting))
        if endpoint.scheme == "ftps":
            self.ask("AUTH TLS")
            if self._buffer:
                raise GarbledError(UploadWhy.SPOKE_BEFORE_TLS())
            self._begin_tls()
        self._logged_in = greeting.code == ftp_reply.LOGGED_IN and endpoint.scheme != "ftps"

    def _dialled(self, host: str, port: int) -> socket.socket:
        return dial(host, port, self.deadline, self._limits, deny_local=self._deny_local)

    def prove(self, user: str, password: str) -> None:
        """Log in, protect the data connections, and choose binary.

        Raises:
            RefusedError: Of the login, or of protected data.
        """
        if not self._logged_in:
            self._log_in(user or "anonymous", password or ("" if user else "anonymous@"))
        if isinstance(self._sock, ssl.SSLSocket):
            with contextlib.suppress(RefusedError):
                self.ask("PBSZ 0")
            try:
                self.ask("PROT P")
            except RefusedError:
                # It goes without saying there: files go over TLS in any case.
                if not self._implicit:
                    raise
            self._secure_data = True
        # Some servers have one type only; the files' sizes tell where it is the wrong one.
        with contextlib.suppress(RefusedError):
            self.ask("TYPE I")

    def _log_in(self, user: str, password: str) -> None:
        reply = self.ask(f"USER {user}")
        if reply.code == ftp_reply.READY:  # the greeting, sent twice
            reply = accepted(self._another() or reply)
        if reply.kind == MORE and reply.code != ftp_reply.WANTS_ACCOUNT:
            reply = self.ask(f"PASS {password}")
            if reply.code == ftp_reply.WANTS_PASSWORD:  # sent twice, or asked again
                reply = accepted(self._another() or self.ask(f"PASS {password}"))
        if reply.kind != DONE:
            raise RefusedError(reply)

    def _begin_tls(self) -> None:
        self._sock = self._trust.start(
            self._socket(), self._host, self.deadline, self._limits.connect_s
        )

    def _socket(self) -> socket.socket:
        if self._sock is None:
            raise EOFError
        return self._sock

    def shown(self) -> tuple[str, bytes]:
        """TLS version, and the server's certificate as DER; both empty without TLS."""
        sock = self._sock
        if not isinstance(sock, ssl.SSLSocket):
            return "", b""
        return sock.version() or "", sock.getpeercert(binary_form=True) or b""

    def expect_quiet(self) -> None:
        """Make sure that the idle connection is still open.

        Raises:
            EOFError: The server has sent something unasked (421, say), or closed.
        """
        self._receive_waiting()
        if self._buffer:
            raise EOFError

    def expect_alive(self) -> None:
        """Make sure that the server still answers, whatever it says.

        Raises:
            EOFError, OSError, FtpError: It does not.
        """
        with contextlib.suppress(RefusedError):
            self.ask("NOOP")

    def goodbye(self) -> None:
        """End the session in order."""
        self.ask("QUIT")

    def close(self) -> None:
        """Close the connection."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    # ---- talking -----------------------------------------------------------------------------

    def ask(self, command: str, code: int = 0) -> Reply:
        """Send a command that transfers nothing, and read its answer: 2xx or 3xx.

        Args:
            command: It.
            code: What a server says that understands it; another answer may be a late one to the command before.

        Raises:
            RefusedError: 4xx or 5xx.
            GoodbyeError: 421.
            EOFError, OSError, GarbledError: Nothing that can be understood.
        """
        self._send(command)
        reply = self._answer()
        while self._transferred and reply.code in ENDS_OF_TRANSFERS:
            reply = self._answer()  # the last file's, sent twice or late
        self._transferred = False
        if code and reply.kind < TEMPORARY and reply.code != code:
            reply = self._another() or reply
        return accepted(reply)

    def _send(self, command: str) -> None:
        if any(end in command for end in "\r\n\0"):
            raise GarbledError(UploadWhy.LINE_END_IN_NAME())
        self._receive_waiting()
        while b"\n" in self._buffer:
            self._read()  # what stands here before the command is not its answer
        self._asked = command.partition(" ")[0]
        sock = self._socket()
        sock.settimeout(self.deadline.wait_s(self._limits.write_s))
        sock.sendall(f"{command}\r\n".encode(errors="replace"))

    def _answer(self) -> Reply:
        """The next answer that is not preliminary."""
        while (reply := self._read()).kind == PRELIMINARY:
            pass
        return reply

    def _another(self) -> Reply | None:
        """A second answer to the same command, where one comes soon."""
        sock = self._socket()
        with contextlib.suppress(TimeoutError):
            while b"\n" not in self._buffer:
                sock.settimeout(self.deadline.wait_s(_ANOTHER_S))
                self._receive()
            return self._answer()
        return None

    def _read(self) -> Reply:
        reply = ftp_reply.read(self._line)
        if reply.code == ftp_reply.GOODBYE:
            raise GoodbyeError(reply)
        return reply

    def _line(self) -> str:
        """One line of an answer, however slowly it comes, within the deadline."""
        while (end := self._buffer.find(b"\n")) < 0:
            wait_s = self.deadline.wait_s(self._limits.answer_s)
            self._socket().settimeout(wait_s)
            try:
                self._receive()
            except TimeoutError:
                seconds, asked = round(wait_s), self._asked
                none = UploadWhy.NO_ANSWER_TO(command=asked, wait_s=seconds) if asked else None
                raise TimeoutError(none or UploadWhy.NO_GREETING(wait_s=seconds)) from None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return decoded(line)

    def _receive(self) -> None:
        if len(self._buffer) > _LONGEST_LINE:
            raise GarbledError(UploadWhy.ENDLESS_LINE())
        received = self._socket().recv(_LONGEST_LINE)
        if not received:
            raise EOFError
        self._buffer += received

    def _receive_waiting(self) -> None:
        """Take what the server has said unasked, without waiting for it."""
        self._socket().settimeout(0)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            while True:
                self._receive()


def accepted(reply: Reply) -> Reply:
    """The answer, unless it is a refusal."""
    if reply.kind >= TEMPORARY:
        raise RefusedError(reply)
    return reply
