"""An FTP conversation that no server can hold up: Python's `ftplib` under one deadline.

What it adds to `ftplib`, each held by `tests/sinks/test_ftp.py` against real servers: no wait outlasts the try;
answers are bounded; EPSV before PASV, and data connections go only to (or
come only from) the host of the control connection; TLS on the data connection resumes the control
connection's session, which vsftpd and others insist on.
"""

from __future__ import annotations

import contextlib
import ftplib
import select
import ssl
from typing import TYPE_CHECKING

from cammra_edge.sinks.dial import dial

if TYPE_CHECKING:
    import socket

    from cammra_edge.profile import Endpoint, Ftp
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.tls import Trust

_LONGEST_LINE = 8192
_MOST_LINES = 200
_UNKNOWN_COMMAND = ("500", "501", "502", "504", "522")


class FtpConversation(ftplib.FTP):
    """One control connection; `deadline` is set anew before each try."""

    def __init__(self, protocol: Ftp, trust: Trust, deadline: Deadline) -> None:
        super().__init__()
        self.deadline = deadline
        self.encoding = "utf-8"
        self._limits = protocol.timeouts
        self._trust = trust
        self._buffer = bytearray()
        self._secure_data = False
        self._epsv = True
        self._named = ""
        self._sizes = True
        self.set_pasv(protocol.passive)

    # ---- beginning ---------------------------------------------------------------------------

    def open(self, endpoint: Endpoint) -> None:
        """Connect, begin TLS for FTPS, and read the greeting."""
        limits = self._limits
        self.host = endpoint.host
        sock = dial(endpoint.host, endpoint.port, self.deadline, limits)
        self._take(sock)
        if endpoint.scheme == "ftps-implicit":
            self._begin_tls()
        self.welcome = self.getresp()
        if endpoint.scheme == "ftps":
            self.voidcmd("AUTH TLS")
            if self._buffer:
                raise ftplib.error_proto("the server spoke before TLS began")
            self._begin_tls()

    def prove(self, user: str, password: str) -> None:
        """Log in, protect the data connections, and choose binary."""
        self.login(user or "anonymous", password or ("" if user else "anonymous@"))
        if isinstance(self.sock, ssl.SSLSocket):
            self.voidcmd("PBSZ 0")
            self.voidcmd("PROT P")
            self._secure_data = True
        self.voidcmd("TYPE I")

    def _begin_tls(self) -> None:
        plain = self._socket()
        self._take(self._trust.start(plain, self.host, self.deadline, self._limits.connect_s))

    def _take(self, sock: socket.socket) -> None:
        self.sock = sock
        self.af = sock.family
        self.file = sock.makefile("r", encoding=self.encoding)

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise EOFError
        return self.sock

    def shown(self) -> tuple[str, bytes]:
        """TLS version, and the server's certificate as DER; both empty without TLS."""
        sock = self.sock
        if not isinstance(sock, ssl.SSLSocket):
            return "", b""
        return sock.version() or "", sock.getpeercert(binary_form=True) or b""

    def expect_quiet(self) -> None:
        """Make sure that the idle connection is still open.

        Raises:
            EOFError: The server has sent something unasked (421, say), or closed.
        """
        poll = select.poll()
        poll.register(self._socket(), select.POLLIN | select.POLLHUP | select.POLLERR)
        if self._buffer or poll.poll(0):
            raise EOFError

    def goodbye(self) -> None:
        """End the session in order."""
        self.voidcmd("QUIT")

    # ---- talking -----------------------------------------------------------------------------

    def putline(self, line: str) -> None:
        """Send a command; a line break in it is refused by `ftplib`."""
        self._socket().settimeout(self.deadline.wait_s(self._limits.write_s))
        super().putline(line)

    def getline(self) -> str:
        """One line of an answer, however slowly it comes, within the deadline."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise ftplib.error_proto("an answer without a line end")
            sock = self._socket()
            sock.settimeout(self.deadline.wait_s(self._limits.answer_s))
            received = sock.recv(_LONGEST_LINE)
            if not received:
                raise EOFError
            self._buffer += received
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line.decode(self.encoding, errors="replace")

    def getmultiline(self) -> str:
        """A whole answer, of a bounded number of lines."""
        line = self.getline()
        if line[3:4] != "-" or not line[:3].isdigit():
            return line
        lines = [line]
        while not (lines[-1][:3] == line[:3] and lines[-1][3:4] != "-" and len(lines) > 1):
            if len(lines) > _MOST_LINES:
                raise ftplib.error_proto("an answer without end")
            lines.append(self.getline())
        return "\n".join(lines)

    # ---- files ---------------------------------------------------------------------------------

    def makepasv(self) -> tuple[str, int]:
        """Where the data connection goes: by EPSV first, and only ever to the host of the control connection."""
        host = str(self._socket().getpeername()[0])
        self._named = host
        if self._epsv:
            try:
                return host, int(ftplib.parse229(self.sendcmd("EPSV"), (host, 0))[1])
            except (ftplib.error_perm, ftplib.error_proto):
                self._epsv = False
        self._named, port = ftplib.parse227(self.sendcmd("PASV"))
        return host, int(port)

    def try_passive(self) -> str:
        """Open a data connection as an upload would; returns where it went."""
        try:
            return self._tried_passive()
        except OSError:
            if not self._epsv:
                raise
            self._epsv = False  # as an upload would
            return self._tried_passive()

    def _tried_passive(self) -> str:
        host, port = self.makepasv()
        limits = self._limits
        dial(host, port, self.deadline, limits).close()
        named = "" if self._named == host else f"; it names {self._named}, which is not where it is"
        return f"{'EPSV' if self._epsv else 'PASV'}, port {port}{named}"

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Open a data connection for a command."""
        self.timeout = self.deadline.wait_s(self._limits.connect_s)
        try:
            connection, size = super().ntransfercmd(cmd, rest)
        except OSError:
            if not (self.passiveserver and self._epsv):
                raise
            # Firewalls that understand FTP let the data of PASV through, but not all of them that of EPSV.
            self._epsv = False
            self.timeout = self.deadline.wait_s(self._limits.connect_s)
            connection, size = super().ntransfercmd(cmd, rest)
        control = self._socket()
        if connection.getpeername()[0] != control.getpeername()[0]:
            connection.close()
            raise ftplib.error_proto("the data connection came from another host")
        if self._secure_data and isinstance(control, ssl.SSLSocket):
            connection = self._trust.start(
                connection,
                self.host,
                self.deadline,
                self._limits.connect_s,
                session=control.session,
            )
        return connection, size

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name, and wait for the server's confirmation."""
        connection = self.transfercmd(f"STOR {path}")
        with connection:
            rest = memoryview(content)
            while rest:
                connection.settimeout(self.deadline.wait_s(self._limits.write_s))
                rest = rest[connection.send(rest) :]
            if isinstance(connection, ssl.SSLSocket):
                # Without TLS's closing message some servers take the file for cut off; not all answer it.
                with contextlib.suppress(OSError):
                    connection.settimeout(self.deadline.wait_s(self._limits.answer_s))
                    connection.unwrap()
        self.voidresp()

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is no such file, or the server does not tell sizes."""
        if not self._sizes:
            return None
        try:
            return self.size(path)
        except ftplib.error_perm as error:
            if str(error)[:3] in _UNKNOWN_COMMAND:
                self._sizes = False
            return None

    @property
    def tells_sizes(self) -> bool:
        """Whether the server has not yet refused `SIZE`."""
        return self._sizes

    def make_folders(self, folder: str) -> None:
        """Make each folder of the path that does not exist."""
        path = ""
        for part in folder.split("/"):
            path = f"{path}/{part}" if path else part
            with contextlib.suppress(ftplib.error_perm):
                self.mkd(path)
