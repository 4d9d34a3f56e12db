"""The record's layout as `docs/design/outbox.md` draws it is the one that is written.

Real frames of every kind are read by the tables of that page alone, down to the last byte.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from typing import Any, NamedTuple

from cammra_edge.framing import crc32
from cammra_edge.outbox import folder, lock, mark, packing
from cammra_edge.outbox.packing import packed
from cammra_edge.storing import (
    Ledger,
    LogGroup,
    log_directory,
    log_encode_event,
    log_erased_frame,
    log_text,
    log_vehicle_hash,
)
from tests.fakes import JPEG, new_event
from tests.house.sources import ROOT
from tests.storing.logs import (
    SEGMENT,
    SIZE,
    STORE_ID,
    content_of,
    event_no,
    frames_of,
    new_segment,
)

PAGE = (ROOT / "docs" / "design" / "outbox.md").read_text(encoding="utf-8")
CORE = ROOT / "rust" / "cammra-core" / "src"
ROW = re.compile(r"^\| (\w+) \| ([^|]+) \|", re.MULTILINE)
NUMBERS = re.compile(r"^\| (\d+) \| (\w+) \|", re.MULTILINE)
PICTURES = new_event(1, image=JPEG).event.images
EVENTS = [
    replace(
        event_no(number, f"ABC{number}"),
        images=tuple(replace(image, image_key=f"{number}-{image.image_key}") for image in PICTURES),
    )
    for number in (1, 2, 3)
]


class Layout(NamedTuple):
    """A table of the page: how long it says that its fixed part is (0: nothing said), and its rows."""

    length: int
    rows: list[tuple[str, str]]


def layout(name: str) -> Layout:
    found = re.search(rf"^\*\*{name}\*\*(?: \((\d+) bytes[^)]*\))?[^|]*\n\n", PAGE, re.MULTILINE)
    if name == "Frame":
        found = re.search(r"^()(?=\| field \| bytes \|)", PAGE, re.MULTILINE)
    assert found is not None, name
    table = PAGE[found.end() :].partition("\n\n")[0]
    rows = [(field, bytes_.strip()) for field, bytes_ in ROW.findall(table) if field != "field"]
    assert rows, name
    return Layout(int(found[1] or 0), rows)


class Reader:
    """Takes a value off the front of bytes as a cell of a table says how long it is."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, length: int) -> bytes:
        assert self.at + length <= len(self.content)
        self.at += length
        return self.content[self.at - length : self.at]

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "little")

    def value(self, cell: str) -> Any:  # noqa: ANN401 - what the cell says
        if cell.isdigit():
            return self.take(int(cell))
        if text := re.fullmatch(r"([124]) \+ n", cell):
            return self.take(self.number(int(text[1])))
        if many := re.fullmatch(r"1 \+ (\d+) each", cell):
            return [self.number(int(many[1])) for _ in range(self.number(1))]
        if records := re.fullmatch(r"1 \+ \*(\w+)\* each", cell):
            return [self.record(records[1]) for _ in range(self.number(1))]
        if all_of := re.fullmatch(r"(\d+) each", cell):
            rest = self.take(len(self.content) - self.at)
            return [rest[at : at + int(all_of[1])] for at in range(0, len(rest), int(all_of[1]))]
        assert cell == "rest", cell
        return self.take(len(self.content) - self.at)

    def record(self, name: str) -> dict[str, Any]:
        return {field: self.value(cell) for field, cell in layout(name).rows}

    def records(self, name: str) -> list[dict[str, Any]]:
        found = []
        while self.at < len(self.content):
            found.append(self.record(name))
        return found


def number(value: bytes) -> int:
    return int.from_bytes(value, "little")


def whole(payload: bytes, name: str) -> dict[str, Any]:
    """A payload of one record and nothing else."""
    reader = Reader(payload)
    record = reader.record(name)
    assert reader.at == len(payload)
    return record


def frames(content: bytes, offset: int = 0) -> list[tuple[str, int, bytes]]:
    """Kind by its name, place and payload of each frame, their CRCs looked at as the page says."""
    kinds = dict(kinds_of_the_page())
    reader = Reader(content)
    found = []
    while reader.at < len(content):
        begin = offset + reader.at
        head = reader.record("Frame")
        assert reader.at + offset - begin == 16
        assert head["magic"] == bytes.fromhex("ca7e1f0c")
        assert head["zeros"] == bytes(3)
        payload = reader.take(number(head["length"]))
        kind = kinds[number(head["kind"])]
        store, segment = (bytes(16), 0) if kind == "HEADER" else (STORE_ID, SEGMENT)
        place = store + segment.to_bytes(8, "little") + begin.to_bytes(8, "little")
        checked = place + head["kind"] + head["length"] + payload
        assert number(head["crc"]) == crc32(checked, 0), kind
        assert not any(reader.take(-reader.at % 8))
        found.append((kind, begin, payload))
    return found


def payloads(content: bytes, offset: int = 0) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for kind, _, payload in frames(content, offset):
        found.setdefault(kind, []).append(payload)
    return found


