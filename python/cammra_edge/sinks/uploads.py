"""Named files onto a server over a kept conversation: what FTP and SFTP do alike.

Invariants, held by `tests/sinks/test_ftp.py` and `tests/sinks/test_sftp.py` against servers that nobody here wrote:

1. A file appears under its final name only when it is complete: it is uploaded as `.part`, its size
   compared, then renamed; of files that belong together the one a watcher looks for comes last.
2. Nothing that exists is overwritten: a taken name gets `_1`, `_2` … A repeat of the same delivery finds
   what it has already done, and does not do it again.
3. `send` never raises for what a network or server did, and returns within the profile's total time.
4. After any failure the conversation is ended: an answer that was not read would answer the next command.
5. A server that refuses and still answers keeps no `.part` of ours.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.model import Files
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.model import Attempt, Message, NamedFile
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.base import Outcome

PART: Final = ".part"
NAMES_TO_TRY: Final = 100
FULL_AFTER_S: Final = 60.0
GOODBYE_S: Final = 1.0


class Conversation(Protocol):
    """One connection to a server, logged in; `deadline` is set anew before each try."""

    deadline: Deadline

    @property
    def tells_sizes(self) -> bool:
        """Whether the server has not yet refused to tell sizes."""
        ...

    def expect_quiet(self) -> None:
        """Make sure that the idle connection still stands."""
        ...

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is none, or when the server does not tell sizes."""
        ...

    def make_folders(self, folder: str) -> None:
        """Make each folder on the way; that one exists already is no error."""
        ...

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name; the server has confirmed it afterwards."""
        ...

    def rename(self, path: str, name: str, /) -> object:
        """Give a file another name."""
        ...

    def delete(self, path: str, /) -> object:
        """Take a file away."""
        ...

    def goodbye(self) -> None:
        """Say that this is the end, within what is left of the deadline."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class UploadSink(ABC):
    """One way out to one server that takes files. Used by one thread at a time."""

    failures: ClassVar[tuple[type[Exception], ...]]
    """What a network or server can make a conversation raise."""
    refusals: ClassVar[tuple[type[Exception], ...]]
    """Those of them after which the server still answers."""

    def __init__(self, protocol: Ftp, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._protocol = protocol
        self._clock = clock
        self._kept: Conversation | None = None
        self._folders: set[str] = set()
        self.endpoint = protocol.endpoint()

    # ---- what each protocol does in its own way ------------------------------------------------------

    @abstractmethod
    def opened(self, deadline: Deadline) -> Conversation:
        """Connect and log in."""

    @abstractmethod
    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """What one of `failures` means."""

    @abstractmethod
    def is_final(self, error: Exception) -> bool:
        """Whether a kept conversation's error would come again on a fresh one."""

    @abstractmethod
    def may_lack_folder(self, error: Exception) -> bool:
        """Whether a refused upload may be for want of its folder."""

    # ---- sending -------------------------------------------------------------------------------------

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Upload the files, and say whether they are there."""
        if not isinstance(message, Files):
            return GiveUp("only files can be uploaded")
        if not message.files:
            return Delivered("nothing to send: no image, and no sidecar")
        deadline = Deadline(self._clock, self._protocol.timeouts.total_s)
        repeated = attempt.number > 1
        try:
            kept, self._kept = self._kept, None
            if kept is not None:
                try:
                    return self._uploaded_over(kept, message.files, deadline, repeated=repeated)
                except self.failures as error:
                    if self.is_final(error):
                        raise
                    # Closed between two events: once more at once, on a fresh connection.
                    repeated = True
            return self._uploaded_over(
                self.opened(deadline), message.files, deadline, repeated=repeated
            )
        except ConfigError as error:
            return Misconfigured(str(error))
        except self.failures as error:
            return self.outcome_of(error)

    def close(self) -> None:
        """Say goodbye to the server."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.deadline = Deadline(self._clock, GOODBYE_S)
            with contextlib.suppress(*self.failures):
                kept.goodbye()
            kept.close()

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
            conversation.expect_quiet()
            outcome = self._uploaded(conversation, files, repeated=repeated)
        except BaseException:
            conversation.close()
            raise
        self._kept = conversation
        return outcome

    def _uploaded(
        self, conversation: Conversation, files: tuple[NamedFile, ...], *, repeated: bool
    ) -> Outcome:
        missing = _free_names(conversation, files, repeated=repeated)
        if missing is None:
            return GiveUp(f"{NAMES_TO_TRY} files of that name are there already")
        try:
            for path, content in missing:
                self._store(conversation, path + PART, content)
                size = conversation.size_bytes(path + PART)
                if conversation.tells_sizes and size != len(content):
                    self._take_away(conversation, missing)
                    return TryLater(f"the server has {size} of {len(content)} bytes")
            for path, _ in missing:
                conversation.rename(path + PART, path)
        except self.refusals:
            self._take_away(conversation, missing)
            raise
        note = "" if conversation.tells_sizes else "; the server does not tell sizes"
        return Delivered(f"{len(files)} files{note}")

    def _take_away(self, conversation: Conversation, missing: list[tuple[str, bytes]]) -> None:
        """Leave nothing half-done behind: this try may have been the last one, and a full disk wants its room back."""
        for path, _ in missing:
            with contextlib.suppress(*self.failures):
                conversation.delete(path + PART)

    def _store(self, conversation: Conversation, path: str, content: bytes) -> None:
        folder = path.rpartition("/")[0]
        if folder and folder not in self._folders:
            conversation.make_folders(folder)
            self._folders.add(folder)
        try:
            conversation.store(path, content)
        except self.refusals as error:
            if not folder or not self.may_lack_folder(error):
                raise
            # Somebody may have cleared the folders away.
            conversation.make_folders(folder)
            conversation.store(path, content)


def _free_names(
    conversation: Conversation, files: tuple[NamedFile, ...], *, repeated: bool
) -> list[tuple[str, bytes]] | None:
    """Names for the files that are not there yet."""
    for number in range(NAMES_TO_TRY):
        there = [conversation.size_bytes(numbered(file.path, number)) for file in files]
        missing = missing_files(files, there, number, repeated=repeated)
        if missing is not None:
            return missing
    return None


def missing_files(
    files: tuple[NamedFile, ...], there: list[int | None], number: int, *, repeated: bool
) -> list[tuple[str, bytes]] | None:
    """Which files are still to be sent under their names with that number; `None` when one is taken.

    All files get the same number. A repeat takes a file of the right size for its own.

    Args:
        files: What belongs together.
        there: Size of what stands under each name, `None` where nothing does.
        number: The names' number.
        repeated: Whether this delivery was tried before.
    """
    missing = []
    for file, size in zip(files, there, strict=True):
        if size is None:
            missing.append((numbered(file.path, number), file.content))
        elif not repeated or size != len(file.content):
            return None
    return missing


def numbered(path: str, number: int) -> str:
    """`a/b.jpg` with number 2 is `a/b_2.jpg`; with 0 it stays."""
    if not number:
        return path
    base, dot, ending = path.rpartition(".")
    return f"{base}_{number}{dot}{ending}"
