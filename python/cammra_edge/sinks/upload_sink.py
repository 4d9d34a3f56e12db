"""Named files to a server over a kept conversation: what FTP and SFTP have in common.

Invariants, held by `tests/sinks/test_ftp.py`, `tests/sinks/test_ftp_uploads.py` and `tests/sinks/test_sftp.py`
against real servers:

1. A file appears under its final name only when it is complete: it is uploaded as `.part`, its size compared, then
   renamed; of files that belong together, the one a watcher waits for comes last. With `rename=False`, and on a server
   that knows no renaming, it grows under its final name.
2. Nothing that the server tells of is overwritten: where a name is taken, `_1`, `_2` … is added. A repeat of the same
   delivery finds the files that are there already, and does not send them again.
3. `send` never raises for what a network or server did, and returns within the profile's total time.
4. Any failure ends the conversation: an answer that was not read would be taken for that of the next command.
5. A server that refuses, and still answers, is left without a `.part` or half a file of ours; what a broken connection
   leaves there, the repeat replaces.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from cammra_edge.errors import ConfigError
from cammra_edge.message import Files
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.exchange import NO_EXCHANGE
from cammra_edge.sinks.line import Line
from cammra_edge.sinks.upload import EndedError, RenameRefusedError, Upload
from cammra_edge.sinks.whys import UploadWhy, Why, unusable

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.message import Attempt, Message, NamedFile
    from cammra_edge.phrases import Said
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.base import Outcome
    from cammra_edge.sinks.conversation import Conversation, Errors
    from cammra_edge.sinks.exchange import Exchange

FULL_AFTER_S: Final = 60.0
GOODBYE_S: Final = 1.0


class UploadSink(ABC):
    """One way out to one server that takes files. Used by one thread at a time."""

    errors: ClassVar[Errors]
    """What its conversations raise."""

    def __init__(self, protocol: Ftp, *, clock: Clock, deny_local: bool = False) -> None:
        self._protocol = protocol
        self._deny_local = deny_local
        self._clock = clock
        self._line = Line()
        self._kept: Conversation | None = None
        self.folders: set[str] = set()
        self._renames = protocol.rename
        self._halves: list[str] = []
        self.endpoint = protocol.endpoint()

    # ---- what differs between protocols ------------------------------------------------------

    @abstractmethod
    def opened(self, deadline: Deadline) -> Conversation:
        """Connect and log in."""

    @abstractmethod
    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """What one of `failures` means."""

    @abstractmethod
    def words_of(self, error: Exception) -> str:
        """What the server says about it, on one line; never for a log."""

    @abstractmethod
    def is_final(self, error: Exception) -> bool:
        """Whether a new conversation would meet the same error."""

    @abstractmethod
    def is_temporary(self, refusal: Exception) -> bool:
        """Whether what is refused now may be granted later."""

    @abstractmethod
    def knows_no_renaming(self, refusal: Exception) -> bool:
        """Whether a refused rename would be refused to anybody: the server has no such command."""

    # ---- sending -------------------------------------------------------------------------------------

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Upload the files; returns whether they are there."""
        if not isinstance(message, Files):
            return GiveUp(UploadWhy.FILES_ONLY())
        if not message.files:
            return Delivered(UploadWhy.NOTHING_TO_UPLOAD())
        deadline = Deadline(self._clock, self._protocol.timeouts.total_s, self._line)
        repeated = attempt.number > 1
        try:
            kept, self._kept = self._kept, None
            if kept is not None:
                try:
                    self._expect_quiet(kept)
                    return self._uploaded_over(kept, message.files, deadline, repeated=repeated)
                except self.errors.failures as error:
                    if self.is_final(error):
                        raise
                    # The server closed between two events: send at once on a new connection.
                    repeated = True
            return self._uploaded_over(
                self.opened(deadline), message.files, deadline, repeated=repeated
            )
        except ConfigError as error:
            return Misconfigured(unusable(error))
        except self.errors.failures as error:
            self._take_halves_away(deadline)
            return self.outcome_of(error)

    def exchange(self) -> Exchange:
        """Nothing: files go as they are, and what a server says of them stands in the outcome."""
        return NO_EXCHANGE

    def break_off(self) -> None:
        """End a try under way; from any thread."""
        self._line.cut()

    def close(self) -> None:
        """End a kept conversation in order."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.deadline = Deadline(self._clock, GOODBYE_S, self._line)
            with contextlib.suppress(*self.errors.failures):
                kept.goodbye()
            kept.close()

    def _expect_quiet(self, kept: Conversation) -> None:
        try:
            kept.expect_quiet()
        except BaseException:
            kept.close()
            raise

    def _uploaded_over(
        self,
        conversation: Conversation,
        files: tuple[NamedFile, ...],
        deadline: Deadline,
        *,
        repeated: bool,
    ) -> Outcome:
        conversation.deadline = deadline
        try:
            outcome = self._uploaded(conversation, files, repeated=repeated)
        except BaseException:
            conversation.close()
            raise
        self._kept = conversation
        return outcome

    def _take_halves_away(self, deadline: Deadline) -> None:
        """Delete what a broken connection left under final names, where nobody has agreed to see it."""
        halves, self._halves = self._halves, []
        if halves:
            with contextlib.suppress(ConfigError, *self.errors.failures):
                conversation = self.opened(deadline)
                with contextlib.closing(conversation):
                    for path in halves:
                        conversation.delete(path)

    def _uploaded(
        self, conversation: Conversation, files: tuple[NamedFile, ...], *, repeated: bool
    ) -> Outcome:
        upload = self.upload(conversation, files, repeated=repeated)
        try:
            refusal = self._renamed(upload) if self._renames else None
            if refusal is not None:
                # Only where a half file is told from a whole one, and could be taken away again.
                is_safe = upload.take_away() and conversation.tells_sizes
                if not (is_safe and self.knows_no_renaming(refusal)):
                    return self.rename_refused(refusal)
                self._renames = False
            if not self._renames:
                upload.store_straight()
        except EndedError as ended:
            upload.take_away()
            return ended.outcome
        except self.errors.refusals:
            upload.take_away()
            raise
        except self.errors.failures:
            if self._protocol.rename and not self._renames:
                self._halves += upload.on_server
            raise
        self._halves = []
        return Delivered(self._note(len(files), conversation))

    def _renamed(self, upload: Upload) -> Exception | None:
        """Upload as parts, and rename; returns the server's refusal to rename."""
        try:
            upload.store_parts()
            upload.rename()
        except RenameRefusedError as refused:
            return refused.refusal
        return None

    def _note(self, count: int, conversation: Conversation) -> Said:
        """How many files are there, and what is less sure than usual."""
        straight = self._protocol.rename and not self._renames
        files = (UploadWhy.FILES_STRAIGHT if straight else UploadWhy.FILES)(n=count)
        return files if conversation.tells_sizes else UploadWhy.FILES_UNMEASURED(files=files)

    def upload(
        self, conversation: Conversation, files: tuple[NamedFile, ...], *, repeated: bool = False
    ) -> Upload:
        """One try of these files."""
        return Upload(conversation, self.errors, files, repeated=repeated, folders=self.folders)

    def rename_refused(self, refusal: Exception) -> TryLater | GiveUp:
        """What it means that the server takes files and refuses to rename them."""
        kind = TryLater if self.is_temporary(refusal) else GiveUp
        why = Why.AT(where=self.endpoint.address, why=UploadWhy.RENAME_REFUSED())
        return kind(why, words=self.words_of(refusal))
