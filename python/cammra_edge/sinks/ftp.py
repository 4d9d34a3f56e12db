"""Named files to an FTP or FTPS server, over a kept connection.

Invariants, held by `tests/sinks/test_ftp.py` against vsftpd, ProFTPD, Pure-FTPd and pyftpdlib:

1. A file appears under its final name only when it is complete: it is uploaded as `.part`, its size
   compared, then renamed; of files that belong together the one a watcher looks for comes last.
2. Nothing that exists is overwritten: a taken name gets `_1`, `_2` … A repeat of the same delivery finds
   what it has already done, and does not do it again.
3. `send` never raises for what a network or server did, and returns within the profile's total time.
4. After any failure the connection is closed: an answer that was not read would answer the next command.
"""

from __future__ import annotations

import contextlib
import ftplib
from typing import TYPE_CHECKING, Final

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.model import Files
from cammra_edge.sinks import weather
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.ftp_control import Conversation
from cammra_edge.sinks.tls import Trust

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.model import Attempt, Message, NamedFile
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.base import Outcome

PART: Final = ".part"
NAMES_TO_TRY: Final = 100
FULL_AFTER_S: Final = 60.0
_GOODBYE_S = 1.0
_LOGIN = ("530", "532")
_FULL = ("452", "552")
_MISSING_FOLDER = ("550", "553")


class FtpSink:
    """One way out to one FTP server. Used by one thread at a time."""

    def __init__(self, protocol: Ftp, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._protocol = protocol
        self._clock = clock
        self._trust = Trust(protocol.tls)
        self._kept: Conversation | None = None
        self._folders: set[str] = set()
        self.endpoint = protocol.endpoint()

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Upload the files, and say whether they are there."""
        if not isinstance(message, Files):
            return GiveUp("FTP takes files")
        if not message.files:
            return Delivered("nothing to send: no image, and no sidecar")
        deadline = Deadline(self._clock, self._protocol.timeouts.total_s)
        repeated = attempt.number > 1
        try:
            kept, self._kept = self._kept, None
            if kept is not None:
                try:
                    return self._uploaded_over(kept, message.files, deadline, repeated=repeated)
                except (EOFError, OSError, ftplib.Error) as error:
                    if isinstance(error, TimeoutError) or _code(error)[:1] == "5":
                        raise
                    repeated = True
            return self._uploaded_over(
                self._opened(deadline), message.files, deadline, repeated=repeated
            )
        except ConfigError as error:
            return Misconfigured(str(error))
        except (EOFError, OSError, ftplib.Error) as error:
            return self._from_error(error)

    def close(self) -> None:
        """Say goodbye to the server."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.deadline = Deadline(self._clock, _GOODBYE_S)
            with contextlib.suppress(EOFError, OSError, ftplib.Error):
                kept.voidcmd("QUIT")
            kept.close()

    # ---- one conversation ----------------------------------------------------------------------

    def _opened(self, deadline: Deadline) -> Conversation:
        conversation = Conversation(self._protocol, self._trust, deadline)
        try:
            conversation.open(self.endpoint)
            conversation.prove(self._protocol.user, self._protocol.password)
        except BaseException:
            conversation.close()
            raise
        return conversation

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
        missing = self._free_names(conversation, files, repeated=repeated)
        if missing is None:
            return GiveUp(f"{NAMES_TO_TRY} files of that name are there already")
        for path, content in missing:
            self._store(conversation, path + PART, content)
            size = conversation.size_bytes(path + PART)
            if conversation.tells_sizes and size != len(content):
                return TryLater(f"the server has {size} of {len(content)} bytes")
        for path, _ in missing:
            conversation.rename(path + PART, path)
        note = "" if conversation.tells_sizes else "; the server does not tell sizes"
        return Delivered(f"{len(files)} files{note}")

    @staticmethod
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

    def _store(self, conversation: Conversation, path: str, content: bytes) -> None:
        folder = path.rpartition("/")[0]
        if folder and folder not in self._folders:
            conversation.make_folders(folder)
            self._folders.add(folder)
        try:
            conversation.store(path, content)
        except ftplib.error_perm as error:
            if not folder or _code(error) not in _MISSING_FOLDER:
                raise
            # Somebody may have cleared the folders away.
            conversation.make_folders(folder)
            conversation.store(path, content)

    def _from_error(self, error: Exception) -> Outcome:
        where = self.endpoint.address
        code = _code(error)
        said = f"{where}: the server says {weather.printable(str(error))!r}"
        if isinstance(error, EOFError):
            return TryLater(f"{where}: the server closed the connection")
        if code in _LOGIN:
            return Misconfigured(f"{where}: the server refuses the login (code {code})")
        if code in _FULL:
            return TryLater(f"{said}: its disk or the quota is full", FULL_AFTER_S)
        if isinstance(error, ftplib.error_perm) and code in _MISSING_FOLDER:
            return GiveUp(f"{said}: the folder cannot be written")
        if isinstance(error, ftplib.Error):
            return TryLater(said)
        return weather.outcome(error, self.endpoint)


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


def _code(error: Exception) -> str:
    """The three digits of a server's refusal, or an empty text."""
    return str(error)[:3] if isinstance(error, ftplib.Error) and str(error)[:3].isdigit() else ""
