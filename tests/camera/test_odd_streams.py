"""Streams as sites have them at their worst: silent, unreachable, of no known codec, of another size from here on."""

from __future__ import annotations

import io
import socket
import threading
import traceback
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tools.video.serving import free_port, rtsp_server

from cammra_edge import Engine, HttpPost, OutboxSettings, Profile
from cammra_edge.camera import SourceState, VideoSource
from cammra_edge.camera.address import Address
from cammra_edge.camera.av_stream import AvStream
from cammra_edge.camera.mjpeg import MjpegStream
from cammra_edge.camera.troubles import StreamError
from cammra_edge.model import FrameTime, PlateRead
from cammra_edge.receiver import Receiver
from tests.camera.films import draw_film, ffmpeg
from tests.camera.mjpeg_server import camera

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

PASSWORD = "geheim"
NO_ROUTE = "255.255.255.255"
"""TCP goes to no broadcast address, on no machine: the kernel says at once that there is no way."""


PLATES = ("AA11AA", "BB22BB", "CC33CC")


class OneOfEachSize:
    """Reads another vehicle for each size of picture, in the middle of it."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
        assert at.mono_ns >= 0
        height, width = frame.shape[:2]
        if (width, height) not in self.sizes:
            self.sizes.append((width, height))
        index = self.sizes.index((width, height))
        box = (width / 4, height / 4, width / 2, height / 2)
        return [PlateRead(track=index + 1, text=PLATES[index], confidence=0.9, vehicle=box)]


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections, and never says a word; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(("scheme", "silent"), [("rtsp", "not_rtsp"), ("http", "no_answer")])
def test_no_way_there_and_no_answer_are_told_apart(
    scheme: str, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = AvStream if scheme == "rtsp" else MjpegStream
    for module in ("av_stream", "mjpeg"):
        monkeypatch.setattr(f"cammra_edge.camera.{module}.OPEN_S", 0.3)
        monkeypatch.setattr(f"cammra_edge.camera.{module}.READ_S", 0.3)
    with silent_server() as port:
        for host, kind in ((NO_ROUTE, "no_route"), (f"127.0.0.1:{port}", silent)):
            with pytest.raises(StreamError) as error:
                opened(Address.parse(f"{scheme}://me:{PASSWORD}@{host}/1"))
            assert error.value.trouble.kind == kind
            assert PASSWORD not in "".join(traceback.format_exception(error.value))


@pytest.mark.timeout(60)
def test_the_first_picture_waits_for_no_other_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cammra_edge.camera.av_stream.OPEN_S", 3600.0)
    film = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0")
    stream = draw_film(tmp_path / "film.ts", *film).read_bytes()
    watched = threading.Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n"
    with camera((head + stream[: len(stream) // 5], watched)) as served:
        address = Address.parse(f"http://127.0.0.1:{served.port}/live.ts")
        with closing(AvStream(address)) as opened:
            assert next(opened.pictures()) is not None
            watched.set()


class Wire:
    """A connection to a server that can be held: nothing goes through any more, and nobody hangs up."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.goes = threading.Event()
        self.goes.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self.goes.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server_port))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError), one, other:
            while piece := one.recv(1 << 16):
                self.goes.wait()
                other.sendall(piece)


def test_a_stream_that_stalls_is_noticed_and_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cammra_edge.camera.av_stream.READ_S", 1.0)
    film, port = draw_film(tmp_path / "film.mp4", seconds=60), free_port()
    with rtsp_server(film, port), closing(Wire(port)) as wire:
        source = VideoSource(f"rtsp://127.0.0.1:{wire.port}/film", OneOfEachSize())
        frames = iter(source)
        next(frames)
        wire.goes.clear()
        waiter = threading.Event()
        while (trouble := source.status().trouble) is None:
            waiter.wait(0.05)
        assert trouble.kind == "stalled"
        wire.goes.set()
        while source.status().state is not SourceState.PLAYING:
            next(frames)


def test_a_codec_that_nobody_knows_is_said(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4")
    film.write_bytes(film.read_bytes().replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    look = VideoSource(film, OneOfEachSize()).look()
    assert look.status.trouble is not None
    assert look.status.trouble.kind == "codec"
    assert "H.264" in look.status.trouble.remedy


def test_another_size_in_the_middle_and_4k_give_their_pictures(tmp_path: Path) -> None:
    """A camera that is set to another size goes on with the next key picture, in the same stream."""
    parts, sizes = [], ["320x240", "640x360", "3840x2160", "320x240"]
    usual = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "5"]
    for number, size in enumerate(sizes):
        part = tmp_path / f"{number}.ts"
        drawn = f"testsrc2=size={size}:rate=5:duration=1"
        ffmpeg("-f", "lavfi", "-i", drawn, *usual, "-output_ts_offset", f"{number}", str(part))
        parts.append(part.read_bytes())
    film = tmp_path / "film.ts"
    film.write_bytes(b"".join(parts))
    reader = OneOfEachSize()
    source = VideoSource(film, reader)
    with Receiver() as receiver:
        gate = Profile(
            "gate",
            HttpPost(receiver.http_url),
            device_id="G1",
            events={"new", "lost"},
            image="full frame",
        )
        engine = Engine(
            profiles=[gate],
            outbox=OutboxSettings(path=tmp_path / "outbox"),
            frame_format=source.frame_format,
        )
        with engine.running(live=False):
            for frame, reads, at in source:
                engine.observe(frame, reads, at)
                engine.wait_for_room()
            engine.finish()
            assert engine.drain(60)
        status = engine.status()
        assert (status.broken_frames, status.input_troubles) == (0, ())
        events = {event.plate: event for event in receiver.events if event.kind == "new"}
    assert reader.sizes == [(320, 240), (640, 360), (3840, 2160)]
    for wanted, plate in zip(reader.sizes, PLATES, strict=True):
        (picture,) = events[plate].pictures
        with Image.open(io.BytesIO(picture.jpeg)) as shown:
            assert shown.size == wanted
