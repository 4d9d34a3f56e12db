"""What `receiver.multipart` promises: parts come out whole, and what is not multipart says why not."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.receiver.multipart import MAX_PARTS, MultipartError, boundary_of, split_parts
from tests.receiver.samples import NAMES, PLATE, VEHICLE, multipart


def test_parts_come_out_in_order_and_byte_for_byte() -> None:
    parts = split_parts(multipart(), "----x")
    assert [(part.name, part.file_name) for part in parts] == [
        ("event", "20231211142705_507_HWR6677_7.json"),
        ("image", NAMES[0]),
        ("image2", NAMES[1]),
    ]
    assert [part.content_type for part in parts] == ["application/json", "image/jpeg", "image/jpeg"]
    assert [part.content for part in parts[1:]] == [VEHICLE, PLATE]


@given(content=st.binary(max_size=200))
def test_any_content_passes_through(content: bytes) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="event"\r\n\r\n'
    (part,) = (
        split_parts(head + content + b"\r\n--b--\r\n", "b") if b"\r\n--b" not in content else [None]
    )
    assert part is None or (part.content, part.file_name) == (content, None)


@given(body=st.binary(max_size=300))
def test_any_body_is_taken_apart_or_refused(body: bytes) -> None:
    with contextlib.suppress(MultipartError):
        assert all(part.name for part in split_parts(b"--b\r\n" + body, "b"))


PART = b'Content-Disposition: form-data; name="event"\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "does not begin with its boundary"),
        (b"preamble\r\n--b\r\n" + PART + b"--b--", "does not begin"),
        (b"--b\r\n" + PART, "the last boundary is missing"),
        (b"--b\r\n" + PART + b"--b--\r\nmore", "6 bytes follow the last boundary"),
        (b"--b\n" + PART + b"--b--", "not followed by CR LF"),
        (b"--b\r\nno headers here\r\n--b--", "a part has no headers"),
        (b"--b\r\nContent-Disposition\r\n\r\nx\r\n--b--", "header line is 'Content-Disposition'"),
        (b"--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--", "Content-Disposition is ''"),
        (b'--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--', "has no name"),
        (
            b"--b\r\n" + (PART + b"--b\r\n") * (MAX_PARTS + 1) + PART + b"--b--",
            f"more than {MAX_PARTS} parts",
        ),
    ],
)
def test_a_body_that_a_receiver_stumbles_over_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(MultipartError, match=why):
        split_parts(body, "b")


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        (
            "multipart/form-data; boundary=------------------------d74496d66958873e",
            "-" * 24 + "d74496d66958873e",
        ),
        ('multipart/form-data; charset=utf-8; boundary="a b"', "a b"),
        ("Multipart/Form-Data; boundary=x; more=1", "x"),
    ],
)
def test_the_boundary_is_found(header: str, boundary: str) -> None:
    assert boundary_of(header) == boundary


@pytest.mark.parametrize(
    "header", ["", "application/json", "multipart/form-data", "multipart/form-data; boundary="]
)
def test_no_boundary_is_an_error(header: str) -> None:
    with pytest.raises(MultipartError, match="Content-Type"):
        boundary_of(header)
