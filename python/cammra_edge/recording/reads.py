"""One line of `reads.jsonl`: parse it, write it.

Everything in the file comes from outside. A broken line or read is left out with one sentence that says what is
wrong with it; nothing is guessed.

Held by `tests/recording/test_reads.py`.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from cammra_edge.errors import RecordingError
from cammra_edge.model import VEHICLE_TEXTS, Direction, PlateRead, VehicleInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cammra_edge.model import Box, FrameTime

MAX_LINE_BYTES = 1 << 20
MAX_READS_PER_FRAME = 4096
MAX_TRACK = (1 << 32) - 1
"""Track ids stay below this, so that a loop can add its own number above them."""
MAX_TIME_NS = 1 << 60
MAX_UTC_NS = MAX_TIME_NS * 4
MAX_ROI = 255

_DIRECTIONS = frozenset(direction.value for direction in Direction)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_TEXTS = ("country", "region", "region_code", "iso3166_2")
_INFO_NUMBERS = ("confidence_mmr", "confidence_colour")


@dataclass(frozen=True, slots=True)
class FrameReads:
    """The reads of one frame, and how many of the line's reads were left out, with the reasons."""

    frame: int
    t_ns: int
    reads: tuple[PlateRead, ...]
    left_out: tuple[str, ...] = ()
    utc_ns: int | None = None
    clock_synced: bool | None = None


class _BrokenError(Exception):
    """What is wrong, as one sentence."""


def _refuse(name: str, value: object, want: str) -> NoReturn:
    raise _BrokenError(f"{name} is {repr(value)[:60]}: want {want}")


def parse_line(line: bytes, *, first_track: int = 0) -> FrameReads:
    """Read one line.

    Args:
        line: Without its end.
        first_track: Added to every track id.

    Raises:
        RecordingError: The line as a whole cannot be used; says why, not where.
    """
    try:
        raw = _object(json.loads(line, parse_constant=_no_constant))
        frame = _whole(raw, "frame", MAX_TIME_NS)
        t_ns = _whole(raw, "t_ns", MAX_TIME_NS)
        reads = _reads(raw)
        utc_ns = None if raw.get("utc_ns") is None else _whole(raw, "utc_ns", MAX_UTC_NS)
        clock_synced = _flag(raw, "clock_synced")
    except _BrokenError as broken:
        raise RecordingError(str(broken)) from None
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"no JSON ({error})") from None
    good: list[PlateRead] = []
    left_out: list[str] = []
    for number, raw_read in enumerate(reads):
        try:
            good.append(_read(raw_read, first_track))
        except _BrokenError as broken:
            left_out.append(f"reads[{number}]: {broken}")
    return FrameReads(frame, t_ns, tuple(good), tuple(left_out), utc_ns, clock_synced)


def format_line(
    frame: int, t_ns: int, reads: Sequence[PlateRead], at: FrameTime | None = None
) -> bytes:
    """Write one line, keys in the order of the format's description, unknown ones left out.

    Args:
        frame: Its number.
        t_ns: Since the recording's start.
        reads: What was read in it.
        at: What the wall clock said, and whether it was set, where that is to be kept.
    """
    row: dict[str, object] = {"frame": frame, "t_ns": t_ns}
    if at is not None:
        # What the reader would refuse says nothing: a clock before 1970.
        if 0 <= at.utc_ns <= MAX_UTC_NS:
            row["utc_ns"] = at.utc_ns
        if at.clock_synced is not None:
            row["clock_synced"] = at.clock_synced
    row["reads"] = [_as_json(read) for read in reads]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _object(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise _BrokenError("want a JSON object")
    return raw


def _reads(raw: Mapping[str, object]) -> list[object]:
    reads = raw.get("reads")
    if not isinstance(reads, list) or len(reads) > MAX_READS_PER_FRAME:
        raise _BrokenError(f"reads: want a list of at most {MAX_READS_PER_FRAME}")
    return reads


def _no_constant(name: str) -> NoReturn:
    raise _BrokenError(f"{name} is no number")


def _whole(raw: Mapping[str, object], name: str, most: int) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        _refuse(name, value, f"a whole number from 0 to {most}")
    return value


def _read(read: object, first_track: int) -> PlateRead:
    raw = _object(read)
    direction = _text(raw, "direction")
    if direction is not None and direction not in _DIRECTIONS:
        _refuse("direction", direction, "in, out or unknown")
    return PlateRead(
        track=first_track + _whole(raw, "track", MAX_TRACK),
        text=_text(raw, "text"),
        confidence=_number(raw, "confidence") or 0.0,
        vehicle=_box(raw, "vehicle"),
        plate=_box(raw, "plate"),
        country=_text(raw, "country") or "",
        region=_text(raw, "region") or "",
        region_code=_text(raw, "region_code") or "",
        iso3166_2=_text(raw, "iso3166_2") or "",
        roi=None if raw.get("roi") is None else _whole(raw, "roi", MAX_ROI),
        # "unknown" leaves it to the boxes, as a missing key does.
        direction=None if direction in (None, Direction.UNKNOWN) else Direction(direction),
        info=None if raw.get("info") is None else _info(_object(raw["info"])),
    )


def _flag(raw: Mapping[str, object], name: str) -> bool | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, bool):
        _refuse(name, value, "true or false")
    return value


def _text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        _refuse(name, value, "a text")
    if value is not None and not value.isascii() and _HALF_CHARACTER.search(value):
        _refuse(name, value, "a text without half characters")
    return value


def _number(raw: Mapping[str, object], name: str) -> float | None:
    value = raw.get(name)
    return None if value is None else _finite(name, value)


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(name, value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(name, value, "a finite number")
    return number


def _box(raw: Mapping[str, object], name: str) -> Box | None:
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4 or None in value:  # noqa: PLR2004 - x, y, width, height
        _refuse(name, value, "four numbers [x, y, width, height]")
    x, y, width, height = value
    return _finite(name, x), _finite(name, y), _finite(name, width), _finite(name, height)


def _info(raw: Mapping[str, object]) -> VehicleInfo:
    known: dict[str, Any] = {name: _text(raw, name) or "" for name in VEHICLE_TEXTS}
    known |= {name: _number(raw, name) for name in _INFO_NUMBERS}
    return VehicleInfo(**known)


def _as_json(read: PlateRead) -> dict[str, object]:
    info = read.info
    row: dict[str, object] = {
        "track": read.track,
        "vehicle": _whole_where_exact(read.vehicle),
        "plate": _whole_where_exact(read.plate),
        "text": read.text,
        "confidence": read.confidence,
        **{name: getattr(read, name) or None for name in _TEXTS},
        "roi": read.roi,
        "direction": read.direction,
    }
    if info is not None:
        fields = {name: getattr(info, name) for name in VEHICLE_TEXTS + _INFO_NUMBERS}
        row["info"] = {name: value for name, value in fields.items() if value not in ("", None)}
    return {name: value for name, value in row.items() if value is not None}


def _whole_where_exact(box: Box | None) -> list[float] | None:
    if box is None:
        return None
    return [int(side) if float(side).is_integer() else side for side in box]
