"""The table of a tracker: columns found by their names, rows grouped by frame.

Trackers agree on nothing, so each meaning has a list of the names in use; a box is one column of four numbers
(`[x1 y1 x2 y2]`, any brackets and separators) or four columns. An error names what could not be found, and what
the file has.

Held by `tests/recording/test_tracker_csv.py`.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cammra_edge.errors import RecordingError
from cammra_edge.model import Direction, PlateRead
from cammra_edge.recording.reads import MAX_ROI, MAX_TRACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cammra_edge.model import Box
    from cammra_edge.recording.reader import Faults

MAX_ROWS = 5_000_000

_NAMES = {
    "frame": (
        "frame_nmr",
        "frame",
        "frame_no",
        "frame_number",
        "frame_id",
        "frame_num",
        "frame_index",
    ),
    "track": ("car_id", "track", "track_id", "vehicle_id", "object_id", "obj_id", "id"),
    "text": ("license_number", "plate_text", "license_plate", "plate_number", "text", "plate"),
    "confidence": (
        "license_number_score",
        "text_score",
        "plate_text_score",
        "ocr_confidence",
        "text_confidence",
        "confidence",
        "score",
    ),
    "country": ("country", "plate_country"),
    "direction": ("direction",),
    "roi": ("roi", "roi_id", "zone"),
    "t_ns": ("t_ns",),
    "t_us": ("t_us", "time_us"),
    "t_ms": ("t_ms", "time_ms", "timestamp_ms", "pos_msec"),
    "t_s": ("t_s", "time_s", "timestamp_s"),
}
_BOX_COLUMNS = {
    "vehicle": ("car_bbox", "vehicle_bbox", "vehicle_box", "car_box", "bbox", "box", "vehicle"),
    "plate": ("license_plate_bbox", "plate_bbox", "plate_box", "lp_bbox", "license_plate_box"),
}
_BOX_PREFIXES = {
    "vehicle": ("vehicle_", "car_", "bbox_", "bb_", ""),
    "plate": ("license_plate_", "plate_", "lp_"),
}
_BOX_SIDES = {
    "xyxy": (
        ("x1", "y1", "x2", "y2"),
        ("xmin", "ymin", "xmax", "ymax"),
        ("left", "top", "right", "bottom"),
    ),
    "xywh": (
        ("x", "y", "w", "h"),
        ("x", "y", "width", "height"),
        ("left", "top", "width", "height"),
    ),
}
_UNITS_NS = {"t_ns": 1, "t_us": 1_000, "t_ms": 1_000_000, "t_s": 1_000_000_000}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NO_TEXT = frozenset({"", "0", "-1", "nan", "none", "null"})
_CONFIDENCE_DIGITS = 6


class BoxStyle(StrEnum):
    """What four numbers in one column mean."""

    CORNERS = "xyxy"
    SIZE = "xywh"


@dataclass(frozen=True, slots=True)
class TableFrame:
    """One frame of the table; `t_ns` only where the table has times."""

    frame: int
    t_ns: int | None
    reads: tuple[PlateRead, ...]


@dataclass(frozen=True, slots=True)
class _BoxColumns:
    names: tuple[str, ...]
    style: BoxStyle


def read_table(
    path: Path, *, faults: Faults, country: str = "", boxes: BoxStyle = BoxStyle.CORNERS
) -> list[TableFrame]:
    """All frames of a tracker's table that have reads, in order.

    Args:
        path: The CSV file, with a header; `,`, `;` or tab between its fields.
        faults: Collects the rows that were left out.
        country: Of every plate, where the table has no such column.
        boxes: What a box in one column means: two corners, or corner and size.

    Raises:
        RecordingError: The file cannot be read, or has no column for the frame or for the track.
    """
    frames: dict[int, list[PlateRead]] = {}
    times: dict[int, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            delimiter = max(",;\t", key=head.count)
            file.seek(0)
            rows = csv.DictReader(file, delimiter=delimiter)
            columns = _Columns(path, rows.fieldnames or (), boxes)
            for number, row in enumerate(rows, start=2):
                if number > MAX_ROWS:
                    faults.add(f"{path.name}: more than {MAX_ROWS} rows; the rest is left out")
                    break
                try:
                    frame, t_ns, read = columns.read(row, country)
                except ValueError as error:
                    faults.add(f"{path.name} line {number}: {error}")
                    continue
                frames.setdefault(frame, []).append(read)
                if t_ns is not None:
                    times.setdefault(frame, t_ns)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: is no CSV table ({error})") from None
    return [TableFrame(frame, times.get(frame), tuple(frames[frame])) for frame in sorted(frames)]


class _Columns:
    """Where each meaning stands in this table."""

    def __init__(self, path: Path, names: Sequence[str], boxes: BoxStyle) -> None:
        plain = {name.strip().lower().replace(" ", "_"): name for name in names if name}
        self._of = {
            meaning: found
            for meaning, known in _NAMES.items()
            if (found := next((plain[name] for name in known if name in plain), None))
        }
        for needed in ("frame", "track"):
            if needed not in self._of:
                raise RecordingError(
                    f"{path}: has no column for the {needed} (one of {', '.join(_NAMES[needed])});"
                    f" it has {', '.join(plain) or 'no header'}"
                )
        self._boxes = {what: _box_columns(plain, what, boxes) for what in _BOX_COLUMNS}

    def read(self, row: Mapping[str, str], country: str) -> tuple[int, int | None, PlateRead]:
        def field(meaning: str) -> str:
            return (row.get(self._of.get(meaning, "")) or "").strip()

        text = field("text")
        direction = field("direction").lower()
        score = field("confidence")
        read = PlateRead(
            track=_whole("track", field("track"), MAX_TRACK),
            text=None if text.lower() in _NO_TEXT else text,
            confidence=round(_numbers("confidence", score, 1)[0], _CONFIDENCE_DIGITS)
            if score
            else 0.0,
            vehicle=_box(row, self._boxes["vehicle"]),
            plate=_box(row, self._boxes["plate"]),
            country=field("country") or country,
            direction=Direction(direction) if direction in ("in", "out") else None,
            roi=_whole("roi", field("roi"), MAX_ROI) if field("roi") else None,
        )
        t_ns = next(
            (
                round(_numbers(unit, field(unit), 1)[0] * factor)
                for unit, factor in _UNITS_NS.items()
                if field(unit)
            ),
            None,
        )
        return _whole("frame", field("frame"), 1 << 40), t_ns, read


def _box_columns(plain: Mapping[str, str], what: str, boxes: BoxStyle) -> _BoxColumns | None:
    for name in _BOX_COLUMNS[what]:
        if name in plain:
            return _BoxColumns((plain[name],), boxes)
    for prefix in _BOX_PREFIXES[what]:
        for style, known in _BOX_SIDES.items():
            for sides in known:
                names = [prefix + side for side in sides]
                if all(name in plain for name in names):
                    return _BoxColumns(tuple(plain[name] for name in names), BoxStyle(style))
    return None


def _box(row: Mapping[str, str], columns: _BoxColumns | None) -> Box | None:
    text = " ".join(row.get(name) or "" for name in columns.names) if columns else ""
    if columns is None or not text.strip():
        return None
    x, y, third, fourth = _numbers("a box", text, 4)
    if columns.style is BoxStyle.CORNERS:
        third, fourth = third - x, fourth - y
    return (round(x), round(y), round(third), round(fourth))


def _numbers(what: str, text: str, count: int) -> list[float]:
    numbers = [float(found) for found in _NUMBER.findall(text)]
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{what} is {text[:60]!r}: want {count} number{'s' * (count > 1)}")
    return numbers


def _whole(what: str, text: str, most: int) -> int:
    (number,) = _numbers(what, text, 1)
    if not number.is_integer() or not 0 <= number <= most:
        raise ValueError(f"{what} is {text[:60]!r}: want a whole number from 0 to {most}")
    return int(number)
