"""An upload, step by step, by the very methods of a delivery; nothing stays behind."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.sinks.ftp_conversation import FtpConversation
from cammra_edge.sinks.upload import EndedError, RenameRefusedError
from cammra_edge.sinks.upload_sink import GOODBYE_S, UploadSink
from cammra_edge.trial.step import FailedStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.message import NamedFile
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.conversation import Conversation
    from cammra_edge.sinks.deadline import Deadline
    from cammra_edge.sinks.upload import Upload


class UploadSteps:
    """The files of a test event on their way; each step returns what it found."""

    def __init__(
        self,
        sink: UploadSink,
        protocol: Ftp,
        deadline: Deadline,
        files: tuple[NamedFile, ...],
    ) -> None:
        self._sink = sink
        self._protocol = protocol
        self._deadline = deadline
        self._files = files
        self._conversation: Conversation | None = None
        self._upload: Upload | None = None

    def steps(self) -> dict[str, Callable[[], str]]:
        """The steps in their order."""
        is_passive = self._protocol.passive and self._protocol.endpoint().scheme != "sftp"
        return {
            "login": self._login,
            **({"passive": self._open_passive} if is_passive else {}),
            "folder": self._make_folder,
            "upload": self._store,
            **({"rename": self._rename} if self._protocol.rename else {}),
            "delete": self._delete,
        }

    def run(self, action: Callable[[], str]) -> str:
        """Take one step.

        Raises:
            FailedStep: What went wrong, in the sink's own words.
        """
        try:
            return action()
        except (ConfigError, EndedError) as error:
            raise FailedStep(str(error)) from error
        except self._sink.errors.failures as error:
            outcome = self._sink.outcome_of(error)
            raise FailedStep(outcome.why, words=outcome.words) from error

    def close(self) -> None:
        """Delete what a failed step has left, and hang up."""
        if self._conversation is None:
            return
        self._conversation.deadline = self._deadline.sooner(GOODBYE_S)
        with contextlib.suppress(*self._sink.errors.failures):
            if self._upload is not None:
                self._upload.take_away()
                self._upload.take_back()
            self._conversation.goodbye()
        self._conversation.close()

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
        folder = self._files[-1].path.rpartition("/")[0]
        if folder:
            self._talk().make_folders(folder)
            self._sink.folders.add(folder)
        return folder or "the login folder"

    def _store(self) -> str:
        conversation = self._talk()
        self._upload = self._sink.upload(conversation, self._files)
        if self._protocol.rename:
            self._upload.store_parts()
        else:
            self._upload.store_straight()
        stored = f"{sum(len(file.content) for file in self._files)} bytes"
        return stored if conversation.tells_sizes else f"{stored}; the server does not tell sizes"

    def _rename(self) -> str:
        if self._upload is None:
            raise FailedStep("nothing was uploaded")
        try:
            self._upload.rename()
        except RenameRefusedError as refused:
            outcome = self._sink.rename_refused(refused.refusal)
            raise FailedStep(outcome.why, words=outcome.words) from refused
        return ", ".join(self._upload.named)

    def _delete(self) -> str:
        if self._upload is None:
            raise FailedStep("nothing was uploaded")
        named = ", ".join(self._upload.named)
        self._upload.take_back()
        return named
