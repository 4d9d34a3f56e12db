"""Films through PyAV: every format the engine takes, odd sizes, ranges, turned films, and what is no film."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from cammra_edge.camera import VideoSource
from cammra_edge.camera.address import Address
from cammra_edge.camera.av_stream import AvStream
from cammra_edge.camera.planes import AvPicture
from cammra_edge.camera.troubles import StreamError
from cammra_edge.errors import ConfigError, RecordingError
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, FrameTime, ImageKind, ImageSpec, PlateRead
from tests.camera.films import draw_film, ffmpeg

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cammra_edge.camera.picture import Picture

PLANES = [format_ for format_ in FrameFormat if format_ is not FrameFormat.JPEG]
WHOLE = ImageSpec(kind=ImageKind.FULL_FRAME, quality=95)


class Nothing:
    """A recogniser that reads nothing, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[int, ...]] = []

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
        assert at.mono_ns >= 0
        self.given.append(frame.shape)
        return []


def _picture(film: Path, number: int = 10) -> Picture:
    stream = AvStream(Address.parse(film))
    pictures = [taken.picture for taken in stream.pictures() if taken]
    stream.close()
    return pictures[number]


def _pixels(picture: Picture, frame_format: FrameFormat) -> NDArray[np.uint8]:
    jpeg = encode_image(picture.frame(frame_format), frame_format, WHOLE).jpeg
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


@pytest.mark.parametrize("frame_format", PLANES)
def test_every_format_shows_the_same_picture(frame_format: FrameFormat, tmp_path: Path) -> None:
    picture = _picture(draw_film(tmp_path / "film.mp4"))
    seen = _pixels(picture, frame_format).astype(int)
    wanted = picture.pixels()[:, :, ::-1].astype(int)
    if frame_format is FrameFormat.GRAY8:
        wanted = np.repeat((wanted @ [0.299, 0.587, 0.114])[:, :, None], 3, axis=2).astype(int)
    assert seen.shape == wanted.shape == (240, 320, 3)
    assert np.abs(seen - wanted).mean() < 6


def test_planes_of_the_decoders_own_format_are_lent_not_copied(tmp_path: Path) -> None:
    picture = _picture(draw_film(tmp_path / "film.mp4"))
    assert isinstance(picture, AvPicture)
    planes = picture.frame(FrameFormat.I420)
    assert isinstance(planes, tuple)
    lent = [np.asarray(plane).ctypes.data for plane in planes]
    assert lent == [plane.buffer_ptr for plane in picture._frame.planes]


@pytest.mark.parametrize(
    "codec",
    [["-c:v", "mjpeg", "-pix_fmt", "yuvj422p"], ["-c:v", "ffv1", "-pix_fmt", "yuv420p10le"]],
)
@pytest.mark.parametrize("size", ["320x240", "321x241"])
def test_other_chroma_ranges_depths_and_odd_sizes_come_as_i420(
    codec: list[str], size: str, tmp_path: Path
) -> None:
    picture = _picture(draw_film(tmp_path / "film.mkv", *codec, size=size))
    seen = _pixels(picture, FrameFormat.I420).astype(int)
    assert seen.shape == (240, 320, 3)
    assert np.abs(seen - picture.pixels()[:240, :320, ::-1]).mean() < 6


def test_a_film_of_jpegs_gives_its_own_bytes(tmp_path: Path) -> None:
    picture = _picture(draw_film(tmp_path / "film.avi", "-c:v", "mjpeg", "-q:v", "3"))
    jpeg = picture.frame(FrameFormat.JPEG)
    assert isinstance(jpeg, bytes)
    assert Image.open(io.BytesIO(jpeg)).size == (320, 240)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_film_is_shown_as_players_show_it(degrees: int, tmp_path: Path) -> None:
    plain = draw_film(tmp_path / "plain.mp4")
    turned = tmp_path / "turned.mp4"
    ffmpeg("-i", str(plain), "-metadata:s:v", f"rotate={degrees}", "-c", "copy", str(turned))
    ffmpeg("-i", str(turned), "-frames:v", "1", str(tmp_path / "shown.png"))
    wanted = np.asarray(Image.open(tmp_path / "shown.png").convert("RGB")).astype(int)
    picture = _picture(turned, 0)
    assert (picture.height, picture.width) == wanted.shape[:2]
    for seen in (_pixels(picture, FrameFormat.I420), picture.pixels()[:, :, ::-1]):
        assert np.abs(seen.astype(int) - wanted).mean() < 8


def test_a_film_gives_each_picture_once_with_its_own_time(tmp_path: Path) -> None:
    recogniser = Nothing()
    source = VideoSource(draw_film(tmp_path / "film.mp4"), recogniser)
    times = [at for _, _, at in source]
    assert [at.mono_ns for at in times] == [number * 40_000_000 for number in range(50)]
    assert {at.utc_ns - at.mono_ns for at in times} == {times[0].utc_ns}
    assert recogniser.given == [(240, 320, 3)] * 50
    status = source.status()
    assert (status.state, status.pictures, status.codec) == ("ended", 50, "h264")
    assert status.rate_fps == 25.0


def test_a_film_begins_when_it_says(tmp_path: Path) -> None:
    stamp = [
        "-metadata",
        "creation_time=2026-03-01T08:00:00Z",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
    ]
    source = VideoSource(draw_film(tmp_path / "film.mp4", *stamp), Nothing())
    _, _, at = next(iter(source))
    assert at.utc_ns == 1_772_352_000 * 10**9


def test_what_is_no_film_is_said_with_a_remedy(tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("no film")
    sound = draw_film(tmp_path / "sound.wav", "-f", "lavfi", "-i", "sine=d=1", "-map", "1:a")
    for path, words in [
        (text, "no video"),
        (sound, "no video"),
        (tmp_path / "absent.mp4", "no such film"),
        (tmp_path, "no such film"),
    ]:
        with pytest.raises(RecordingError, match=words):
            list(VideoSource(path, Nothing()))


def test_a_playlist_inside_a_film_leads_nowhere(tmp_path: Path) -> None:
    playlist = tmp_path / "film.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(RecordingError):
        list(VideoSource(playlist, Nothing()))


def test_h264_is_no_jpeg(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4")
    with pytest.raises(RecordingError, match="frame_format='i420'"):
        list(VideoSource(film, Nothing(), frame_format="jpeg"))


def test_a_recogniser_that_raises_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Raises:
        def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:
            raise ValueError(f"no model for {frame.shape} at {at}")

    frames = list(VideoSource(draw_film(tmp_path / "film.mp4"), Raises()))
    assert len(frames) == 50
    assert [list(reads) for _, reads, _ in frames] == [[]] * 50
    assert len(caplog.records) == 1


def test_wrong_arguments_name_themselves() -> None:
    for arguments, field in [
        ({"frame_format": "nv13"}, "frame_format"),
        ({"camera_clock": "sun"}, "camera_clock"),
        ({"transport": "pigeon"}, "transport"),
    ]:
        with pytest.raises(ConfigError) as refused:
            VideoSource("film.mp4", Nothing(), **arguments)  # type: ignore[arg-type]  # each is a word
        assert refused.value.field == field


def test_without_a_route_and_with_unknown_names_it_says_so() -> None:
    for url, kind in [
        ("rtsp://u:geheim@127.0.0.1:9/s", "refused"),
        ("rtsp://u:geheim@camera.invalid/s", "no_name"),
        ("/dev/video77", "no_device"),
    ]:
        with pytest.raises(StreamError) as error:
            AvStream(Address.parse(url))
        assert error.value.trouble.kind == kind
        assert "geheim" not in str(error.value)
