"""The examples do what they say, started as a reader would start them."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cammra_edge.receiver import Receiver
from tests.cli.scripts import write_recording
from tests.emulation import PATIENCE

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WAIT_S = 60 * PATIENCE


def _run(*words: str, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=WAIT_S * 2,
        check=False,
    )


def test_three_profiles_is_good_and_explained(tmp_path: Path) -> None:
    script = str(EXAMPLES / "three_profiles.py")
    done = _run("-m", "cammra_edge", "check", script, cwd=tmp_path, BARRIER_PASSWORD="x7-secret")
    assert done.returncode == 0, done.stderr
    for words in (
        "1 barrier sends Reliable",
        "2 vms sends New, Reliable, Update and Lost",
        "3 traffic centre sends Lost",
    ):
        assert words in done.stdout
    assert "x7-secret" not in done.stdout + done.stderr


def test_three_profiles_wants_its_secret_from_the_environment(tmp_path: Path) -> None:
    script = str(EXAMPLES / "three_profiles.py")
    variables = {name: value for name, value in os.environ.items() if name != "BARRIER_PASSWORD"}
    done = subprocess.run(
        [sys.executable, "-m", "cammra_edge", "check", script],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 3
    assert "BARRIER_PASSWORD" in done.stderr


def test_three_profiles_reach_three_receivers_each_with_what_it_wants(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "r", vehicles=3)
    with (
        Receiver() as barrier,
        Receiver(http=None, tcp=("127.0.0.1", 0)) as vms,
        Receiver() as centre,
    ):
        done = _run(
            "-m",
            "cammra_edge",
            "run",
            str(EXAMPLES / "three_profiles.py"),
            "--page",
            "off",
            "--speed",
            "max",
            cwd=tmp_path,
            BARRIER_URL=barrier.http_url,
            BARRIER_PASSWORD="x",
            VMS_ADDRESS=vms.tcp_address,
            CENTRE_URL=centre.http_url,
            CAMMRA_RECORDING=str(recording),
        )
        assert done.returncode == 0, done.stderr
        assert vms.wait_for(lambda: [event.kind for event in vms.events].count("lost") == 3, WAIT_S)
        assert barrier.events == []  # nobody in this recording is a resident
        assert [event.kind for event in centre.events] == ["lost"] * 3
        assert all(event.pictures == () for event in vms.events)
        assert vms.problems + centre.problems == []


def test_the_nv12_loop_delivers(tmp_path: Path) -> None:
    with Receiver() as receiver:
        done = _run(
            str(EXAMPLES / "nv12_loop.py"), receiver.http_url, cwd=tmp_path, TMPDIR=str(tmp_path)
        )
        assert (done.returncode, done.stdout.strip()) == (0, "delivered"), done.stderr
        assert [event.kind for event in receiver.events] == ["new", "reliable", "lost"]
        assert {event.plate for event in receiver.events} == {"NV12 OK"}
        assert receiver.problems == []


def test_the_own_recogniser_runs_by_the_command_line(tmp_path: Path) -> None:
    with Receiver() as receiver:
        done = _run(
            "-m",
            "cammra_edge",
            "run",
            str(EXAMPLES / "own_recogniser.py"),
            "--page",
            "off",
            cwd=tmp_path,
            RECEIVER_URL=receiver.http_url,
        )
        assert done.returncode == 0, done.stderr
        kinds = [event.kind for event in receiver.events]
        assert (kinds.count("reliable"), kinds.count("lost")) == (5, 5)
        assert receiver.problems == []


def test_what_the_hardware_encoder_makes_is_sent(tmp_path: Path) -> None:
    pytest.importorskip("av")
    script = str(EXAMPLES / "hardware_encoder.py")
    with Receiver() as receiver:
        for encoder in ("mjpeg", "no-such-chip"):
            done = _run(
                "-m", "cammra_edge", "run", script, "--page", "off", cwd=tmp_path,
                RECEIVER_URL=receiver.http_url, ENCODER=encoder,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert ("kind=encoder" in done.stderr) == (encoder != "mjpeg"), done.stderr
        assert [event.kind for event in receiver.events] == ["new", "lost"] * 2
        chip, _, ours, _ = (event.pictures[0] for event in receiver.events)
        assert b"Lavc" in chip.jpeg
        assert b"Lavc" not in ours.jpeg
        assert (chip.width, chip.height) == (ours.width, ours.height) == (320, 240)
        pictures = [
            np.asarray(Image.open(io.BytesIO(jpeg)), int) for jpeg in (chip.jpeg, ours.jpeg)
        ]
        assert abs(pictures[0] - pictures[1]).max() <= 8  # range and chroma are the same
        assert receiver.problems == []


def test_the_fast_alpr_example_reads_a_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real ALPR class and OpenCV's real video reader; only the models are stood in for."""
    import cv2  # noqa: PLC0415 - heavy, and only here
    import fast_alpr  # noqa: PLC0415 - as above

    from tests.recogniser.test_fast_alpr import BrightBox, Reader  # noqa: PLC0415 - as above

    video = tmp_path / "film.avi"
    film = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 25, (640, 240))
    for step in range(20):
        frame = np.zeros((240, 640, 3), np.uint8)
        frame[10 + 8 * step : 30 + 8 * step, 200:290] = 255
        film.write(frame)
    film.release()
    monkeypatch.setattr(
        fast_alpr,
        "ALPR",
        lambda: fast_alpr.alpr.ALPR(
            detector=BrightBox(), ocr=Reader(fast_alpr.OcrResult("AB123", 0.9))
        ),
    )
    monkeypatch.chdir(tmp_path)
    with Receiver() as receiver:
        spec: dict[str, object] = {"__name__": "example"}
        path = EXAMPLES / "fast_alpr_video.py"
        exec(compile(path.read_text(), str(path), "exec"), spec)  # noqa: S102 - our own example
        main = spec["main"]
        assert callable(main)
        main(str(video), receiver.http_url)
        kinds = [event.kind for event in receiver.events]
        assert (kinds[0], kinds[-1], kinds.count("reliable")) == ("new", "lost", 1)
        assert {event.plate for event in receiver.events} == {"AB123"}
        assert receiver.problems == []