def kinds_of_the_page() -> list[tuple[int, str]]:
    section = PAGE.partition("**Kinds**")[2].partition("\nA kind that is unknown")[0]
    return [(int(no), name) for no, name in NUMBERS.findall(section)]


def constants(source: str, module: str) -> list[tuple[int, str]]:
    text = (CORE / source).read_text(encoding="utf-8")
    body = text.partition(f"pub mod {module} {{")[2].partition("\n}")[0]
    pairs = re.findall(r"pub const (\w+): u8 = (\d+);", body)
    return sorted((int(no), name) for name, no in pairs)


GROUP = new_segment(*EVENTS)
WHOLE = content_of(GROUP)


def ledger_of(*groups: LogGroup) -> Ledger:
    ledger = Ledger(1000)
    for group in groups:
        ledger.apply(group)
    return ledger


def test_the_kinds_and_operations_are_those_of_the_code() -> None:
    assert kinds_of_the_page() == constants("log_frame.rs", "kind")
    operations = NUMBERS.findall(PAGE.partition("\n| op | | |")[2].partition("\n\n")[0])
    found = [(int(no), name) for no, name in operations]
    assert found == constants("log_record/settlement.rs", "op")


def test_the_bits_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (state|flags) \| 1 \| (.+) \|$", PAGE, re.MULTILINE))
    states = {int(no): word for no, word in re.findall(r"(\d+) (\w+)", rows["state"])}
    variants = re.findall(
        r"^    (\w+) = (\d+),$", (CORE / "log_record/delivery.rs").read_text(), re.MULTILINE
    )
    assert states == {int(no): name.lower() for name, no in variants}
    flags = [int(no) for no in re.findall(r"\b(\d+) ", rows["flags"])]
    assert flags == [no for no, _ in constants("log_record/head.rs", "flag")]


def test_the_lengths_that_are_told_are_the_sums_of_the_rows() -> None:
    told = {}
    for name in ("Header", "Trailer", "Head", "Delivery", "Settlement", "Known"):
        length, rows = layout(name)
        told[name] = length
        assert length == sum(least(cell) for _, cell in rows), name
    assert told == {
        "Header": 35,
        "Trailer": 16,
        "Head": 78,
        "Delivery": 42,
        "Settlement": 33,
        "Known": 40,
    }
    assert least(dict(layout("Event").rows)["head"]) == told["Head"]


def least(cell: str) -> int:
    """The least bytes of a field."""
    return int(re.findall(r"\d+", cell)[0])


def test_a_segment_begins_with_its_header() -> None:
    (kind, offset, payload), (after, begin, state), *_ = frames(WHOLE)
    assert (kind, offset, after, begin) == ("HEADER", 0, "STATE", 56)
    header = whole(payload, "Header")
    values = [number(header[field]) for field in ("version", "purpose", "segment", "size")]
    assert (values, header["store"]) == ([1, 0, SEGMENT, SIZE], STORE_ID)
    assert json.loads(state) == {"counter": 1}


def test_events_and_their_images_are_as_drawn() -> None:
    found = payloads(WHOLE)
    images = [whole(payload, "Image") for payload in found["IMAGE"]]
    keys = [image.image_key for event in EVENTS for image in event.images]
    assert [image["key"].decode() for image in images] == keys
    assert all(image["jpeg"] == JPEG for image in images)
    for no, (event, payload) in enumerate(zip(EVENTS, found["EVENT"], strict=True), 1):
        record = whole(payload, "Event")
        head = whole(record["head"], "Head")
        encoded, text_length = log_encode_event(event)
        assert record["json"] == encoded
        assert number(record["text_length"]) == text_length
        assert record["images"] == [number(images[no - 1]["no"])] == [100 * no]
        assert record["plate"].decode().casefold() == event.plate.text.casefold()
        assert number(head["seq"]) == number(head["stored_ns"]) == no
        assert head["id"].hex() == event.event_id
        assert number(head["at_utc_ns"]) == event.at_utc_ns
        assert number(head["vehicle"]) == log_vehicle_hash(event.stream_id, event.vehicle_no)
        assert (number(head["vehicle_no"]), number(head["car_id"])) == (no, no)
        (delivery,) = record["deliveries"]
        assert (number(delivery["profile"]), number(delivery["packet"])) == (1, no)
        assert (number(delivery["state"]), number(delivery["keys"])) == (1, 2**64 - 1)


def test_what_became_of_deliveries_is_as_drawn() -> None:
    ledger = ledger_of(GROUP)
    ledger.done(1, 1)
    ledger.park(2, 1, 5, 99, "refused", "no thanks")
    group = LogGroup(STORE_ID, SEGMENT, 4096)
    group.settled(ledger)
    (payload,) = payloads(content_of(group), 4096)["SETTLED"]
    settlements = Reader(payload).records("Settlement")
    assert [number(one["op"]) for one in settlements] == [1, 4]
    assert [number(one["seq"]) for one in settlements] == [1, 2]
    parked = settlements[1]
    assert (number(parked["number"]), number(parked["utc_ns"])) == (5, 99)
    assert (parked["why"], parked["words"]) == (b"refused", b"no thanks")


