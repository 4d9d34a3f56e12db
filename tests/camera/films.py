"""Films that FFmpeg draws, and the servers that send them."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"


def ffmpeg(*arguments: str) -> None:
    """Run FFmpeg."""
    program = shutil.which("ffmpeg")
    assert program, "ffmpeg is missing: apt-get install ffmpeg"
    subprocess.run([program, "-v", "error", "-y", *arguments], check=True)


def draw_film(path: Path, *options: str, seconds: int = 2, size: str = "320x240") -> Path:
    """FFmpeg's test picture, 25 a second, one key picture a second."""
    source = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    usual = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25"]
    ffmpeg(*source, *(options or usual), str(path))
    return path


@contextmanager
def rtsp_server(film: Path, port: int, *account: str) -> Iterator[str]:
    """GStreamer's RTSP server with a film; yields its address."""
    command = [SYSTEM_PYTHON, str(RTSP_SERVER), str(port), str(film), *account]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout
            if server.stdout.readline().strip() != "ready":
                server.kill()
                assert server.stderr
                pytest.fail(f"GStreamer's RTSP server did not start: {server.stderr.read()[-500:]}")
            yield f"rtsp://127.0.0.1:{port}/film"
        finally:
            server.kill()
