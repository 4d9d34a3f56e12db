"""What a live source promises by the wall clock: back soon after an outage, never behind, the whole way by RTSP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.video.serving import ServingError, free_port, rtsp_server

from cammra_edge.camera import VideoSource
from tests.camera.outage import FPS, NumberReader, draw_numbered, watch
from tests.faults.finding import CannotBeProvokedError
from tests.soak.measured import Measured, Soak

ROOT: Final = Path(__file__).parents[2]
FILM_S, GAP_S = 120, 10
BACK_S: Final = 5.0
"""After the server's return, and one group of pictures (a second here)."""
SLOW_S, READ_S = 600, 0.7
GROWTH_KIB: Final = 8 << 10


def outages(folder: Path) -> Measured:
    """Two minutes of a film, in which the camera is away twice for ten seconds."""
    gap = GAP_S * FPS
    first, second = 35 * FPS, 75 * FPS
    parts = [(0, first), (first + gap, second), (second + gap, FILM_S * FPS)]
    try:
        watched = watch(folder, parts, gap_s=GAP_S)
    except ServingError as error:
        raise CannotBeProvokedError(str(error)) from error
    wrong, seen = watched.wrong(), len(watched.seen_wholly())
    back = ", ".join(f"{after_s:.1f} s" for after_s in watched.back_after_s)
    return Measured(
        f"pictures again {back} after the return; {seen} vehicles seen wholly, wrong: {wrong or 'nothing'}",
        held=not wrong and seen > 0 and max(watched.back_after_s) <= BACK_S + 1.0,
    )


def slow_recogniser(folder: Path) -> Measured:
    """Ten minutes of 25 pictures a second, each read taking 0.7 s."""
    film = draw_numbered(folder / "film.mp4", SLOW_S * FPS)
    reader = NumberReader(READ_S)
    late_s, resident_kib = [], []
    try:
        with rtsp_server(film, free_port()) as url:
            source = VideoSource(url, reader)
            for _ in source:
                number, taken_s = reader.read_at_s[-1]
                late_s.append(taken_s - number / FPS)
                resident_kib.append(_resident_kib())
                if number >= (SLOW_S - 2) * FPS:
                    break
            status = source.status()
    except ServingError as error:
        raise CannotBeProvokedError(str(error)) from error
    # The least late one came as fast as pictures can: what others are later than that, they waited.
    waited_ms = sorted(round((late - min(late_s)) * 1000) for late in late_s)
    mostly_ms = waited_ms[len(waited_ms) * 99 // 100]
    growth_kib = resident_kib[-1] - resident_kib[len(resident_kib) // 10]
    counted = status.pictures - status.skipped_frames - len(late_s)
    return Measured(
        f"{len(late_s)} of {status.pictures} pictures read, {status.skipped_frames} counted as skipped; when its read"
        f" began, a picture was {mostly_ms} ms old in 99 of 100 ({waited_ms[-1]} ms at most); memory grew by"
        f" {growth_kib / 1024:.1f} MiB after the first minute",
        held=mostly_ms <= 1000 / FPS and 0 <= counted <= 1 and growth_kib <= GROWTH_KIB,
    )


def run_video(folder: Path) -> Measured:
    """`make run-video`."""
    command = [sys.executable, "-m", "tools.video", "--sheet", str(folder / "sheet.png")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "apt-get install" in done.stderr:
        raise CannotBeProvokedError(done.stderr.strip().splitlines()[-1])
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return Measured(
        lines[-2] if done.returncode == 0 else "; ".join(lines[-3:]), not done.returncode
    )


def _resident_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


SOAKS: Final = (
    Soak(
        "stream, the camera away twice for 10 s",
        f"{BACK_S:g} s and one group of pictures, each vehicle once",
        outages,
    ),
    Soak(
        "stream, 0.7 s a read at 25 fps, 10 min",
        "one picture and one read behind, memory flat",
        slow_recogniser,
    ),
    Soak(
        "stream, the drawn scene by RTSP and RapidOCR", "every vehicle as it was drawn", run_video
    ),
)
