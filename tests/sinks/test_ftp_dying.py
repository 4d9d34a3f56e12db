"""A camera that dies in the middle of an upload, at servers that nobody here wrote."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import pytest

from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered
from cammra_edge.sinks.ftp_conversation import FtpConversation
from tests import ftp_servers
from tests.sinks.test_ftp import AGAIN, FILES, FIRST, JPEG, sink, stored, wanted

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(400)  # some of the servers are fetched first


class DiedError(BaseException):
    """As of a process that is killed: nothing is tidied up."""


@pytest.mark.parametrize("name", ftp_servers.ALL)
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_sender_that_dies_in_mid_file_leaves_nothing_half_under_a_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, reset: bool
) -> None:
    whole = FtpConversation._write

    def dies_in_the_frame(self: FtpConversation, data: socket.socket, content: bytes) -> None:
        if content != JPEG:
            whole(self, data, content)
            return
        data.sendall(content[: len(content) // 2])
        if reset:
            data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        data.close()
        self.close()
        raise DiedError

    with ftp_servers.START[name](tmp_path) as server:
        with monkeypatch.context() as patch:
            patch.setattr(FtpConversation, "_write", dies_in_the_frame)
            with pytest.raises(DiedError):
                sink(server).send(FILES, FIRST)
        assert not stored(server.home).keys() & wanted().keys()
        way = sink(server)
        assert way.send(FILES, AGAIN) == Delivered(quoted("3 files"))
        way.close()
        assert stored(server.home) == wanted()
