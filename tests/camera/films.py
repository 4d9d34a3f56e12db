"""Films that FFmpeg draws; `tools.video.serving` sends them as a camera would."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
