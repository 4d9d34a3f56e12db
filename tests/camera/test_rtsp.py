"""RTSP against GStreamer's server: pictures, the camera's clock, refusals, and coming back."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tools.video.serving import free_port, rtsp_server

from cammra_edge.camera import VideoSource
from cammra_edge.camera.address import Address
from cammra_edge.camera.av_stream import AvStream
from cammra_edge.camera.troubles import StreamError
from cammra_edge.model import FrameTime, PlateRead
from tests.camera.films import draw_film

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class Reads:
    """Reads one plate in every picture."""

    def read(self, frame: np.ndarray, at: FrameTime) -> list[PlateRead]:
        assert frame.shape == (240, 320, 3)
        assert at.mono_ns > 0
        return [PlateRead(track=1, text="AB123", confidence=0.9)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_film(tmp_path_factory.mktemp("films") / "film.mp4", seconds=60)


def test_pictures_come_with_the_streams_intervals_and_again_after_a_restart(film: Path) -> None:
    port = free_port()
    source: VideoSource | None = None
    times: list[FrameTime] = []
    with rtsp_server(film, port) as url:
        source = VideoSource(url, Reads())
        frames = iter(source)
        for _, reads, at in frames:
            assert [read.text for read in reads] == ["AB123"]
            times.append(at)
            if len(times) == 20:
                break
    assert source.status().codec == "h264"
    before = len(times)
    with rtsp_server(film, port):
        for _, _, at in frames:
            times.append(at)
            if source.status().reconnects and len(times) > before + 40:
                break
    status = source.status()
    assert (status.width, status.height) == (320, 240)
    assert status.reconnects >= 1
    assert all(later.mono_ns > earlier.mono_ns for earlier, later in pairwise(times))


def test_the_cameras_clock_is_known_from_its_sender_reports(film: Path) -> None:
    with rtsp_server(film, free_port()) as url:
        source = VideoSource(url, Reads(), camera_clock="trusted")
        for _ in source:
            if source.status().camera_clock_offset_ms is not None:
                break
        offset_ms = source.status().camera_clock_offset_ms
    assert offset_ms is not None
    assert abs(offset_ms) < 60_000, "camera and machine are one here"


def test_account_and_path_are_needed(film: Path) -> None:
    with rtsp_server(film, free_port(), "me", "p@s") as url:
        for address, kind in [
            (url, "unauthorised"),
            (url.replace("//", "//me:geheim@"), "unauthorised"),
            (url.replace("//", "//me:p%40s@").replace("film", "other"), "not_found"),
        ]:
            with pytest.raises(StreamError) as error:
                AvStream(Address.parse(address))
            assert error.value.trouble.kind == kind
            assert "geheim" not in str(error.value)
        stream = AvStream(Address.parse(url.replace("//", "//me:p%40s@")))
        assert next(iter(stream.pictures()))
        stream.close()
