"""The vendor's two example receivers, re-made: PHP with `$_FILES`, and aiohttp that reads every part.

Real servers, started here; what they store is compared byte for byte.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.model import ImageKind
from cammra_edge.payload import render
from cammra_edge.profile import HttpPost, Profile
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered
from tests.payload.events import BOUNDARY_KEY, JPEGS, SAMPLE_DEVICE, with_text
from tests.servers import LOOPBACK, free_port, require_program, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PHP = """<?php
foreach (['event', 'image', 'image2'] as $part) {
    if (isset($_FILES[$part]) && $_FILES[$part]['error'] === UPLOAD_ERR_OK) {
        move_uploaded_file($_FILES[$part]['tmp_name'], __DIR__ . '/got/' . basename($_FILES[$part]['name']));
        file_put_contents(__DIR__ . '/got/' . $part . '.part', basename($_FILES[$part]['name']) . "\\n", FILE_APPEND);
    }
}
"""

AIOHTTP = """
import pathlib, sys
from aiohttp import web

got = pathlib.Path(sys.argv[2])

async def receive(request):
    data = await request.post()
    for part in data:
        upload = data[part]
        (got / upload.filename).write_bytes(upload.file.read())
        with open(got / (part + ".part"), "a") as names:
            names.write(upload.filename + "\\n")
    return web.Response()

app = web.Application(client_max_size=64 << 20)
app.router.add_post("/listener.php", receive)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@pytest.fixture(params=["php", "aiohttp"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port = free_port()
    got = tmp_path / "got"
    got.mkdir()
    if request.param == "php":
        php = require_program("php", apt="php-cli")
        (tmp_path / "listener.php").write_text(PHP)
        limits = ["-d", "upload_max_filesize=64M", "-d", "post_max_size=128M"]
        command = [php, *limits, "-S", f"{LOOPBACK}:{port}", "-t", str(tmp_path)]
    else:
        pytest.importorskip("aiohttp")
        (tmp_path / "receiver.py").write_text(AIOHTTP)
        command = [sys.executable, str(tmp_path / "receiver.py"), str(port), str(got)]
    with running(command, port=port):
        yield port, got


def deliver(
    port: int,
    *,
    images: dict[str, bytes] = JPEGS,
    packets: range = range(7, 8),
    text: str = "HWR6677",
    **settings: object,
) -> None:
    profile = Profile("p", HttpPost(f"http://{LOOPBACK}:{port}/listener.php"), **settings)  # type: ignore[arg-type] # the tests' own
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    event = with_text(text)
    for packet in packets:
        body = render(
            event,
            images,
            profile=profile,
            profile_id=1,
            device=SAMPLE_DEVICE,
            packet=packet,
            boundary_key=BOUNDARY_KEY,
        )
        assert isinstance(body, Body)
        assert isinstance(
            sink.send(body, Attempt(event_id=event.event_id, packet=packet)), Delivered
        )
    sink.close()


def names(got: Path, part: str) -> list[str]:
    path = got / f"{part}.part"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize(
    ("image", "two", "keys"),
    [
        (None, False, []),
        (ImageKind.VEHICLE_CROP, False, ["v"]),
        (ImageKind.FULL_FRAME, True, ["f", "p"]),
    ],
)
def test_event_and_every_image_are_stored_intact(
    receiver: tuple[int, Path], image: ImageKind | None, *, two: bool, keys: list[str]
) -> None:
    port, got = receiver
    deliver(port, image=image, two_images=two)
    (event_name,) = names(got, "event")
    said = json.loads((got / event_name).read_bytes())
    assert event_name.endswith(".json")
    assert said["plateText"] == "HWR6677"
    stored = [
        (got / name).read_bytes() for part in ("image", "image2") for name in names(got, part)
    ]
    assert stored == [JPEGS[key] for key in keys]


def test_a_hundred_events_and_a_frame_of_three_megabytes(receiver: tuple[int, Path]) -> None:
    port, got = receiver
    frame = bytes(range(256)) * 12_000
    deliver(
        port, images=JPEGS | {"f": frame}, packets=range(1, 4), image="full frame", two_images=True
    )
    assert {(got / name).read_bytes() for name in names(got, "image")} == {frame}
    deliver(port, packets=range(10, 110))
    assert len(names(got, "event")) == 103


@pytest.mark.parametrize(
    "text", ["TÖLSL123", "京PL3N67", 'A"B\\C', "A\r\nX-Evil: 1", "../../etc/passwd", "X" * 10_000]
)
def test_any_plate_arrives_as_it_was_read(receiver: tuple[int, Path], text: str) -> None:
    port, got = receiver
    deliver(port, text=text)
    (event_name,) = names(got, "event")
    assert json.loads((got / event_name).read_bytes())["plateText"] == text
    assert len(names(got, "image")) == 1
