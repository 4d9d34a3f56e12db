"""What was found as files: a table, JSON and the pictures, each made while it is written, whatever their number."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from cammra_edge.plates import file_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cammra_edge.search.words import Words

    Ask = Callable[[Words], dict[str, Any]]
    """One page for these words, as `answers.search_answer` gives it."""
    Image = Callable[[int, str], bytes | None]
    """A picture, by its event's `seq` and its key."""

COLUMNS = (
    "time", "plate", "exact", "kind", "direction", "region", "list", "list_mode", "confidence", "country", "vehicle",
    "states", "car", "event", "seq", "pictures",
)  # fmt: skip
PAGE = 200
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
"""Of a table's cells, by name: where the comma is the decimal sign, spreadsheets want another."""
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""At the begin of a file it says UTF-8, or else Excel takes the letters for others."""
_PIECE_BYTES = 1 << 16
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - a spreadsheet takes the wide ones, too


def safe_cell(value: object) -> object:
    """The value as a table may hold it: a spreadsheet takes a text that begins so for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def found_events(ask: Ask, words: Words, most: int | None = None) -> Iterator[dict[str, Any]]:
    """All events that are found, or so many, page by page."""
    cursor = words.get("cursor", "")
    left = most
    while left is None or left > 0:
        limit = PAGE if left is None else min(PAGE, left)
        page = ask({**words, "cursor": cursor, "limit": limit})
        yield from page["events"]
        cursor = page["cursor"]
        if not cursor:
            return
        if left is not None:
            left -= len(page["events"])


def exported(
    ask: Ask, image: Image, words: Words, *, most: int | None = None, separator: str = ","
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files of an export: `events.csv`, `events.json`, `pictures/…`; each is to be read before the next.

    What comes in meanwhile is in none of them.
    """
    newest = next(found_events(ask, words, 1), None)
    if newest is not None and not words.get("cursor"):
        words = {**words, "cursor": str(newest["seq"] + 1)}
    yield "events.csv", csv_lines(found_events(ask, words, most), separator)
    yield "events.json", json_lines(found_events(ask, words, most))
    for event in found_events(ask, words, most):
        for picture, name in zip(event["images"], picture_names(event), strict=True):
            jpeg = image(event["seq"], picture["key"])
            if jpeg is not None:
                yield name, (jpeg,)


def picture_names(event: dict[str, Any]) -> list[str]:
    """Where an export has the event's pictures: `pictures/12-1_1AB1234_license-plate-crop.jpg`."""
    plate = file_token(event["text"]) or "no-plate"
    return [
        f"pictures/{event['seq']}-{number}_{plate}_{picture['kind'].replace(' ', '-')}.jpg"
        for number, picture in enumerate(event["images"], start=1)
    ]


def csv_lines(events: Iterable[dict[str, Any]], separator: str = ",") -> Iterator[bytes]:
    """The events as a table with a line of heads, as spreadsheets open it."""
    out = io.StringIO()
    out.write(MARK)
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for event in events:
        row = {
            **event,
            "plate": event["text"],
            "region": event["roi"],
            "event": event["id"],
            "states": " ".join(event["states"]),
            "pictures": " ".join(picture_names(event)),
        }
        writer.writerow([safe_cell(row[name]) for name in COLUMNS])
        yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode("utf-8", "replace")


def together(pieces: Iterable[bytes], least_bytes: int = _PIECE_BYTES) -> Iterator[bytes]:
    """Some pieces at a time: each one of an answer costs a walk to another thread and back."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= least_bytes:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


def json_lines(events: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The events as one JSON array, an event a line."""
    before = "[\n"
    for event in events:
        plain = {**event, "pictures": picture_names(event)}
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        yield (before + text).encode("utf-8", "replace")
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


class _Pipe(io.RawIOBase):
    """What is written, until it is taken."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._waiting)
        self._waiting.clear()
        return data


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """The files as one ZIP, piece by piece."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, pieces in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o600 << 16
            is_picture = name.endswith(".jpg")
            info.compress_type = zipfile.ZIP_STORED if is_picture else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=not is_picture) as entry:
                for piece in pieces:
                    entry.write(piece)
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()
