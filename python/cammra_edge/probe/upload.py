"""An upload, command by command, over the conversation that the FTP sink uses; nothing stays behind."""

from __future__ import annotations

import ftplib
from typing import TYPE_CHECKING

from cammra_edge.sinks.ftp import PART
from cammra_edge.sinks.ftp_control import Conversation
from cammra_edge.sinks.tls import Trust

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.model import NamedFile
    from cammra_edge.profile import Endpoint, Ftp
    from cammra_edge.sinks.deadline import Deadline


class Upload:
    """One test file on its way; each step says what it found, or raises what went wrong."""

    def __init__(
        self, protocol: Ftp, endpoint: Endpoint, deadline: Deadline, file: NamedFile
    ) -> None:
        self._protocol = protocol
        self._endpoint = endpoint
        self._conversation = Conversation(protocol, Trust(protocol.tls), deadline)
        self._folder, _, name = file.path.rpartition("/")
        self._path = f"{self._folder}/TEST_{name}" if self._folder else f"TEST_{name}"
        self._content = file.content

    def steps(self) -> dict[str, Callable[[], str]]:
        """The steps in their order."""
        return {
            "login": self._login,
            "folder": self._make_folder,
            "upload": self._upload,
            "rename": self._rename,
            "delete": self._delete,
        }

    def close(self) -> None:
        """Hang up."""
        self._conversation.close()

    def _login(self) -> str:
        self._conversation.open(self._endpoint)
        self._conversation.prove(self._protocol.user, self._protocol.password)
        return f"as {self._protocol.user or 'anonymous'}"

    def _make_folder(self) -> str:
        self._conversation.make_folders(self._folder)
        return self._folder or "the login folder"

    def _upload(self) -> str:
        self._conversation.store(self._path + PART, self._content)
        size = self._conversation.size_bytes(self._path + PART)
        if self._conversation.tells_sizes and size != len(self._content):
            raise ftplib.error_reply(f"{size} of {len(self._content)} bytes arrived")
        return (
            f"{len(self._content)} bytes, {'passive' if self._protocol.passive else 'active'} mode"
        )

    def _rename(self) -> str:
        self._conversation.rename(self._path + PART, self._path)
        return self._path

    def _delete(self) -> str:
        self._conversation.delete(self._path)
        return self._path
