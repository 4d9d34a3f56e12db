"""Addresses: what is taken, what is refused, and that nothing secret is shown."""

import pytest

from cammra_edge.camera import Address
from cammra_edge.camera.address import SourceKind, masked
from cammra_edge.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "kind", "shown"),
    [
        ("rtsp://camera/stream1", SourceKind.RTSP, "rtsp://camera/stream1"),
        ("RTSP://u:p@camera:8554/s", SourceKind.RTSP, "RTSP://***@camera:8554/s"),
        ("rtsps://[fe80::1]:322/s", SourceKind.RTSP, "rtsps://[fe80::1]:322/s"),
        ("http://u:p%40q@10.0.0.9/video.mjpg", SourceKind.HTTP, "http://***@10.0.0.9/video.mjpg"),
        (
            "https://c/v?user=me&pwd=geheim&ch=1",
            SourceKind.HTTP,
            "https://c/v?user=***&pwd=***&ch=1",
        ),
        (
            "rtsp://10.0.0.9/user=me&password=geheim&channel=1&stream=0.sdp",
            SourceKind.RTSP,
            "rtsp://10.0.0.9/user=***&password=***&channel=1&stream=0.sdp",
        ),
        (
            "rtsp://10.0.0.9/user=me_password=geheim_channel=1_stream=0.sdp",
            SourceKind.RTSP,
            "rtsp://10.0.0.9/user=***",
        ),
        ("rtsp://me:123/geheim@10.0.0.9/1", SourceKind.RTSP, "rtsp://***@10.0.0.9/1"),
        ("/dev/video0", SourceKind.DEVICE, "/dev/video0"),
        ("film.mp4", SourceKind.FILE, "film.mp4"),
        ("/films/rtsp.mp4", SourceKind.FILE, "/films/rtsp.mp4"),
    ],
)
def test_addresses_are_taken_and_shown_without_secrets(
    given: str, kind: SourceKind, shown: str
) -> None:
    address = Address.parse(given)
    assert (address.kind, str(address)) == (kind, shown)
    assert "geheim" not in repr(address)


def test_user_and_password_are_decoded() -> None:
    address = Address.parse("http://me:p%40s%3As@c/v")
    assert (address.user, address.password) == ("me", "p@s:s")
    assert address.without_user == "http://c/v"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "rtsp://",
        "rtsp://u:geheim@/x",
        "ftp://u:geheim@c/x",
        "http://u:geheim@c:0/x",
        "http://u:geheim@c:99999/x",
        "http://[::1/x",
        "rtsp://me:pa/geheim@c/x",
        "rtsp://me:pa#geheim@c/x",
        "rtsp://me:pa?geheim@c/x",
        "film\n.mp4",
        "data://x",
    ],
)
def test_other_addresses_are_refused_without_their_password(given: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Address.parse(given)
    assert "geheim" not in str(refused.value)


def test_words_of_a_library_are_masked() -> None:
    assert masked("Error opening 'rtsp://u:geheim@c/s': no") == "Error opening 'rtsp://***@c/s': no"
