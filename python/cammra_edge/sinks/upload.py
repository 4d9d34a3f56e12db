"""One message's files on their way to a server: the part that FTP and SFTP, deliveries and Tests have in common."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.base import GiveUp, TryLater
from cammra_edge.sinks.file_names import NAMES_TO_TRY, FileNames, numbered
from cammra_edge.sinks.whys import UploadWhy

if TYPE_CHECKING:
    from cammra_edge.message import NamedFile
    from cammra_edge.sinks.conversation import Conversation, Errors

PART: Final = ".part"


class EndedError(Exception):
    """Ends a try whose server has refused nothing."""

    def __init__(self, outcome: TryLater | GiveUp) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


class RenameRefusedError(Exception):
    """The server has taken the files, and refuses to rename them; its refusal is the cause."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Upload:
    """One try.

    Args:
        conversation: With the server.
        errors: What it raises.
        files: In the order in which they get their names.
        repeated: This delivery was tried before.
        folders: Those known to be there; what is made is added, what fails is taken out.
    """

    def __init__(
        self,
        conversation: Conversation,
        errors: Errors,
        files: tuple[NamedFile, ...],
        *,
        repeated: bool,
        folders: set[str],
    ) -> None:
        self._conversation = conversation
        self._errors = errors
        self._repeated = repeated
        self._folders = folders
        self._missing: list[NamedFile] = list(files)
        self._number = 0
        self._parts: dict[str, str] = {}
        self._names_in_doubt = False
        self.on_server: list[str] = []
        """What it has put there under names that must not stay."""
        self.named: list[str] = []
        """Final names that files of this try have."""

    @property
    def paths(self) -> list[str]:
        """Final names of what this try uploads."""
        return [numbered(file.path, self._number) for file in self._missing]

    # ---- as parts, then renamed ------------------------------------------------------------------

    def store_parts(self) -> None:
        """Upload all files, each beside its final name.

        Raises:
            EndedError: No name is free, or the server's size of a file is not ours.
            Exception: One of the conversation's.
        """
        self._find_names(repeated=self._repeated)
        by_size = self._conversation.tells_sizes
        self._parts = {
            file.path: path + PART for file, path in zip(self._missing, self.paths, strict=True)
        }
        self.on_server = list(self._parts.values())
        for file in self._missing:
            self._store(self._parts[file.path], file.content)
        self._names_in_doubt = by_size and not self._conversation.tells_sizes

    def rename(self) -> None:
        """Give the parts their final names.

        Raises:
            RenameRefusedError: The server does not let us.
            EndedError: All names were taken meanwhile.
            Exception: One of the conversation's.
        """
        if self._names_in_doubt:
            self._find_names(repeated=self._repeated)
        for index, file in enumerate(self._missing):
            part = self._parts[file.path]
            try:
                self._rename(part, file, is_first=not index)
            except self._errors.refusals as refusal:
                raise RenameRefusedError(refusal) from refusal
            self.on_server.remove(part)
            self.named.append(numbered(file.path, self._number))
        self.take_away()

    def _rename(self, part: str, file: NamedFile, *, is_first: bool) -> None:
        conversation = self._conversation
        try:
            conversation.rename(part, numbered(file.path, self._number))
        except self._errors.refusals:
            # A server that cannot tell what is there may mean the name.
            names = FileNames(conversation, repeated=False, straight=False)
            is_free = names.is_free(numbered(file.path, self._number))
            if not is_first or (is_free and conversation.tells_sizes):
                raise
            self._find_names(repeated=False, first=self._number + 1)
            conversation.rename(part, numbered(file.path, self._number))

    # ---- straight to the final names ---------------------------------------------------------------

    def store_straight(self) -> None:
        """Upload all files under their final names.

        Raises:
            EndedError: No name is free, or the server's size of a file is not ours.
            Exception: One of the conversation's.
        """
        self.on_server = []
        for half in self._find_names(repeated=self._repeated, straight=True).halves:
            with contextlib.suppress(*self._errors.refusals):
                self._conversation.delete(half)
        for path, file in zip(self.paths, self._missing, strict=True):
            self._store(path, file.content)
        if not self._conversation.tells_sizes:
            self._conversation.expect_alive()
        self.named, self.on_server = self.on_server, []

    # ---- both --------------------------------------------------------------------------------------

    def take_away(self) -> bool:
        """Delete what must not stay; returns whether the server has deleted all of it."""
        accepted = True
        while self.on_server:
            try:
                self._conversation.delete(self.on_server.pop())
            except self._errors.failures:
                accepted = False
        return accepted

    def take_back(self) -> None:
        """Delete what has its final name.

        Raises:
            Exception: One of the conversation's.
        """
        while self.named:
            self._conversation.delete(self.named[-1])
            self.named.pop()

    def _find_names(self, *, repeated: bool, straight: bool = False, first: int = 0) -> FileNames:
        names = FileNames(self._conversation, repeated=repeated, straight=straight)
        found = names.free(self._missing, first=first)
        if found is None:
            raise EndedError(GiveUp(UploadWhy.NAMES_TAKEN(count=NAMES_TO_TRY)))
        self._number, self._missing = found
        return names

    def _store(self, path: str, content: bytes) -> None:
        """Upload one file, and compare sizes where the server tells them."""
        conversation = self._conversation
        folder = path.rpartition("/")[0]
        is_known = folder in self._folders
        if folder and not is_known:
            conversation.make_folders(folder)
            self._folders.add(folder)
        try:
            try:
                conversation.store(path, content)
            except self._errors.refusals:
                self._folders.discard(folder)
                if not is_known:
                    raise
                # Somebody may have deleted the folders.
                conversation.make_folders(folder)
                conversation.store(path, content)
        except self._errors.failures:
            self._put(conversation.unfinished)
            raise
        self._put(path)
        size = conversation.size_bytes(path)
        if size is None:
            conversation.tells_sizes = False  # of a file that it has just taken
            if conversation.was_reset:
                raise EndedError(TryLater(UploadWhy.CUT_IN_TRANSFER()))
        elif size != len(content):
            why = UploadWhy.SIZE_DIFFERS(size=size, sent=len(content))
            raise EndedError(TryLater(why))

    def _put(self, path: str) -> None:
        if path and path not in self.on_server:
            self.on_server.append(path)
