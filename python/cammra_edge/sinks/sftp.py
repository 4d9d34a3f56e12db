"""Named files to an SFTP server; needs the extra `sftp`. The promises stand in `uploads`.

Held by `tests/sinks/test_sftp.py` against OpenSSH's sftp-server. The server proves who it is by the fingerprint
that the profile names, before a password is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from cammra_edge.sinks import failures
from cammra_edge.sinks.base import GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.sftp_session import Session
from cammra_edge.sinks.uploads import FULL_AFTER_S, UploadSink

if TYPE_CHECKING:
    from cammra_edge.sinks.deadline import Deadline

_BROKEN = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


class SftpSink(UploadSink):
    """One way out to one SFTP server. Used by one thread at a time."""

    failures = (OSError, asyncssh.Error, asyncssh.KeyImportError)
    refusals = (asyncssh.SFTPError,)

    _seen = ""

    def opened(self, deadline: Deadline) -> Session:
        """Connect and log in.

        Raises:
            OSError, asyncssh.Error, asyncssh.KeyImportError: The network, the server, or the key's file.
        """
        session = Session(self._protocol, deadline)
        try:
            session.open(self.endpoint)
        except BaseException:
            session.close()
            raise
        finally:
            self._seen = session.seen
        return session

    def is_final(self, error: Exception) -> bool:
        """Everything but a connection that broke."""
        return isinstance(error, TimeoutError) or not isinstance(error, (OSError, *_BROKEN))

    def may_lack_folder(self, error: Exception) -> bool:
        """The server has error codes of its own for that."""
        return isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath)

    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """By the server's error; without one, by the network's."""
        where = self.endpoint.address
        answer = failures.printable(str(error))
        match error:
            case asyncssh.HostKeyNotVerifiable():
                return Misconfigured(
                    f"{where}: the server's key is {self._seen or 'unknown'}, not the trusted one"
                )
            case asyncssh.PermissionDenied() | asyncssh.KeyImportError():
                return Misconfigured(f"{where}: the server refuses the login ({answer})")
            case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
                return GiveUp(f"{where}: the folder cannot be written ({answer})")
            case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
                return TryLater(f"{where}: its disk or the quota is full", FULL_AFTER_S)
            case OSError():
                return failures.outcome(error, self.endpoint)
            case _:
                return TryLater(f"{where}: the server says {answer!r}")
