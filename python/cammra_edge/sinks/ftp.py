"""Named files to an FTP or FTPS server; the promises stand in `upload_sink`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.sinks import failures
from cammra_edge.sinks.base import GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.conversation import Errors
from cammra_edge.sinks.ftp_conversation import FtpConversation
from cammra_edge.sinks.ftp_reply import TEMPORARY, CutError, FtpError, RefusedError
from cammra_edge.sinks.tls import Trust
from cammra_edge.sinks.upload_sink import FULL_AFTER_S, UploadSink
from cammra_edge.sinks.whys import UploadWhy, Why, why_of
from cammra_edge.sinks.words import readable

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.deadline import Deadline

_LOGIN = (430, 530, 532)
_FULL = (452, 552)
_NO_FOLDER = (550, 553)
_NOT_IMPLEMENTED = (500, 502, 504)
_PERMANENT = 500


class LoginRefusedError(RefusedError):
    """The server refuses for good before the first file; servers use different codes for it."""


class FtpSink(UploadSink):
    """One way out to one FTP server. Used by one thread at a time."""

    errors = Errors(failures=(EOFError, OSError, FtpError), refusals=(RefusedError, CutError))

    def __init__(self, protocol: Ftp, *, clock: Clock, deny_local: bool = False) -> None:
        super().__init__(protocol, clock=clock, deny_local=deny_local)
        self._trust = Trust(protocol.tls)

    def opened(self, deadline: Deadline) -> FtpConversation:
        """Connect and log in.

        Raises:
            ConfigError: A file of the TLS settings cannot be used.
            EOFError, OSError, FtpError: The network, or the server.
        """
        conversation = FtpConversation(
            self._protocol, self._trust, deadline, deny_local=self._deny_local
        )
        try:
            conversation.open(self.endpoint)
            conversation.prove(self._protocol.user, self._protocol.password)
        except RefusedError as error:
            conversation.close()
            if error.reply.kind == TEMPORARY and error.reply.code not in _LOGIN:
                raise
            raise LoginRefusedError(error.reply) from error
        except BaseException:
            conversation.close()
            raise
        return conversation

    def is_final(self, error: Exception) -> bool:
        """The time is over, or the refusal is permanent; a new login may help who was logged out."""
        is_lasting = isinstance(error, RefusedError) and not self.is_temporary(error)
        return isinstance(error, TimeoutError) or (is_lasting and _code(error) not in _LOGIN)

    def is_temporary(self, refusal: Exception) -> bool:
        """By the first digit."""
        return _code(refusal) < _PERMANENT

    def knows_no_renaming(self, refusal: Exception) -> bool:
        """A command that is not known, or not implemented."""
        return _code(refusal) in _NOT_IMPLEMENTED

    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """By the code of the server's answer; without one, by the network's error."""
        where = self.endpoint.address
        match error:
            case EOFError():
                hung_up = Why.AT(where=where, why=UploadWhy.SERVER_HUNG_UP())
                return TryLater(hung_up, broke=True)
            case RefusedError():
                return self._refused(error)
            case FtpError():
                return TryLater(Why.AT(where=where, why=why_of(error)), words=self.words_of(error))
            case _:
                return failures.outcome(error, self.endpoint)

    def words_of(self, error: Exception) -> str:
        """The server's own, on one line."""
        return readable(error.words.encode()) if isinstance(error, FtpError) else ""

    def _refused(self, error: RefusedError) -> TryLater | GiveUp | Misconfigured:
        where, words = self.endpoint.address, self.words_of(error)
        code = error.reply.code
        if isinstance(error, LoginRefusedError) or code in _LOGIN:
            # Without the server's words: it may repeat the password.
            is_ftps = self.endpoint.scheme == "ftps"
            refused = UploadWhy.LOGIN_OR_TLS_REFUSED if is_ftps else UploadWhy.LOGIN_REFUSED
            return Misconfigured(Why.AT(where=where, why=refused(code=code)))
        answers = Why.AT(where=where, why=why_of(error))
        if code in _FULL:
            why = Why.AT(where=answers, why=UploadWhy.DISK_FULL())
            return TryLater(why, FULL_AFTER_S, words=words)
        if code in _NO_FOLDER:
            return GiveUp(Why.AT(where=answers, why=UploadWhy.FOLDER_NOT_WRITABLE()), words=words)
        return TryLater(answers, words=words)


def _code(error: Exception) -> int:
    """The three digits of a server's refusal, or 0."""
    return error.reply.code if isinstance(error, RefusedError) else 0
