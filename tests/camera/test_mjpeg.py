"""MJPEG over HTTP against servers that send, ask, refuse and break off as cameras do."""

from __future__ import annotations

import base64
import io
import threading

import numpy as np
import pytest
from PIL import Image

from cammra_edge.camera import VideoSource
from cammra_edge.camera.address import Address
from cammra_edge.camera.jpeg_picture import JpegPicture, _by_opencv, _by_pillow, decoder
from cammra_edge.camera.mjpeg import MjpegStream
from cammra_edge.camera.troubles import StreamError
from cammra_edge.model import FrameFormat, FrameTime, PlateRead
from tests.camera.mjpeg_server import HEAD, camera

NEVER = threading.Event()


def jpeg(grey: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (grey, grey, grey)).save(made, "JPEG", exif=_turned())
    return made.getvalue()


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a viewer; boxes mean the picture as stored
    return exif


PICTURES = [jpeg(grey) for grey in (10, 90, 170, 250)]


def part(picture: bytes, *, length: bool = True) -> bytes:
    told = b"Content-Length: %d\r\n" % len(picture) if length else b""
    return b"--frame\r\nContent-Type: image/jpeg\r\n%b\r\n%b\r\n" % (told, picture)


def _all(url: str) -> tuple[list[int], StreamError]:
    """The greys of all pictures, 0 for a damaged one, and why it ended."""
    stream = MjpegStream(Address.parse(url))
    greys = []
    try:
        for taken in stream.pictures():
            pixels = taken.picture.pixels() if taken else np.zeros((48, 64, 3))
            assert pixels.shape == (48, 64, 3)
            greys.append(round(float(pixels.mean())))
    except StreamError as error:
        return greys, error
    finally:
        stream.close()
    raise AssertionError("a stream ends with a reason")


@pytest.mark.parametrize("length", [True, False])
def test_each_picture_comes_with_its_own_bytes(length: bool) -> None:  # noqa: FBT001 - a case
    body = b"".join(part(picture, length=length) for picture in PICTURES) + b"--frame--\r\n"
    with camera((HEAD, body)) as served:
        greys, error = _all(f"http://127.0.0.1:{served.port}/video")
    assert greys == [10, 90, 170, 250]
    assert error.trouble.kind == "cut"


def test_a_bare_stream_of_jpegs_is_taken_too() -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: video/x-motion-jpeg\r\n\r\n"
    with camera((head, b"".join(PICTURES))) as served:
        assert _all(f"http://127.0.0.1:{served.port}/")[0] == [10, 90, 170, 250]


@pytest.mark.parametrize(
    ("challenge", "proof"),
    [
        (b'Basic realm="c"', b"Basic " + base64.b64encode(b"me:p@s")),
        (b'Digest realm="c", nonce="n", qop="auth"', b"Digest username="),
    ],
)
def test_user_and_password_go_as_the_camera_asks(challenge: bytes, proof: bytes) -> None:
    ask = (
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: %b\r\nContent-Length: 0\r\n\r\n"
        % challenge
    )
    body = (HEAD, part(PICTURES[0]), b"--frame--\r\n")
    # Digest asks once more, to learn the challenge.
    answers = [(ask,), (ask,), body] if challenge.startswith(b"Digest") else [(ask,), body]
    with camera(*answers) as served:
        assert _all(f"http://me:p%40s@127.0.0.1:{served.port}/")[0] == [10]
        assert b"Authorization" not in served.requests[0]
        assert proof in served.requests[-1]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "unauthorised"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "forbidden"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "not_found"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "http"),
        (b"HTTP/1.1 302 Go\r\nLocation: http://u:geheim@x/\r\nContent-Length: 0\r\n\r\n", "moved"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n", "not_mjpeg"),
        (b"RTSP/1.0 400 Bad\r\n\r\n", "cut"),
        (b"", "cut"),
    ],
)
def test_refusals_are_said_in_words_without_the_password(answer: bytes, kind: str) -> None:
    with camera((answer,)) as served, pytest.raises(StreamError) as error:
        MjpegStream(Address.parse(f"http://me:geheim@127.0.0.1:{served.port}/"))
    assert error.value.trouble.kind == kind
    assert "geheim" not in str(error.value)


def test_nobody_listening_and_unknown_names() -> None:
    for url, kind in [("http://127.0.0.1:9/", "refused"), ("http://camera.invalid/", "no_name")]:
        with pytest.raises(StreamError) as error:
            MjpegStream(Address.parse(url))
        assert error.value.trouble.kind == kind


def test_a_stall_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cammra_edge.camera.mjpeg.READ_S", 0.2)
    with camera((HEAD, part(PICTURES[0]), NEVER)) as served:
        greys, error = _all(f"http://127.0.0.1:{served.port}/")
    assert (greys, error.trouble.kind) == ([10], "stalled")


def test_a_source_goes_on_where_a_camera_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cammra_edge.camera.reader.WAITS_S", (0.0,))

    class Greys:
        def read(self, frame: np.ndarray, at: FrameTime) -> list[PlateRead]:
            assert at.mono_ns > 0
            return [PlateRead(track=1, text=str(round(float(frame.mean()))))]

    cut = part(PICTURES[1])[:-300]
    hold = threading.Event()
    with camera(
        (HEAD, part(PICTURES[0]), b"--frame\r\n"),
        (HEAD, cut),
        (HEAD, part(PICTURES[3]), b"--frame\r\n", hold),
    ) as served:
        source = VideoSource(f"http://me:geheim@127.0.0.1:{served.port}/", Greys())
        assert source.frame_format is FrameFormat.JPEG
        texts = []
        for frame, (read,), _ in source:
            assert isinstance(frame, bytes)
            texts.append(read.text)
            if read.text == "250":
                break
        hold.set()
    assert texts in (["10", "250"], ["250"])
    assert "geheim" not in repr(source.status())


def test_opencv_and_pillow_decode_the_picture_as_stored() -> None:
    for decode in (_by_opencv(), _by_pillow()):
        pixels = decode(PICTURES[1])
        assert pixels.shape == (48, 64, 3)
        assert decode(b"\xff\xd8\xff no picture") is None
    assert decoder()(PICTURES[0]).mean() == pytest.approx(10, abs=2)


def test_other_formats_are_refused_with_a_remedy() -> None:
    with pytest.raises(StreamError, match="frame_format='jpeg'"):
        JpegPicture(PICTURES[0], 64, 48).frame(FrameFormat.I420)
