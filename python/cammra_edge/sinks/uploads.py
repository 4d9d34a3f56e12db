"""Named files to a server over a kept conversation: what FTP and SFTP have in common.

Invariants, held by `tests/sinks/test_ftp.py` and `tests/sinks/test_sftp.py` against real servers:

1. A file appears under its final name only when it is complete: it is uploaded as `.part`, its size
   compared, then renamed; of files that belong together, the one a watcher waits for comes last.
2. Nothing that exists is overwritten: where a name is taken, `_1`, `_2` … is added. A repeat of the same delivery
   finds the files that are there already, and does not send them again.
3. `send` never raises for what a network or server did, and returns within the profile's total time.
4. Any failure ends the conversation: an answer that was not read would be taken for that of the next command.
5. A server that refuses, and still answers, is left without a `.part` of ours.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

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
        """Make sure that the idle connection is still open."""
        ...

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is no such file, or the server does not tell sizes."""
        ...

    def make_folders(self, folder: str) -> None:
        """Make each folder of the path that does not exist."""
        ...

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name, and wait for the server's confirmation."""
        ...

    def rename(self, path: str, name: str, /) -> object:
        """Rename a file."""
        ...

    def delete(self, path: str, /) -> object:
        """Delete a file."""
        ...

    def goodbye(self) -> None:
        """End the session in order, within the deadline."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class UploadSink(ABC):
    """One way out to one server that takes files. Used by one thread at a time."""

    failures: ClassVar[tuple[type[Exception], ...]]
    """What a conversation raises for what a network or server did."""
    refusals: ClassVar[tuple[type[Exception], ...]]
    """Those of them after which the server still answers."""

    def __init__(self, protocol: Ftp, *, clock: Clock) -> None:
        self._protocol = protocol
        self._clock = clock
        self._kept: Conversation | None = None
        self._folders: set[str] = set()
        self.endpoint = protocol.endpoint()

    # ---- what differs between protocols ------------------------------------------------------

    @abstractmethod
    def opened(self, deadline: Deadline) -> Conversation:
        """Connect and log in."""

    @abstractmethod
    def outcome_of(self, error: Exception) -> TryLater | GiveUp | Misconfigured:
        """What one of `failures` means."""

    @abstractmethod
    def is_final(self, error: Exception) -> bool:
        """Whether a new conversation would meet the same error."""

    @abstractmethod
    def may_lack_folder(self, error: Exception) -> bool:
        """Whether an upload may have been refused because its folder is missing."""

    # ---- sending -------------------------------------------------------------------------------------

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Upload the files; returns whether they are there."""
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
                    # The server closed between two events: send at once on a new connection.
                    repeated = True
            return self._uploaded_over(
                self.opened(deadline), message.files, deadline, repeated=repeated
            )
        except ConfigError as error:
            return Misconfigured(str(error))
        except self.failures as error:
            return self.outcome_of(error)

    def close(self) -> None:
        """End a kept conversation in order."""
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
        """Delete what is half done: this try may have been the last one, and a full disk needs the room."""
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
            # Somebody may have deleted the folders.
            conversation.make_folders(folder)
            conversation.store(path, content)


def _free_names(
    conversation: Conversation, files: tuple[NamedFile, ...], *, repeated: bool
) -> list[tuple[str, bytes]] | None:
    """The files that are still to be sent, under names that are free; `None` when there are none."""
    for number in range(NAMES_TO_TRY):
        there = [conversation.size_bytes(numbered(file.path, number)) for file in files]
        missing = missing_files(files, there, number, repeated=repeated)
        if missing is not None:
            return missing
    return None


def missing_files(
    files: tuple[NamedFile, ...], there: list[int | None], number: int, *, repeated: bool
) -> list[tuple[str, bytes]] | None:
    """Which files are still to be sent under their names with this number; `None` when a name is taken.

    All files get the same number. In a repeat, a file of the right size counts as ours.

    Args:
        files: The files of one delivery.
        there: Size of the file under each name, `None` where there is none.
        number: The names' number.
        repeated: This delivery was tried before.
    """
    missing = []
    for file, size in zip(files, there, strict=True):
        if size is None:
            missing.append((numbered(file.path, number), file.content))
        elif not repeated or size != len(file.content):
            return None
    return missing


def numbered(path: str, number: int) -> str:
    """`a/b.jpg` with number 2 is `a/b_2.jpg`; with 0 it is itself."""
    if not number:
        return path
    base, dot, ending = path.rpartition(".")
    return f"{base}_{number}{dot}{ending}"
