"""What an upload needs of a server, whatever the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cammra_edge.sinks.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Errors:
    """What a conversation can raise."""

    failures: tuple[type[Exception], ...]
    """All that it raises for what a network or server did."""
    refusals: tuple[type[Exception], ...]
    """Those of them after which the server still answers."""


class Conversation(Protocol):
    """One connection to a server, logged in."""

    deadline: Deadline
    """Set anew before each try."""
    tells_sizes: bool
    """False once the server has shown that it does not tell the size of a file that is there."""
    has_told_size: bool
    """True once it has told one."""
    unfinished: str
    """Path of the upload that has begun and was not confirmed; empty when there is none."""
    was_reset: bool
    """The server has confirmed the last upload, but reset its connection."""

    def expect_quiet(self) -> None:
        """Make sure that the idle connection is still open."""
        ...

    def expect_alive(self) -> None:
        """Make sure that the server still answers, whatever it says."""
        ...

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is no such file, or the server does not tell."""
        ...

    def file_names(self, folder: str) -> frozenset[str] | None:
        """Names in a folder; `None` when the server does not tell."""
        ...

    def content(self, path: str, most_bytes: int) -> bytes | None:
        """The first bytes of a file; `None` when the server does not give it out."""
        ...

    def make_folders(self, folder: str) -> None:
        """Make each folder of the path that does not exist; whether they are there, the upload shows."""
        ...

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name, and wait for the server's confirmation."""
        ...

    def rename(self, path: str, name: str, /) -> None:
        """Rename a file."""
        ...

    def delete(self, path: str, /) -> None:
        """Delete a file."""
        ...

    def goodbye(self) -> None:
        """End the session in order, within the deadline."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
