"""An upload, step by step, by the very methods of a delivery; nothing stays behind."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.phrases import quoted
from cammra_edge.sinks.ftp_conversation import FtpConversation
from cammra_edge.sinks.upload import EndedError, RenameRefusedError
from cammra_edge.sinks.upload_sink import GOODBYE_S, UploadSink
from cammra_edge.sinks.whys import unusable
from cammra_edge.trial.found import Found
from cammra_edge.trial.step import FailedStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.message import NamedFile
    from cammra_edge.phrases import Said
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

    def steps(self) -> dict[str, Callable[[], Said]]:
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

    def run(self, action: Callable[[], Said]) -> Said:
        """Take one step.

        Raises:
            FailedStep: What went wrong, in the sink's own words.
        """
        try:
            return action()
        except ConfigError as error:
            raise FailedStep(unusable(error)) from error
        except EndedError as error:
            raise FailedStep(error.outcome.why) from error
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
            raise FailedStep(Found.NOT_LOGGED_IN())
        return self._conversation

    def _login(self) -> Said:
        self._conversation = self._sink.opened(self._deadline)
        return Found.AS_USER(user=self._protocol.user or "anonymous")

    def _open_passive(self) -> Said:
        conversation = self._talk()
        passive = conversation.try_passive() if isinstance(conversation, FtpConversation) else ""
        return quoted(passive)

    def _make_folder(self) -> Said:
        folder = self._files[-1].path.rpartition("/")[0]
        if folder:
            self._talk().make_folders(folder)
            self._sink.folders.add(folder)
        return quoted(folder) if folder else Found.LOGIN_FOLDER()

    def _store(self) -> Said:
        conversation = self._talk()
        self._upload = self._sink.upload(conversation, self._files)
        if self._protocol.rename:
            self._upload.store_parts()
        else:
            self._upload.store_straight()
        stored = Found.BYTES if conversation.tells_sizes else Found.BYTES_UNMEASURED
        return stored(count=sum(len(file.content) for file in self._files))

    def _rename(self) -> Said:
        if self._upload is None:
            raise FailedStep(Found.NOTHING_WAS_UPLOADED())
        try:
            self._upload.rename()
        except RenameRefusedError as refused:
            outcome = self._sink.rename_refused(refused.refusal)
            raise FailedStep(outcome.why, words=outcome.words) from refused
        return quoted(", ".join(self._upload.named))

    def _delete(self) -> Said:
        if self._upload is None:
            raise FailedStep(Found.NOTHING_WAS_UPLOADED())
        named = ", ".join(self._upload.named)
        self._upload.take_back()
        return quoted(named)
