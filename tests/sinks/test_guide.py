"""The receivers of the guide, run as they stand there, get every file whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.model import ImageKind
from cammra_edge.payload import render
from cammra_edge.profile import HttpPost, Profile, Tcp
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, SAMPLE_DEVICE
from tests.servers import LOOPBACK, free_port, require_program, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.profile import Protocol

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "receivers.md").read_text()


def code(heading: str) -> str:
    """The first block of code under a heading."""
    section = GUIDE.partition(f"\n## {heading}\n")[2]
    (block,) = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)[:1]
    return str(block)


def command(heading: str, work: Path, port: int) -> list[str]:
    if heading == "PHP":
        (work / "listener.php").write_text(code(heading))
        php = require_program("php", apt="php-cli")
        limits = ["-d", "upload_max_filesize=64M", "-d", "post_max_size=128M"]
        return [php, *limits, "-S", f"{LOOPBACK}:{port}", "listener.php"]
    if heading == "Python":
        pytest.importorskip("flask")
        (work / "receiver.py").write_text(code(heading))
        return [sys.executable, "receiver.py", str(port)]
    if heading == "Node.js":
        (work / "receiver.js").write_text(code(heading))
        return [require_program("node", apt="nodejs"), "receiver.js", str(port)]
    if heading == "C#":
        (work / "receiver.cs").write_text(code(heading))
        compiler = require_program("mcs", apt="mono-mcs")
        subprocess.run([compiler, "receiver.cs"], cwd=work, check=True, timeout=300)
        return [require_program("mono", apt="mono-runtime"), "receiver.exe", str(port)]
    (work / "main.go").write_text(code(heading))
    go = require_program("go", apt="golang-go")
    environment = os.environ | {"GO111MODULE": "off", "GOFLAGS": "-buildvcs=false"}
    subprocess.run(
        [go, "build", "-o", "receiver", "main.go"],
        cwd=work,
        env=environment,
        check=True,
        timeout=300,
    )
    return [str(work / "receiver"), str(port)]


@pytest.fixture(params=["PHP", "Python", "Node.js", "Go", "C#"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port = free_port()
    with running(command(request.param, tmp_path, port), port=port, cwd=tmp_path):
        yield port, tmp_path / "events"


def deliver(
    protocol: Protocol, *, images: dict[str, bytes] = JPEGS, image: ImageKind | None, packets: range
) -> None:
    profile = Profile("p", protocol, image=image, two_images=True)
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    for packet in packets:
        body = render(
            EVENT,
            images,
            profile=profile,
            profile_id=1,
            device=SAMPLE_DEVICE,
            packet=packet,
            boundary_key=BOUNDARY_KEY,
        )
        assert isinstance(body, Body)
        outcome = sink.send(body, Attempt(event_id=EVENT.event_id, packet=packet))
        assert isinstance(outcome, Delivered), outcome
    sink.close()


@pytest.mark.timeout(400)  # Go compiles its standard library first
def test_every_part_arrives_whole(receiver: tuple[int, Path]) -> None:
    port, events = receiver
    post = HttpPost(f"http://{LOOPBACK}:{port}/")
    frame = bytes(range(256)) * 12_000
    deliver(post, images=JPEGS | {"f": frame}, image=ImageKind.FULL_FRAME, packets=range(7, 8))
    assert (
        json.loads((events / "20231211142705_507_HWR6677_7.json").read_bytes())["plateText"]
        == "HWR6677"
    )
    assert (events / "20231211142705_954662roi_HWR6677_7.jpg").read_bytes() == frame
    assert (events / "20231211142705_954662lpup_HWR6677_7.jpg").read_bytes() == JPEGS["p"]
    deliver(post, image=None, packets=range(8, 9))
    assert len(list(events.iterdir())) == 4
    deliver(post, image=ImageKind.VEHICLE_CROP, packets=range(100, 200))
    assert len(list(events.iterdir())) == 4 + 300


def test_the_tcp_receiver_prints_each_event(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "receiver.py").write_text(code("TCP"))
    out = tmp_path / "out"
    shell = [sys.executable, "receiver.py", str(port)]
    with out.open("wb") as stdout, running(shell, port=port, cwd=tmp_path, stdout=stdout):
        deliver(Tcp(f"{LOOPBACK}:{port}"), image=ImageKind.VEHICLE_CROP, packets=range(1, 4))
        wait_until(lambda: out.read_text().count("\n") == 3, "three lines")
    assert out.read_text().splitlines() == ["update HWR6677"] * 3
