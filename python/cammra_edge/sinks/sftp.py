"""Named files to an SFTP server; needs the extra `sftp`. The promises stand in `upload_sink`.

Held by `tests/sinks/test_sftp.py` against OpenSSH's sftp-server. The server proves who it is by the fingerprint
that the profile names, before a password is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from cammra_edge.sinks import failures
from cammra_edge.sinks.base import GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.conversation import Errors
from cammra_edge.sinks.sftp_session import BROKEN, Session
from cammra_edge.sinks.upload_sink import FULL_AFTER_S, UploadSink
from cammra_edge.sinks.whys import UploadWhy, Why
from cammra_edge.sinks.words import readable

if TYPE_CHECKING:
    from cammra_edge.sinks.deadline import Deadline

_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)


class SftpSink(UploadSink):
    """One way out to one SFTP server. Used by one thread at a time."""

    errors = Errors(
        failures=(OSError, asyncssh.Error, asyncssh.KeyImportError), refusals=(asyncssh.SFTPError,)
    )

    _seen = ""

    def opened(self, deadline: Deadline) -> Session:
        """Connect and log in.

        Raises:
            OSError, asyncssh.Error, asyncssh.KeyImportError: The network, the server, or the key's file.
        """
        session = Session(self._protocol, deadline, deny_local=self._deny_local)
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
        return isinstance(error, TimeoutError) or not isinstance(error, (OSError, *BROKEN))

    def is_temporary(self, refusal: Exception) -> bool:
        """A full disk, or the failure that has no code of its own."""
        return isinstance(refusal, (asyncssh.SFTPFailure, *_FULL))

    def knows_no_renaming(self, refusal: Exception) -> bool:
        """The server has an error code of its own for that."""
        return isinstance(refusal, asyncssh.SFTPOpUnsupported)

    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """By the server's error; without one, by the network's."""
        where = self.endpoint.address
        match error:
            case asyncssh.HostKeyNotVerifiable():
                seen = UploadWhy.KEY_NOT_TRUSTED(seen=self._seen) if self._seen else None
                why = Why.AT(where=where, why=seen or UploadWhy.KEY_UNKNOWN())
                return Misconfigured(why)
            case asyncssh.PermissionDenied() | asyncssh.KeyImportError():
                answer = failures.printable(str(error))
                why = Why.AT(where=where, why=UploadWhy.SFTP_LOGIN_REFUSED(answer=answer))
                return Misconfigured(why)
            case asyncssh.SFTPError():
                return self._refused(error)
            case OSError():
                return failures.outcome(error, self.endpoint)
            case _:
                answer = repr(failures.printable(str(error)))
                return TryLater(Why.AT(where=where, why=UploadWhy.SERVER_SAYS(answer=answer)))

    def words_of(self, error: Exception) -> str:
        """The server's own, on one line."""
        answer = error.reason if isinstance(error, asyncssh.SFTPError) else ""
        return readable(answer.encode(errors="replace"))

    def _refused(self, error: asyncssh.SFTPError) -> TryLater | GiveUp:
        where, words = self.endpoint.address, self.words_of(error)
        if isinstance(error, asyncssh.SFTPPermissionDenied | asyncssh.SFTPWriteProtect):
            return GiveUp(Why.AT(where=where, why=UploadWhy.FOLDER_NOT_WRITABLE()), words=words)
        if isinstance(error, _FULL):
            why = Why.AT(where=where, why=UploadWhy.DISK_FULL())
            return TryLater(why, FULL_AFTER_S, words=words)
        why = Why.AT(where=where, why=UploadWhy.SFTP_ERROR(code=error.code))
        return TryLater(why, words=words)
