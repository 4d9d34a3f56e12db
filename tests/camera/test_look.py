"""A look at a source: what it shows, and what keeps it from showing something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.video.serving import free_port, rtsp_server

from cammra_edge.camera import SourceState, VideoSource
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameTime, ImageKind, ImageSpec, PlateRead
from tests.camera.films import draw_film

if TYPE_CHECKING:
    from pathlib import Path


class NeverAsked:
    """A recogniser that a look must not use."""

    def read(self, frame: object, at: FrameTime) -> list[PlateRead]:
        raise AssertionError(f"{frame!r} at {at}")


def test_a_live_stream_is_watched_for_its_rate_and_a_picture(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4", seconds=60)
    with rtsp_server(film, free_port()) as url:
        source = VideoSource(url, NeverAsked())
        look = source.look()
    status = look.status
    assert (status.state, status.trouble) == (SourceState.PLAYING, None)
    assert (status.width, status.height, status.codec) == (320, 240, "h264")
    assert status.rate_fps > 0
    assert look.frame is not None
    whole = encode_image(look.frame, source.frame_format, ImageSpec(kind=ImageKind.FULL_FRAME))
    assert (whole.width, whole.height) == (320, 240)
    assert source.status().pictures == 0, "a look is no part of the source's own run"


def test_a_camera_that_is_not_there_says_so_at_once() -> None:
    look = VideoSource(f"rtsp://me:geheim@127.0.0.1:{free_port()}/x", NeverAsked()).look()
    assert look.frame is None
    assert look.status.trouble is not None
    assert look.status.trouble.kind == "refused"
    assert "geheim" not in repr(look)


def test_a_film_shows_its_first_pictures(tmp_path: Path) -> None:
    look = VideoSource(draw_film(tmp_path / "film.mp4"), NeverAsked()).look()
    assert (look.status.width, look.status.rate_fps) == (320, 25.0)
    assert look.frame is not None
    broken = tmp_path / "no-film.mp4"
    broken.write_bytes(b"no film")
    look = VideoSource(broken, NeverAsked()).look()
    assert look.frame is None
    assert look.status.trouble is not None
    assert look.status.trouble.kind == "no_video"


def test_a_form_that_the_stream_has_not_is_a_trouble(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4")
    look = VideoSource(film, NeverAsked(), frame_format="jpeg").look()
    assert look.frame is None
    assert (look.status.state, look.status.width) == (SourceState.LOST, 320)
    assert look.status.trouble is not None
    assert look.status.trouble.kind == "not_jpeg"
