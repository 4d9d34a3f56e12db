"""What `receiver.objects` promises: the same objects however bytes are cut, and the next one after junk."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.receiver.objects import ObjectScanner

OBJECTS = [
    b"{}",
    b'{"a":"}{\\"","b":{"c":[1,{"d":"\\\\"}]}}',
    '{"plate":"TÖL \\u2603 京"}'.encode(),
    json.dumps({"long": "x" * 700, "nested": {"deep": {"er": {}}}}).encode(),
]
JOINS = [b"", b"\n", b"\0", b"\r\n", b" \t\r\n\0\n"]


def _scan(data: bytes, cuts: list[int]) -> list[bytes]:
    scanner = ObjectScanner()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    found = [
        found for start, end in itertools.pairwise(edges) for found in scanner.feed(data[start:end])
    ]
    assert scanner.finish() == b""
    assert scanner.stray_bytes == 0
    return found


@settings(deadline=None)
@given(join=st.sampled_from(JOINS), cuts=st.lists(st.integers(0, 2000), max_size=10))
def test_objects_come_out_however_they_are_joined_and_cut(join: bytes, cuts: list[int]) -> None:
    assert _scan(join.join(OBJECTS) + join, cuts) == OBJECTS


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 2000), max_size=10))
def test_a_length_in_front_is_recognised(cuts: list[int]) -> None:
    objects = [*OBJECTS[1:], OBJECTS[0]]
    assert _scan(b"".join(len(item).to_bytes(4) + item for item in objects), cuts) == objects


@pytest.mark.parametrize("join", [b"\n", b"\0"])
def test_one_byte_at_a_time_gives_the_same(join: bytes) -> None:
    data = join.join(OBJECTS)
    assert _scan(data, list(range(len(data)))) == OBJECTS


def test_junk_is_counted_and_the_next_object_found() -> None:
    scanner = ObjectScanner()
    assert scanner.feed(b'GET / HTTP/1.1\r\n\r\n{"a":1}xyz}{"b":2}') == [b'{"a":1}', b'{"b":2}']
    assert scanner.stray_bytes == len("GET/HTTP/1.1") + 4
    assert scanner.feed(b'\n{"cut":"off') == []
    assert scanner.finish() == b'{"cut":"off'


def test_an_object_that_is_too_long_is_left_out_and_memory_stays_bounded() -> None:
    scanner = ObjectScanner(max_object_bytes=1000)
    for _ in range(100):
        assert scanner.feed(b'{"a":"' + b"x" * 500) == []
        assert len(scanner._buffer) <= 1600
    assert scanner.too_long > 0


def test_a_length_that_is_absurd_does_not_wait_for_its_bytes() -> None:
    scanner = ObjectScanner(max_object_bytes=1000)
    assert scanner.feed((2).to_bytes(4) + b"{}" + b"\xff\xff\xff\xff" + b'{"b":2}') == [
        b"{}",
        b'{"b":2}',
    ]
    assert scanner.too_long == 1


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=3))
def test_any_bytes_are_scanned_without_an_error(data: bytes, cuts: list[int]) -> None:
    scanner = ObjectScanner()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        scanner.feed(data[start:end])
    scanner.finish()
