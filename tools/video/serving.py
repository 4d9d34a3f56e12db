"""Starts the RTSP server, and ends it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
"""GStreamer's bindings belong to this one."""


class ServingError(Exception):
    """No server could be started; the text says what to do."""


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def rtsp_server(film: Path, port: int, *account: str, python: str = SYSTEM_PYTHON) -> Iterator[str]:
    """Serve a film to each viewer from its beginning; yields the address.

    Args:
        film: An MP4 with H.264.
        port: Of loopback.
        account: User and password that a viewer needs; none: nobody is asked.
        python: The interpreter that has GStreamer's bindings.

    Raises:
        ServingError: GStreamer or a part of it is missing, or nobody can listen at this port.
    """
    if shutil.which(python) is None:
        raise ServingError(f"{python} is missing: apt-get install python3")
    with subprocess.Popen(  # noqa: S603 - a program of ours
        [python, str(_SERVER), str(port), str(film), *account],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            _wait_until_ready(server)
            yield f"rtsp://127.0.0.1:{port}/film"
        finally:
            server.kill()


def _wait_until_ready(server: subprocess.Popen[str]) -> None:
    if server.stdout is None or server.stderr is None:
        raise ServingError("the server has no output")
    if server.stdout.readline().strip() != "ready":
        server.kill()
        said = server.stderr.read().strip().splitlines() or ["it ended without a word"]
        raise ServingError(f"GStreamer's RTSP server did not start: {said[-1]}")
