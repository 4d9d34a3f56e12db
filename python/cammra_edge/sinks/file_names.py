"""Names for files on a server: which are free, and which hold what this delivery has put there before."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.message import NamedFile
    from cammra_edge.sinks.conversation import Conversation

NAMES_TO_TRY: Final = 100
_NOT_TOLD: Final = -1


class _Holds(Enum):
    NOTHING = auto()
    OURS = auto()
    HALF = auto()
    ANOTHER = auto()


class FileNames:
    """Looks names up for one try.

    Args:
        conversation: With the server.
        repeated: This delivery was tried before, so that a whole file of it may be there.
        straight: Files are uploaded under their final names, so that half a file of it may be there.
    """

    def __init__(self, conversation: Conversation, *, repeated: bool, straight: bool) -> None:
        self._conversation = conversation
        self._repeated = repeated
        self._straight = straight
        self.halves: list[str] = []
        """Names that hold the beginning of a file of ours."""
        self._listed: dict[str, frozenset[str]] = {}

    def free(
        self, files: Sequence[NamedFile], *, first: int = 0
    ) -> tuple[int, list[NamedFile]] | None:
        """The lowest number whose names are free or hold this delivery's own files.

        Args:
            files: What belongs together: all of them get the same number.
            first: The lowest number to try.

        Returns:
            The number, and the files that are not there yet; `None` when all numbers are taken.
        """
        for number in range(first, NAMES_TO_TRY):
            missing, self.halves = [], []
            for file in files:
                path = numbered(file.path, number)
                holds = self._holds(path, file.content)
                if holds is _Holds.ANOTHER:
                    break
                if holds is _Holds.HALF:
                    self.halves.append(path)
                if holds is not _Holds.OURS:
                    missing.append(file)
            else:
                return number, missing
        return None

    def is_free(self, path: str) -> bool:
        """Whether nothing has that name, as far as the server tells."""
        return self._size_bytes(path) is None

    def _holds(self, path: str, content: bytes) -> _Holds:
        size = self._size_bytes(path)
        if size is None:
            return _Holds.NOTHING
        if size == len(content):
            return _Holds.OURS if self._repeated else _Holds.ANOTHER
        # Only the bytes tell whose it is: a whole picture of another event is never the beginning of ours.
        may_be_half = self._straight and size < len(content)
        if may_be_half or (self._repeated and size == _NOT_TOLD):
            there = self._conversation.content(path, len(content) + 1)
            if there == content and self._repeated:
                return _Holds.OURS
            if self._straight and there is not None and there != content:
                return _Holds.HALF if content.startswith(there) else _Holds.ANOTHER
        return _Holds.ANOTHER

    def _size_bytes(self, path: str) -> int | None:
        """Size of what has that name: `None` when nothing has, `_NOT_TOLD` when something has."""
        conversation = self._conversation
        if conversation.tells_sizes:
            size = conversation.size_bytes(path)
            if size is not None:
                return size
            # What was never told may be told of no file; nothing stands in the way of an upload that needs no rename.
            if conversation.tells_sizes and (conversation.has_told_size or not self._straight):
                return None
        folder, _, name = path.rpartition("/")
        if folder not in self._listed:
            self._listed[folder] = conversation.file_names(folder) or frozenset()
        if name not in self._listed[folder]:
            return None
        conversation.tells_sizes = False
        return _NOT_TOLD


def numbered(path: str, number: int) -> str:
    """`a/b.jpg` with number 2 is `a/b_2.jpg`; with 0 it stays."""
    if not number:
        return path
    base, dot, ending = path.rpartition(".")
    return f"{base}_{number}{dot}{ending}"
