"""What receivers say, in whatever they say it: a person reads it, or sees nothing."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost
from cammra_edge.sinks.base import Delivered, GiveUp
from cammra_edge.sinks.http import HttpSink
from cammra_edge.sinks.words import MOST_BYTES, readable, unpacked
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, answering

NGINX = (
    b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n"
    b"<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr></body>\r\n</html>\r\n"
)
TOMCAT = (
    b'<!doctype html><html lang="en"><head><title>HTTP Status 400</title><style type="text/css">'
    b"body {font-family:Tahoma} h1, h2 {color:white}</style></head><body><h1>Bad Request</h1>"
    b"<p><b>Message</b> plate &amp; time are missing</p><!-- padding --></body></html>"
)


@pytest.mark.parametrize(
    ("content", "media_type", "said"),
    [
        ("Ungültig".encode(), "", "Ungültig"),
        ("Ungültig".encode("latin-1"), "", "Ungültig"),
        ("Ungültig".encode("latin-1"), "text/plain; charset=ISO-8859-1", "Ungültig"),
        ("номер".encode("windows-1251"), 'text/plain; charset="windows-1251"', "номер"),
        ("号牌".encode("gbk"), "text/plain;charset=GBK", "号牌"),
        ("Bad plate".encode("utf-16"), "", "Bad plate"),
        ("Bad plate".encode("utf-16-le"), "text/plain; charset=utf-16", "Bad plate"),
        (b"caf\xc3", "", "caf"),
        (b"over", "text/plain; charset=unicode_escape", "over"),
        (NGINX, "text/html", "413 Request Entity Too Large 413 Request Entity Too Large"),
        (
            TOMCAT,
            "Text/HTML;charset=utf-8",
            "HTTP Status 400 Bad Request Message plate & time are missing",
        ),
        (b"<error>no plate</error>", "application/xml", "<error>no plate</error>"),
        (b"<style>x" * 2000, "text/html", ""),
        ("a\u202eb\u200bc\x07d".encode(), "", "a b c d"),
        (bytes(range(256)) * 3, "", ""),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x00", "image/jpeg", ""),
        (b"", "", ""),
    ],
)
def test_it_is_read_as_it_is_written(content: bytes, media_type: str, said: str) -> None:
    assert readable(content, media_type) == said


def test_what_is_packed_is_unpacked_within_a_bound() -> None:
    said = b"Image file missing"
    assert unpacked(gzip.compress(said), "gzip") == said
    assert unpacked(gzip.compress(said)[:-6], "GZIP ") == said
    assert unpacked(zlib.compress(said), "deflate") == said
    assert unpacked(said, "gzip") == said, "it only says so"
    assert unpacked(said, "utf-8") == said, "no coding at all"
    assert len(unpacked(gzip.compress(bytes(50 << 20)), "gzip")) == MOST_BYTES


@given(
    st.binary(max_size=400), st.text(max_size=40), st.sampled_from(["gzip", "deflate", "br", ""])
)
def test_nothing_breaks_out_of_its_line(content: bytes, media_type: str, coding: str) -> None:
    for kind in (media_type, "text/html;" + media_type):
        line = readable(unpacked(content, coding), kind)
        assert len(line) <= 200
        assert line.isprintable()


def test_a_receiver_that_packs_its_answers_unasked_is_understood() -> None:
    good = answer("200 OK", gzip.compress(b'{"Result": true}'), "Content-Encoding: gzip")
    bad = answer("400 Bad", gzip.compress(b"Image file missing"), "Content-Encoding: gzip")
    with Scripted(answering(good, bad)) as server:
        url = f"http://{LOOPBACK}:{server.port}/"
        protocol = HttpPost(url, success_body='{"Result": true}', timeouts=PATIENT)
        sink = HttpSink(protocol, clock=SYSTEM_CLOCK)
        attempt = Attempt(event_id="e", packet=1)
        first, second = (sink.send(Body(content=b"{}"), attempt) for _ in range(2))
        sink.close()
    assert isinstance(first, Delivered)
    assert isinstance(second, GiveUp)
    assert second.words == "Image file missing"
