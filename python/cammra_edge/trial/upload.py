"""An upload, command by command, over the sink's own conversation; nothing stays on the server."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.sinks.ftp_control import FtpConversation
from cammra_edge.sinks.uploads import GOODBYE_S, PART, UploadSink
from cammra_edge.trial.step import FailedStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.model import NamedFile
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.uploads import Conversation


class Upload:
    """The upload of one test file; each step returns what it found."""

    def __init__(
        self, sink: UploadSink, protocol: Ftp, deadline: Deadline, file: NamedFile
    ) -> None:
        self._sink = sink
        self._protocol = protocol
        self._deadline = deadline
        self._conversation: Conversation | None = None
        self._folder, _, name = file.path.rpartition("/")
        self._path = f"{self._folder}/TEST_{name}" if self._folder else f"TEST_{name}"
        self._content = file.content
        self._left = ""

    def steps(self) -> dict[str, Callable[[], str]]:
        """The steps in order."""
        passive = {"passive": self._open_passive} if self._is_passive else {}
        return {
            "login": self._login,
            **passive,
            "folder": self._make_folder,
            "upload": self._upload,
            "rename": self._rename,
            "delete": self._delete,
        }

    def run(self, action: Callable[[], str]) -> str:
        """Run one step.

        Raises:
            FailedStep: What went wrong, in the sink's own words.
        """
        try:
            return action()
        except ConfigError as error:
            raise FailedStep(str(error)) from error
        except self._sink.failures as error:
            raise FailedStep(self._sink.outcome_of(error).why) from error

    def close(self) -> None:
        """Delete what a failed step has left, and hang up."""
        if self._conversation is None:
            return
        with contextlib.suppress(*self._sink.failures):
            self._conversation.deadline = self._deadline.sooner(GOODBYE_S)
            if self._left:
                self._conversation.delete(self._left)
            self._conversation.goodbye()
        self._conversation.close()

    @property
    def _is_passive(self) -> bool:
        return self._protocol.passive and self._protocol.endpoint().scheme != "sftp"

    def _talk(self) -> Conversation:
        if self._conversation is None:
            raise FailedStep("not logged in")
        return self._conversation

    def _login(self) -> str:
        self._conversation = self._sink.opened(self._deadline)
        return f"as {self._protocol.user or 'anonymous'}"

    def _open_passive(self) -> str:
        conversation = self._talk()
        return conversation.try_passive() if isinstance(conversation, FtpConversation) else ""

    def _make_folder(self) -> str:
        if self._folder:
            self._talk().make_folders(self._folder)
        return self._folder or "the login folder"

    def _upload(self) -> str:
        conversation = self._talk()
        self._left = self._path + PART
        conversation.store(self._left, self._content)
        size = conversation.size_bytes(self._left)
        if conversation.tells_sizes and size != len(self._content):
            raise FailedStep(f"{size} of {len(self._content)} bytes arrived")
        return f"{len(self._content)} bytes"

    def _rename(self) -> str:
        self._talk().rename(self._left, self._path)
        self._left = self._path
        return self._path

    def _delete(self) -> str:
        self._talk().delete(self._left)
        self._left = ""
        return self._path
