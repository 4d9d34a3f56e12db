"""Files over an FTP conversation: each on a data connection of its own.

Held by `tests/sinks/test_ftp.py` and `tests/sinks/test_ftp_answers.py`: EPSV before PASV, and data connections go
only to (or come only from) the host of the control connection; TLS on them resumes the control connection's session,
which vsftpd and others insist on; of a transfer that breaks the server's own reason is told, where it gives one.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks import ftp_reply
from cammra_edge.sinks.deadline import stalled
from cammra_edge.sinks.ftp_control import ENDS_OF_TRANSFERS, FtpControl, accepted
from cammra_edge.sinks.ftp_reply import (
    DONE,
    MORE,
    PRELIMINARY,
    CutError,
    GarbledError,
    RefusedError,
)
from cammra_edge.sinks.unacknowledged import hint, see_out
from cammra_edge.sinks.whys import UploadWhy, why_of

if TYPE_CHECKING:
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.tls import Trust

_LARGEST_LISTING_BYTES = 4 << 20
_PIECE_BYTES = 64 << 10
_UNKNOWN_COMMAND: Final = (500, 501, 502, 504, 522)
_NO_DATA: Final = (226, 250)


class FtpConversation(FtpControl):
    """What `upload_sink` wants of a conversation."""

    def __init__(
        self, protocol: Ftp, trust: Trust, deadline: Deadline, *, deny_local: bool
    ) -> None:
        super().__init__(protocol, trust, deadline, deny_local=deny_local)
        self.tells_sizes = True
        self.has_told_size = False
        self.unfinished = ""
        self.was_reset = False
        self._passive = protocol.passive
        self._epsv = True
        self._named = ""

    # ---- data connections ----------------------------------------------------------------------

    def try_passive(self) -> str:
        """Open a data connection as an upload would; returns where it went."""
        with self._passively_connected() as data:
            host, port = data.getpeername()[:2]
        named = "" if self._named == host else f"; it names {self._named}, which is not where it is"
        return f"{'EPSV' if self._epsv else 'PASV'}, port {port}{named}"

    def _passively_connected(self) -> socket.socket:
        """By EPSV first, and only ever to the host of the control connection."""
        host = self._named = str(self._socket().getpeername()[0])
        if self._epsv:
            port = None
            with contextlib.suppress(RefusedError):
                port = ftp_reply.extended_port(self.ask("EPSV", ftp_reply.EXTENDED_PASSIVE))
            # Firewalls that understand FTP let the data of PASV through, but not all of them that of EPSV.
            with contextlib.suppress(OSError):
                if port:
                    return self._dialled(host, port)
            self._epsv = False
        reply = self.ask("PASV", ftp_reply.PASSIVE)
        address = ftp_reply.passive_address(reply)
        if address is None:
            raise GarbledError(UploadWhy.NOWHERE_TO_CONNECT(), str(reply))
        self._named, port = address
        return self._dialled(host, port)

    def _listening(self) -> socket.socket:
        """A port of ours that the server is told to connect to."""
        own = self._socket().getsockname()
        family = self._socket().family
        listener = socket.create_server((own[0], 0, *own[2:]), family=family, backlog=1)
        self.deadline.carry(listener)
        port = int(listener.getsockname()[1])
        if family == socket.AF_INET:
            told = f"PORT {own[0].replace('.', ',')},{port >> 8},{port & 0xFF}"
        else:
            told = f"EPRT |2|{own[0].partition('%')[0]}|{port}|"
        try:
            self.ask(told)
        except BaseException:
            listener.close()
            raise
        return listener

    def _transfer(self, verb: str, path: str) -> socket.socket | None:
        """Begin one; `None` when the server says that it is over already: there was nothing to list."""
        end = self._passively_connected() if self._passive else self._listening()
        try:
            if not self._begun(verb, path):
                end.close()
                return None
            data = end if self._passive else self._connected_by_server(end)
        except BaseException:
            end.close()
            raise
        control = self._socket()
        if not self._secure_data or not isinstance(control, ssl.SSLSocket):
            return data
        most_s = self._limits.connect_s
        return self._trust.start(data, self._host, self.deadline, most_s, session=control.session)

    def _connected_by_server(self, listener: socket.socket) -> socket.socket:
        with listener:
            listener.settimeout(self.deadline.wait_s(self._limits.connect_s))
            data, peer = listener.accept()
            self.deadline.carry(data)
        if peer[0] != self._socket().getpeername()[0]:
            data.close()
            raise GarbledError(UploadWhy.DATA_FROM_ANOTHER())
        return data

    def _begun(self, verb: str, path: str) -> bool:
        self._send(f"{verb} {path}".rstrip())
        self._transferred = True
        reply = accepted(self._read())
        if reply.code in _NO_DATA:
            return False
        if reply.kind == DONE:  # some say 200 first
            reply = accepted(self._read())
        if reply.kind != PRELIMINARY:
            raise GarbledError(UploadWhy.TRANSFER_NOT_BEGUN(), str(reply))
        return True

    def _complete(self) -> None:
        """Read the answer to the transfer that has ended.

        Raises:
            FtpError: It has failed.
        """
        reply = accepted(self._answer())
        if reply.kind != DONE:
            raise GarbledError(UploadWhy.TRANSFER_NOT_CONFIRMED(), str(reply))

    # ---- files ---------------------------------------------------------------------------------

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name, and wait for the server's confirmation.

        Raises:
            FtpError: The server refuses it, or got only a part.
            EOFError, OSError: The network.
        """
        self.unfinished = ""
        data = self._transfer("STOR", path)
        if data is None:
            raise GarbledError(UploadWhy.TRANSFER_ENDED_EARLY())
        self.unfinished = path
        with data:
            try:
                with self.deadline.sending(len(content)):
                    self._write(data, content)
                    see_out(data, self.deadline, answers_on=self._socket())
            except TimeoutError as error:
                raise TimeoutError(hint(data) or why_of(error)) from None
            except OSError as error:
                with contextlib.suppress(EOFError, OSError):
                    self._complete()  # the server may know why
                    raise CutError from error
                raise
            self._complete()
            is_reset = bool(data.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            # Under TLS it may be no more than the answer to our closing message.
            self.was_reset = is_reset and not isinstance(data, ssl.SSLSocket)
        self.unfinished = ""

    def _write(self, data: socket.socket, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            wait_s = self.deadline.wait_s(self._limits.write_s)
            data.settimeout(wait_s)
            try:
                rest = rest[data.send(rest) :]
            except TimeoutError:
                raise stalled(len(content) - len(rest), len(content), wait_s) from None
        if isinstance(data, ssl.SSLSocket):
            # Without TLS's closing message some servers take the file for cut off; not all answer it.
            with contextlib.suppress(OSError):
                data.settimeout(self.deadline.wait_s(self._limits.answer_s))
                data.unwrap()
        with contextlib.suppress(OSError):
            data.shutdown(socket.SHUT_WR)

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is no such file, or the server does not tell."""
        if not self.tells_sizes:
            return None
        try:
            reply = self.ask(f"SIZE {path}", ftp_reply.SIZE_TOLD)
        except RefusedError as error:
            self.tells_sizes = error.reply.code not in _UNKNOWN_COMMAND
            return None
        size = ftp_reply.size_bytes(reply)
        self.tells_sizes = size is not None
        self.has_told_size |= self.tells_sizes
        return size

    def file_names(self, folder: str) -> frozenset[str] | None:
        """Names in a folder, as far as a bounded listing goes; `None` when the server refuses to list it."""
        listing = self._fetched(
            "NLST", f"./{folder}" if folder.startswith("-") else folder, _LARGEST_LISTING_BYTES
        )
        if listing is None:
            return None
        lines = listing.decode(errors="replace").replace("\\", "/").splitlines()
        return frozenset(line.rstrip("/").rpartition("/")[2] for line in lines)

    def content(self, path: str, most_bytes: int) -> bytes | None:
        """The first bytes of a file; `None` when the server does not give it out."""
        return self._fetched("RETR", path, most_bytes)

    def _fetched(self, verb: str, path: str, most_bytes: int) -> bytes | None:
        fetched = b""
        try:
            data = self._transfer(verb, path)
        except RefusedError:
            return None
        if data is not None:
            with data, contextlib.suppress(ConnectionError):
                while len(fetched) < most_bytes:
                    data.settimeout(self.deadline.wait_s(self._limits.answer_s))
                    piece = data.recv(min(_PIECE_BYTES, most_bytes - len(fetched)))
                    if not piece:
                        break
                    fetched += piece
            with contextlib.suppress(RefusedError):  # it may not like to be cut short
                self._complete()
        return fetched

    def make_folders(self, folder: str) -> None:
        """Make each folder of the path that does not exist."""
        path = ""
        for part in folder.split("/"):
            path = f"{path}/{part}" if path else part
            with contextlib.suppress(RefusedError):
                self.ask(f"MKD {path}")

    def rename(self, path: str, name: str, /) -> None:
        """Rename a file."""
        self.ask(f"RNFR {path}")
        reply = self.ask(f"RNTO {name}")
        while reply.kind == MORE:  # the first answer, sent twice
            reply = accepted(self._answer())
        if reply.code in ENDS_OF_TRANSFERS:  # the upload's, perhaps
            accepted(self._another() or reply)

    def delete(self, path: str, /) -> None:
        """Delete a file."""
        self.ask(f"DELE {path}")
