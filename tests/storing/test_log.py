"""Frames, segments and directories: what is read is what was written, whatever became of the bytes in between."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.storing import (
    LogGroup,
    log_directory,
    log_encode_event,
    log_erased_directory,
    log_erased_frame,
    log_header,
    log_read,
    log_scan,
    log_trailer,
    log_vehicle_hash,
)
from tests.fakes import JPEG
from tests.storing.logs import (
    ALL_IMAGES,
    DIRECTORY,
    ERASED,
    EVENT,
    IMAGE,
    SEGMENT,
    SIZE,
    STATE,
    STORE_ID,
    add,
    content_of,
    event_no,
    frames_of,
    new_segment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

EVENTS = [event_no(number) for number in (1, 2, 3)]
GROUP = new_segment(*EVENTS)
WHOLE = content_of(GROUP)
DIGESTS = GROUP.digests()
FRAMES = list(frames_of(DIGESTS))


def pieces(digests: bytes) -> list[bytes]:
    found = []
    at = 0
    while at < len(digests):
        end = at + 5 + int.from_bytes(digests[at + 1 : at + 5], "little")
        found.append(digests[at:end])
        at = end
    return found


def test_a_group_tells_what_is_in_it_and_hands_pictures_on_as_they_are() -> None:
    assert (GROUP.segment, GROUP.offset, GROUP.events, GROUP.size) == (7, 0, 3, len(WHOLE))
    group = LogGroup(STORE_ID, SEGMENT, 64)
    picture = bytes(53_000)
    before = sys.getrefcount(picture)
    group.image(1, "key", picture)
    assert sum(buffer is picture for buffer in group.buffers()) == 1
    assert (group.offset, group.size % 8) == (64, 0)
    del group
    assert sys.getrefcount(picture) == before


def test_every_frame_reads_back_where_it_was_written_and_nowhere_else() -> None:
    for frame in FRAMES:
        content = WHOLE[frame.offset : frame.offset + frame.length]
        kind, payload = log_read(STORE_ID, SEGMENT, frame.offset, content)
        assert kind == frame.kind
        if kind == IMAGE:
            assert payload.endswith(JPEG)
        for store, segment, offset in [
            (bytes(16), SEGMENT, frame.offset),
            (STORE_ID, SEGMENT + 1, frame.offset),
            (STORE_ID, SEGMENT, frame.offset + 8),
        ]:
            with pytest.raises(ValueError, match="does not verify"):
                log_read(store, segment, offset, content)


def test_an_event_is_the_end_of_its_frame() -> None:
    events = [frame for frame in FRAMES if frame.kind == EVENT]
    for event, frame in zip(EVENTS, events, strict=True):
        content = WHOLE[frame.offset : frame.offset + frame.length]
        _, payload = log_read(STORE_ID, SEGMENT, frame.offset, content)
        encoded, text_length = log_encode_event(event)
        assert payload.endswith(text_length.to_bytes(4, "little") + encoded)


def test_a_scan_finds_what_was_written() -> None:
    assert log_scan(STORE_ID, SEGMENT, WHOLE, 0) == (DIGESTS, len(WHOLE), [])
    assert log_scan(STORE_ID, SEGMENT, WHOLE + bytes(5000), 0) == (DIGESTS, len(WHOLE), [])
    assert log_scan(STORE_ID, SEGMENT, WHOLE + WHOLE, 0) == (DIGESTS, len(WHOLE), [])
    last = FRAMES[-1]
    assert log_scan(STORE_ID, SEGMENT, WHOLE[last.offset :], last.offset) == (
        pieces(DIGESTS)[-1],
        len(WHOLE),
        [],
    )


@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_one_bit_hides_one_frame_and_invents_nothing(bit: int) -> None:
    content = bytearray(WHOLE)
    content[bit // 8] ^= 1 << bit % 8
    found, end, broken = log_scan(STORE_ID, SEGMENT, bytes(content), 0)
    assert is_part(pieces(found), pieces(DIGESTS))
    assert len(pieces(found)) >= len(pieces(DIGESTS)) - 1
    whole = len(pieces(found)) == len(pieces(DIGESTS))
    damaged = any(begin <= bit // 8 < behind for begin, behind in broken)
    assert whole or damaged or bit // 8 >= end


@given(st.integers(0, len(WHOLE)))
def test_what_is_cut_off_is_missing_and_nothing_else(length: int) -> None:
    found, end, broken = log_scan(STORE_ID, SEGMENT, WHOLE[:length], 0)
    assert pieces(DIGESTS)[: len(pieces(found))] == pieces(found)
    assert end <= length
    assert broken == []


@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE)), st.binary(max_size=200)), max_size=5),
    st.sampled_from(["written over", "put in between"]),
)
def test_whatever_is_written_over_it_nothing_is_invented(
    wounds: list[tuple[int, bytes]], how: str
) -> None:
    content = bytearray(WHOLE)
    for at, wound in wounds:
        content[at : at + (len(wound) if how == "written over" else 0)] = wound
    found, end, broken = log_scan(STORE_ID, SEGMENT, bytes(content), 0)
    assert is_part(pieces(found), pieces(DIGESTS))
    assert all(begin < behind <= end for begin, behind in broken)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_no_log(content: bytes) -> None:
    assert log_scan(STORE_ID, SEGMENT, content, 0) == (b"", 0, [])
    for read in (
        lambda: log_read(STORE_ID, SEGMENT, 0, content),
        lambda: log_header(content),
        lambda: log_trailer(STORE_ID, SEGMENT, SIZE, content),
        lambda: log_erased_frame(STORE_ID, SEGMENT, 0, content),
        lambda: log_erased_directory(STORE_ID, SEGMENT, 0, content, [1], []),
    ):
        with pytest.raises(ValueError, match=r"verify|early|kind"):
            read()


def is_part(some: Iterable[bytes], of_all: Iterable[bytes]) -> bool:
    """Whether all of them stand there, in that order."""
    rest = iter(of_all)
    return all(one in rest for one in some)


def test_a_segment_says_itself_what_it_is() -> None:
    assert log_header(WHOLE) == (1, 0, STORE_ID, SEGMENT, SIZE)
    with pytest.raises(ValueError, match="must come first"):
        GROUP.header(0, SIZE)


def test_a_directory_is_found_from_the_segments_end() -> None:
    directory, trailer = log_directory(STORE_ID, SEGMENT, len(WHOLE), SIZE, DIGESTS)
    assert len(trailer) == 32
    where = log_trailer(STORE_ID, SEGMENT, SIZE, trailer)
    assert where == (len(WHOLE), len(directory))
    assert log_read(STORE_ID, SEGMENT, len(WHOLE), directory) == (DIRECTORY, DIGESTS)
    found = log_scan(STORE_ID, SEGMENT, WHOLE + directory, 0)
    assert found == (DIGESTS, len(WHOLE) + len(directory), [])


def test_frames_of_their_own_kind_come_back() -> None:
    group = LogGroup(STORE_ID, SEGMENT, 0)
    group.state(b"{}")
    group.erase(9, [1, 2])
    group.erased_done(9)
    content = content_of(group)
    found, end, broken = log_scan(STORE_ID, SEGMENT, content, 0)
    assert (found, end, broken) == (group.digests(), len(content), [])
    assert [piece[0] for piece in pieces(found)] == [STATE, 10, 12]
    assert pieces(found)[1][5:] == b"".join(number.to_bytes(8, "little") for number in (9, 1, 2))


def test_an_erased_event_leaves_its_number_and_nothing_of_its_plate() -> None:
    event = event_no(1, "SECRET77")
    group = new_segment(event, event_no(2))
    content = bytearray(content_of(group))
    directory, _ = log_directory(STORE_ID, SEGMENT, len(content), SIZE, group.digests())
    content += directory
    frames = list(frames_of(group.digests()))
    nos = []
    for frame in frames[: len(event.images) + 1]:
        place = slice(frame.offset, frame.offset + frame.length)
        erased = log_erased_frame(STORE_ID, SEGMENT, frame.offset, bytes(content[place]))
        assert len(erased) == frame.length
        assert log_read(STORE_ID, SEGMENT, frame.offset, erased)[0] == ERASED
        content[place] = erased
        nos = [100 + at for at, _ in enumerate(event.images)]
    at = len(content) - len(directory)
    content[at:] = log_erased_directory(STORE_ID, SEGMENT, at, directory, [1], nos)
    for trace in (b"SECRET77", b"secret77", event.event_id.encode()):
        assert trace not in content
    assert content.count(JPEG) == len(event.images)
    found, end, broken = log_scan(STORE_ID, SEGMENT, bytes(content), 0)
    assert (end, broken, len(pieces(found))) == (len(content), [], len(pieces(group.digests())))
    assert bytes.fromhex(event.event_id) in found


def test_what_cannot_be_stored_leaves_the_group_as_it_was() -> None:
    group = new_segment(EVENTS[0])
    before = (group.size, group.digests(), group.buffers())
    event = event_no(2)
    wanted = [(1, 1, ALL_IMAGES, 0)]
    for change in (
        {"event": object()},
        {"event_id": b"short"},
        {"seq": -1},
        {"seq": 2**64},
        {"image_nos": [0] * 256},
        {"wanted": wanted * 256},
    ):
        arguments = {"event": event, "seq": 2, "event_id": bytes(16), "stored_ns": 0}
        arguments |= {"image_nos": [], "wanted": wanted, **change}
        with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
            group.event(**arguments)  # type: ignore[arg-type]  # that is what is tried
    assert (group.size, group.digests(), group.buffers()) == before
    assert add(group, 2, event) > len(json.dumps(event.event_id))


def test_a_vehicle_is_the_same_for_good() -> None:
    assert log_vehicle_hash("", 0) == 0x30FFFCDFBBBC3F43
    hashes = {log_vehicle_hash(stream, no) for stream in ("a", "b", "\ud800") for no in range(99)}
    assert len(hashes) == 297
