"""MJPEG over HTTP as cameras send it, however it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.camera.parts import PartSplitter


def jpeg(number: int) -> bytes:
    """Looks like one: a start, text that looks like a boundary, and an end."""
    return b"\xff\xd8\xff\xe0" + bytes([number]) * 50 + b"--no boundary\r\n" + b"\xff\xd9"


PICTURES = [jpeg(number) for number in range(4)]


def _with_lengths() -> bytes:
    parts = (
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(one), one)
        for one in PICTURES
    )
    return b"".join(parts) + b"--frame\r\n"


def _without_lengths(
    line: bytes = b"--frame", kind: bytes = b"Content-Type: image/jpeg\r\n"
) -> bytes:
    return (
        b"".join(b"\r\n%b\r\n%b\r\n%b" % (line, kind, one) for one in PICTURES)
        + b"\r\n%b--\r\n" % line
    )


def _with_wrong_lengths() -> bytes:
    return _with_lengths().replace(b"Content-Length: 6", b"Content-Length: 5")


def _with_events_between() -> bytes:
    event = b"--frame\r\nContent-Type: text/plain\r\n\r\nmotion=1\r\n"
    return event + _with_lengths()[: -len(b"--frame\r\n")] + event + b"--frame\r\n"


STREAMS = {
    "with lengths": ("frame", _with_lengths()),
    "without lengths": ("frame", _without_lengths()),
    "wrong lengths": ("frame", _with_wrong_lengths()),
    "declared with its dashes": ("--frame", _without_lengths()),
    "sent without dashes": ("frame", _without_lengths(b"frame")),
    "in quotes": ('"frame"', _without_lengths()),
    "not declared": ("", _without_lengths()),
    "parts without a type": ("frame", _without_lengths(kind=b"X-Camera: 1\r\n")),
    "line feeds alone": (
        "frame",
        _with_lengths().replace(b"\r\n", b"\n").replace(b"boundary\n", b"boundary\r\n"),
    ),
    "events as text between": ("frame", _with_events_between()),
    "an odd boundary": ("my(odd).b+oundary:=?", _without_lengths(b"--my(odd).b+oundary:=?")),
}


def _split(boundary: str, stream: bytes, step: int) -> list[bytes | None]:
    splitter = PartSplitter(boundary)
    pieces = (stream[at : at + step] for at in range(0, len(stream), step))
    return [picture for piece in pieces for picture in splitter.feed(piece)]


@pytest.mark.parametrize("step", [1, 7, 64, 10**6])
@pytest.mark.parametrize("name", STREAMS)
def test_every_picture_comes_out_whole(name: str, step: int) -> None:
    boundary, stream = STREAMS[name]
    if name == "line feeds alone":
        wanted: list[bytes | None] = [one.replace(b"\r\n", b"\r\n") for one in PICTURES]
    else:
        wanted = list(PICTURES)
    assert _split(boundary, stream, step) == wanted


def test_a_picture_that_is_cut_in_the_middle_ends_at_the_boundary() -> None:
    cut = PICTURES[0][:30]
    stream = b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + cut + b"\r\n" + _without_lengths(b"--b")
    assert _split("b", stream, 50) == [cut, *PICTURES]


def test_a_picture_with_a_length_does_not_wait_for_the_next_one() -> None:
    splitter = PartSplitter("frame")
    one = PICTURES[0]
    head = b"--frame\r\nContent-Length: %d\r\n\r\n" % len(one)
    assert splitter.feed(head + one) == [one]


def test_what_is_no_picture_is_counted() -> None:
    stream = b"--b\r\nContent-Type: image/jpeg\r\n\r\n<html>\r\n--b\r\n"
    assert _split("b", stream, 5) == [None]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_anything_may_come(stream: bytes, step: int) -> None:
    whole = _split("b", stream, len(stream) or 1)
    assert _split("b", stream, step) == whole


def test_memory_stays_bounded_without_a_boundary() -> None:
    splitter = PartSplitter("b")
    splitter.feed(b"--b\r\n\r\n\xff\xd8\xff")
    for _ in range(40):
        splitter.feed(bytes(1 << 20))
    assert len(splitter._buffer) <= 33 << 20
