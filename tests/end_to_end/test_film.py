"""From a film to a receiver: the toll lane as H.264, `cammra-edge run`, a real recogniser, and what arrives."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cammra_edge.model import FrameTime
from cammra_edge.receiver import Receiver
from cammra_edge.recogniser.rapid_ocr import RapidOcr
from tests.camera.films import ffmpeg
from tests.recordings import recordings

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "camera_rapidocr.py"
NIGHTLY = os.environ.get("CAMMRA_NIGHTLY") == "1"


def _film(path: Path) -> Path:
    frames = recordings() / "toll-lane" / "frames.mjpeg"
    every = [] if NIGHTLY else ["-vf", "select='not(mod(n,2))'", "-fps_mode", "passthrough"]
    coded = ["-c:v", "libx264", "-crf", "20", "-pix_fmt", "yuv420p"]
    ffmpeg("-f", "mjpeg", "-framerate", "17", "-i", str(frames), *every, *coded, str(path))
    return path


@pytest.mark.timeout(900)
def test_the_toll_lane_is_read_from_a_film_and_arrives(tmp_path: Path) -> None:
    with Receiver() as receiver:
        done = subprocess.run(
            [sys.executable, "-m", "cammra_edge", "run", str(EXAMPLE), "--page", "off"],
            cwd=tmp_path,
            env={
                **os.environ,
                "CAMERA": str(_film(tmp_path / "film.mp4")),
                "RECEIVER_URL": receiver.http_url,
            },
            capture_output=True,
            text=True,
            timeout=800,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert receiver.problems == []
    last = {event.plate: event for event in receiver.events if event.kind == "lost"}
    truth = json.loads((recordings() / "toll-lane" / "truth.json").read_text())["plates"]
    assert set(last) == set(truth.values())
    ocr = RapidOcr(is_plate=lambda text: len(text) > 2)
    for plate in truth.values():
        _, crop = last[plate].pictures
        pixels = np.asarray(Image.open(io.BytesIO(crop.jpeg)).convert("RGB").resize((384, 128)))
        road = np.full((256, 512, 3), 128, np.uint8)
        road[64:192, 64:448] = pixels[:, :, ::-1]
        shown = "".join(str(read.text) for read in ocr.read(road, FrameTime(0, 0)))
        assert shown == plate, "the plate's picture shows what the text says"
