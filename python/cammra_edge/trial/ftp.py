"""The Test of a profile that uploads files: TLS as FTP starts it, and each command as a step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cammra_edge.message import Files
from cammra_edge.profile import Ftp
from cammra_edge.sinks.ftp_control import FtpControl
from cammra_edge.sinks.ftp_reply import FtpError
from cammra_edge.sinks.upload_sink import UploadSink
from cammra_edge.sinks.words import readable
from cammra_edge.trial.found import Found
from cammra_edge.trial.remedies import Remedy
from cammra_edge.trial.secure import SecureTrial
from cammra_edge.trial.step import FailedStep, Step
from cammra_edge.trial.upload import UploadSteps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.message import Message
    from cammra_edge.sinks.tls import Trust


class FtpTrial(SecureTrial[Ftp]):
    """Uses the sink's own conversation, and leaves nothing on the server."""

    def _shown(self, trust: Trust) -> tuple[str, bytes]:
        if self._endpoint.scheme != "ftps":
            return super()._shown(trust)
        conversation = FtpControl(self._way, trust, self._deadline, deny_local=self._deny_local)
        try:
            conversation.open(self._endpoint)
            return conversation.shown()
        except FtpError as error:
            words = readable(error.words.encode())
            remedy = Remedy.OTHER_FTP_SCHEME()
            raise FailedStep(Found.NO_TLS_OFFERED(), remedy, words) from error
        finally:
            conversation.close()

    def _sent(self, message: Message, event_id: str) -> Iterator[Step]:
        del event_id  # the files say everything
        if not isinstance(message, Files) or not message.files:
            yield Step("upload", "skipped", detail=Found.SENDS_NOTHING())
            return
        sink = self._sink()
        if not isinstance(sink, UploadSink):
            raise TypeError(type(sink))
        upload = UploadSteps(sink, self._way, self._deadline, message.files)
        steps = {name: partial(upload.run, action) for name, action in upload.steps().items()}
        try:
            yield from self._taken(steps)
        finally:
            upload.close()
