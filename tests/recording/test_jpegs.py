"""What `recording.jpegs` promises: the same JPEGs however the bytes arrive, broken ones in their place."""

import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cammra_edge.recording.jpegs import NO_PICTURE, JpegSplitter, jpeg_size, whole_jpeg
from tests.budget import examples


def _jpeg(width: int, height: int, *, progressive: bool = False, comment: bytes = b"") -> bytes:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", progressive=progressive, comment=comment)
    return out.getvalue()


PLAIN = _jpeg(40, 24)
# A thumbnail in an APP1 segment, as cameras write it: a whole JPEG within the JPEG.
THUMBNAIL = PLAIN[:2] + b"\xff\xe1" + (2 + len(PLAIN)).to_bytes(2) + PLAIN + PLAIN[2:]
PROGRESSIVE = _jpeg(64, 48, progressive=True)
COMMENT = _jpeg(16, 16, comment=b"the end \xff\xd9 is not here, nor \xff\xd8\xff")
ALL = [PLAIN, THUMBNAIL, PROGRESSIVE, COMMENT]


def _split(data: bytes, cuts: list[int], max_jpeg_bytes: int = 1 << 20) -> list[bytes | None]:
    splitter = JpegSplitter(max_jpeg_bytes)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    return [jpeg for piece in pieces for jpeg in splitter.feed(piece)] + splitter.finish()


@settings(max_examples=examples(60), deadline=None)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_the_same_jpegs_come_out_however_the_bytes_are_cut(cuts: list[int]) -> None:
    assert _split(b"".join(ALL), cuts) == ALL


def test_one_byte_at_a_time_gives_the_same() -> None:
    data = b"".join(ALL)
    assert _split(data, list(range(len(data)))) == ALL


@settings(max_examples=examples(30), deadline=None)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12), starts=st.integers(2, 5))
def test_a_start_marker_that_is_written_twice_begins_one_frame(
    cuts: list[int], starts: int
) -> None:
    odd = [PLAIN[:2] * (starts - 1) + jpeg for jpeg in ALL]
    assert _split(b"".join(odd), cuts) == odd
    assert [jpeg_size(jpeg) for jpeg in odd] == [jpeg_size(jpeg) for jpeg in ALL]
    assert all(map(whole_jpeg, odd))


def test_a_cut_off_jpeg_keeps_its_place() -> None:
    cut = PLAIN[: len(PLAIN) - 20]
    assert _split(PLAIN + cut + PROGRESSIVE, []) == [PLAIN, None, PROGRESSIVE]
    assert _split(PLAIN + cut, []) == [PLAIN, None]


def test_junk_between_jpegs_is_counted_and_belongs_to_none() -> None:
    splitter = JpegSplitter()
    assert splitter.feed(b"\x00\xff\xd9junk" + PLAIN + b"more" + PLAIN + b"tail") == [PLAIN, PLAIN]
    assert splitter.finish() == []
    assert splitter.skipped_bytes == 7 + 4 + 4


def test_a_jpeg_over_the_limit_is_broken_and_the_next_one_is_not() -> None:
    huge = _jpeg(640, 480, comment=b"x" * 60_000)
    found = _split(huge + PLAIN, [], max_jpeg_bytes=20_000)
    assert found[0] is None
    assert found[-1] == PLAIN


def test_endless_coded_data_takes_no_endless_memory() -> None:
    splitter = JpegSplitter(max_jpeg_bytes=10_000)
    head = PLAIN[: PLAIN.index(b"\xff\xda") + 14]
    broken = splitter.feed(head)
    for _ in range(100):
        broken += splitter.feed(b"\x11" * 1000)
        assert len(splitter._buffer) <= 11_000
    assert broken == [None]


def test_the_stand_in_for_a_missing_picture_reads_as_missing() -> None:
    assert _split(PLAIN + NO_PICTURE + PLAIN, []) == [PLAIN, None, PLAIN]


@settings(max_examples=examples(200), deadline=None)
@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_are_split_without_an_error(data: bytes, cuts: list[int]) -> None:
    assert _split(b"\xff\xd8\xff" + data, cuts) == _split(b"\xff\xd8\xff" + data, [])


@pytest.mark.parametrize("jpeg", ALL)
def test_the_size_is_that_of_the_picture_not_of_its_thumbnail(jpeg: bytes) -> None:
    assert jpeg_size(jpeg) == Image.open(io.BytesIO(jpeg)).size
    assert whole_jpeg(jpeg)


def test_half_a_jpeg_is_not_whole() -> None:
    assert not whole_jpeg(PLAIN[:-2])
    assert not whole_jpeg(PLAIN + b"\x00")
    assert not whole_jpeg(NO_PICTURE)
    assert not whole_jpeg(b"")
    assert jpeg_size(PLAIN[:30]) is None
