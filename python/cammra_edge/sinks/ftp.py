"""Named files to an FTP or FTPS server; the promises stand in `uploads`.

Held by `tests/sinks/test_ftp.py` against vsftpd, ProFTPD, Pure-FTPd and pyftpdlib.
"""

from __future__ import annotations

import ftplib
from typing import TYPE_CHECKING

from cammra_edge.sinks import failures
from cammra_edge.sinks.base import GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.ftp_control import FtpConversation
from cammra_edge.sinks.tls import Trust
from cammra_edge.sinks.uploads import FULL_AFTER_S, UploadSink

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.deadline import Deadline

_LOGIN = ("530", "532")
_FULL = ("452", "552")
_MISSING_FOLDER = ("550", "553")


class LoginRefusedError(ftplib.error_perm):
    """The server refuses for good before the first file; servers use different codes for it."""


class FtpSink(UploadSink):
    """One way out to one FTP server. Used by one thread at a time."""

    failures = (EOFError, OSError, ftplib.Error)
    refusals = (ftplib.error_perm, ftplib.error_temp)

    def __init__(self, protocol: Ftp, *, clock: Clock) -> None:
        super().__init__(protocol, clock=clock)
        self._trust = Trust(protocol.tls)

    def opened(self, deadline: Deadline) -> FtpConversation:
        """Connect and log in.

        Raises:
            ConfigError: A file of the TLS settings cannot be used.
            EOFError, OSError, ftplib.Error: The network, or the server.
        """
        conversation = FtpConversation(self._protocol, self._trust, deadline)
        try:
            conversation.open(self.endpoint)
            conversation.prove(self._protocol.user, self._protocol.password)
        except ftplib.error_perm as error:
            conversation.close()
            raise LoginRefusedError(str(error)) from error
        except BaseException:
            conversation.close()
            raise
        return conversation

    def is_final(self, error: Exception) -> bool:
        """The time is over, or the refusal is permanent."""
        return isinstance(error, TimeoutError) or _code(error)[:1] == "5"

    def may_lack_folder(self, error: Exception) -> bool:
        """550 and 553 may mean a missing folder, among other things."""
        return _code(error) in _MISSING_FOLDER

    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """By the code of the server's answer; without one, by the network's error."""
        where = self.endpoint.address
        code = _code(error)
        answer = f"{where}: the server says {failures.printable(str(error))!r}"
        if isinstance(error, EOFError):
            return TryLater(f"{where}: the server closed the connection")
        if isinstance(error, LoginRefusedError) or code in _LOGIN:
            # In our own words: a server may repeat the password.
            what = "the login, or TLS for it" if self.endpoint.scheme == "ftps" else "the login"
            return Misconfigured(f"{where}: the server refuses {what} (code {code})")
        if code in _FULL:
            return TryLater(f"{answer}: its disk or the quota is full", FULL_AFTER_S)
        if isinstance(error, ftplib.error_perm) and code in _MISSING_FOLDER:
            return GiveUp(f"{answer}: the folder cannot be written")
        if isinstance(error, ftplib.Error):
            return TryLater(answer)
        return failures.outcome(error, self.endpoint)


def _code(error: Exception) -> str:
    """The three digits of a server's refusal, or an empty text."""
    return str(error)[:3] if isinstance(error, ftplib.Error) and str(error)[:3].isdigit() else ""