def test_what_outlives_an_event_is_as_drawn() -> None:
    ledger = ledger_of(GROUP)
    group = LogGroup(STORE_ID, SEGMENT, 4096)
    event = payloads(WHOLE)["EVENT"][0]
    group.text(ledger, event, packed(log_text(event)))
    group.ids(ledger, GROUP.digests())
    found = payloads(content_of(group), 4096)
    text = whole(found["TEXT"][0], "Event")
    assert (text["images"], text["deliveries"]) == ([], [])
    assert number(text["text_length"]) == len(text["json"])
    assert text["json"][:1] == b"x"
    assert "a zlib stream (RFC 1950) over the dictionary of `outbox/packing.py`" in PAGE
    dictionary = zlib.decompressobj(zdict=packing._DICTIONARY)
    assert json.loads(dictionary.decompress(text["json"]))["event_id"] == EVENTS[0].event_id
    known = Reader(found["IDS"][0]).records("Known")
    assert [one["id"].hex() for one in known] == [event.event_id for event in EVENTS]
    assert [number(one["seq"]) for one in known] == [1, 2, 3]


def test_an_erasure_is_as_drawn() -> None:
    group = LogGroup(STORE_ID, SEGMENT, 4096)
    group.erase(77, [1, 3])
    group.erased_done(77)
    found = payloads(content_of(group), 4096)
    erasure = whole(found["ERASE"][0], "Erasure")
    assert number(erasure["number"]) == number(found["ERASE_DONE"][0]) == 77
    assert [number(seq) for seq in erasure["seqs"]] == [1, 3]
    for frame in frames_of(GROUP.digests()):
        content = WHOLE[frame.offset : frame.offset + frame.length]
        over = log_erased_frame(STORE_ID, SEGMENT, frame.offset, content)
        ((kind, _, payload),) = frames(over, frame.offset)
        was = Reader(payload[1:])
        assert (kind, payload[0], len(over)) == ("ERASED", frame.kind, frame.length)
        if frame.kind == 4:
            summary = {field: was.value(cell) for field, cell in layout("Event").rows[:5]}
            assert number(whole(summary["head"], "Head")["flags"]) & 2
            assert (summary["images"], summary["plate"], summary["list"]) == ([], b"", b"")
            assert [number(one["state"]) for one in summary["deliveries"]] == [16]
        else:
            assert was.number(8) // 100 in {1, 2, 3}
        assert not any(was.take(len(payload) - 1 - was.at))


def test_a_directory_and_its_trailer_are_as_drawn() -> None:
    directory, trailer = log_directory(STORE_ID, SEGMENT, len(WHOLE), SIZE, GROUP.digests())
    ((kind, offset, payload),) = frames(directory, len(WHOLE))
    assert kind == "DIRECTORY"
    ((last, at, told),) = frames(trailer, SIZE - 32)
    assert (last, len(trailer)) == ("TRAILER", 32)
    place = whole(told, "Trailer")
    assert (number(place["offset"]), number(place["size"])) == (offset, len(directory))
    assert at == SIZE - 32
    written = {begin: (kind, length) for kind, begin, length in frames(WHOLE)}
    kinds = dict(kinds_of_the_page())
    digests = Reader(payload)
    seen = []
    while digests.at < len(payload):
        digest_kind = kinds[digests.number(1)]
        body = Reader(digests.take(digests.number(4)))
        seen.append(digest_kind)
        content = b""
        if digest_kind in {"EVENT", "IMAGE"}:
            begin, length = body.number(8), body.number(4)
            kind, content = written[begin]
            assert (kind, length) == (digest_kind, -(-(16 + len(content)) // 8) * 8)
        if digest_kind == "EVENT":
            summary = body.take(len(body.content) - body.at)
            assert content.startswith(summary)
        elif digest_kind == "IMAGE":
            record = whole(content, "Image")
            assert (body.take(8), body.number(4)) == (record["no"], len(record["jpeg"]))
            assert body.value("2 + n") == record["key"]
    assert seen == [kind for kind, *_ in frames(WHOLE) if kind != "HEADER"]


def test_what_is_filled_ends_at_a_block() -> None:
    group = LogGroup(STORE_ID, SEGMENT, 4096 + 64)
    group.image(1, "key", bytes((16 << 10) - 64))
    before = group.size
    assert before < 16 << 10
    group.fill_block()
    assert group.size == before
    group.image(2, "key", b"")
    before = group.size
    group.fill_block()
    assert "from 16 KiB on is filled with zeros up to the next 4096" in PAGE
    assert (4096 + 64 + group.size) % 4096 == 0
    assert content_of(group)[before:].strip(b"\0") == b""


def test_the_page_names_the_files_of_the_folder() -> None:
    section = PAGE.partition("### Beside the segments")[2].partition("\n## ")[0]
    names = set(re.findall(r"`([\w./-]+)`", section))
    named = {folder.SPARE, folder.FRESH, folder.MARK, folder.SOCKET, lock.NAME}
    assert named | {f"{folder.SET_ASIDE}/"} <= names
    assert f"two slots of {mark.SLOT_BYTES} bytes" in section
