"""Names of files, and times as the wire writes them.

What cameras read comes from outside, and is made harmless before it becomes part of a name.

Invariant, held by `tests/payload/test_ff.py` with hostile texts: an image's or event's file name
consists of `[A-Za-z0-9._]`, has no leading dot and at most 120 characters.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cammra_edge.plates import ascii_text, file_token

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = [
    "ascii_text",
    "file_name",
    "file_token",
    "in_zone",
    "local_stamp",
    "local_time",
    "utc_text",
]

_LONGEST_NAME = 120
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_NS_PER_S = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def file_name(text: str) -> str:
    """Any text as a file name: `[A-Za-z0-9._-]`, no leading dot, at most 120 characters."""
    return _NOT_IN_NAME.sub("", ascii_text(text)).lstrip(".")[:_LONGEST_NAME]


@lru_cache(maxsize=16)
def zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; `None` (the machine's own) for an empty one."""
    if not name:
        return None
    from zoneinfo import ZoneInfo as Zone  # noqa: PLC0415 - most cameras keep the machine's zone

    return Zone(name)


def local_time(utc_ns: int, zone_name: str) -> datetime:
    """The time in the camera's zone, to the second."""
    return in_zone(_utc_time(utc_ns), zone_name)


def in_zone(at: datetime, zone_name: str) -> datetime:
    """The same moment in the camera's zone."""
    # An empty name means the machine's zone: a camera has one set, and the wire carries none.
    try:
        return at.astimezone(zone(zone_name))
    except (OverflowError, OSError, ValueError):
        # So far away that the machine does not know its own zone.
        return at


def _utc_time(utc_ns: int) -> datetime:
    # Not `fromtimestamp`: where the C library counts seconds in 32 bits, as on many armv7 cameras, that ends in 2038.
    return _EPOCH + timedelta(seconds=utc_ns // _NS_PER_S)


def utc_text(utc_ns: int) -> str:
    """`2023-03-10T10:13:24.000Z`."""
    at = _utc_time(utc_ns)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{utc_ns % _NS_PER_S // 1_000_000:03d}Z"


def stamp(at: datetime) -> str:
    """`YYYYMMDDHHMMSS`."""
    return f"{at.year:04d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}{at.second:02d}"


@lru_cache(maxsize=64)  # the same second is asked for several times an event
def local_stamp(utc_s: int, zone_name: str) -> str:
    """`YYYYMMDDHHMMSS` in the camera's zone."""
    return stamp(local_time(utc_s * _NS_PER_S, zone_name))
