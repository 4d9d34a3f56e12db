"""What is kept of a try's bytes: the beginning, whatever the message is, and no picture."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from cammra_edge.delivery.transcript import MOST_BYTES, transcript_of
from cammra_edge.message import Body, Files, NamedFile, size_bytes
from cammra_edge.model import Device, EventKind, ImageKind
from cammra_edge.payload.render import render
from cammra_edge.profile import Ftp, Genetec, HttpPost, Profile, Tcp
from cammra_edge.sinks.exchange import NO_EXCHANGE, Exchange
from tests.fakes import JPEG, new_event

if TYPE_CHECKING:
    from cammra_edge.profile import Protocol

NOTE = b"[JPEG, %d bytes]"


def kept(content: bytes, *pictures: bytes) -> bytes:
    images = {str(number): jpeg for number, jpeg in enumerate(pictures)}
    return transcript_of(Body(content=content), images, NO_EXCHANGE).request


def test_a_short_message_is_kept_whole_behind_its_head() -> None:
    exchange = Exchange(head=b"POST / HTTP/1.1\r\n\r\n", answer=b"HTTP/1.1 200 OK\r\n\r\n")
    whole = transcript_of(Body(content=b'{"a":1}'), {}, exchange)
    assert whole.request == b'POST / HTTP/1.1\r\n\r\n{"a":1}'
    assert whole.answer == exchange.answer


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("size", [len(JPEG), 1000, 1001, 1002, 500_000])
def test_a_picture_is_left_out_and_what_follows_it_is_kept(size: int, *, encoded: bool) -> None:
    jpeg = (JPEG * (size // len(JPEG) + 1))[:size]
    inside = b64encode(jpeg) if encoded else jpeg
    assert kept(b"before<" + inside + b">after", jpeg) == b"before<" + NOTE % size + b">after"


def test_two_pictures_that_begin_alike_are_both_left_out() -> None:
    long = JPEG + JPEG
    between = kept(b"a" + long + b"b" + JPEG + b"c", long)
    assert between.startswith(b"a" + NOTE % len(long) + b"b")


@pytest.mark.parametrize("picture", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x10JF"])
def test_a_picture_of_hardly_any_bytes_changes_nothing_but_itself(picture: bytes) -> None:
    assert kept(b"no picture here: \xff\xd8 and =", picture) == b"no picture here: \xff\xd8 and ="


def test_a_long_message_is_cut_and_says_how_much_is_missing() -> None:
    text = kept(b"x" * 1_000_000)
    assert text == b"x" * MOST_BYTES + b"\n[+ %d bytes]" % (1_000_000 - MOST_BYTES)


def test_however_many_pictures_there_are_what_is_kept_is_bounded() -> None:
    jpeg = JPEG * 100
    assert len(kept((b"." + jpeg) * 2000, jpeg)) < MOST_BYTES + 100
    many = tuple(NamedFile(path=f"{number}.jpg", content=jpeg) for number in range(2000))
    whole = transcript_of(Files(files=many), {"1": jpeg}, NO_EXCHANGE)
    assert len(whole.request) < MOST_BYTES + 200


def test_files_are_kept_by_name_with_the_text_of_those_that_are_no_pictures() -> None:
    files = Files(
        files=(
            NamedFile(path="a/1.json", content=b'{"plate":"1AB1234"}'),
            NamedFile(path="a/1.jpg", content=JPEG),
        )
    )
    whole = transcript_of(files, {"1": JPEG}, NO_EXCHANGE)
    said = b'a/1.json\n{"plate":"1AB1234"}\n\na/1.jpg\n' + NOTE % len(JPEG) + b"\n\n"
    assert whole.request == said


@pytest.mark.parametrize(
    "protocol",
    [
        HttpPost("http://127.0.0.1:9/"),
        Tcp("127.0.0.1:9"),
        Ftp("ftp://127.0.0.1:9"),
        Genetec("http://127.0.0.1:9/"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_of_what_is_really_sent_no_picture_is_kept(protocol: Protocol) -> None:
    made = new_event(1, kind=EventKind.NEW, image=JPEG * 300)
    profile = Profile("gate", protocol, image=ImageKind.VEHICLE_CROP)
    message = render(
        made.event, made.images, profile=profile, profile_id=1, device=Device(), packet=1, boundary_key=b"k" * 16
    )  # fmt: skip
    assert size_bytes(message) >= len(JPEG) * 300
    whole = transcript_of(message, made.images, NO_EXCHANGE).request
    assert NOTE % (len(JPEG) * 300) in whole
    assert JPEG[:40] not in whole
    assert b64encode(JPEG[:30]) not in whole
    assert b"1AB0001" in whole
