"""Times as people write them: ISO 8601, in the camera's zone where they name none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cammra_edge.errors import ConfigError
from cammra_edge.payload.naming import zone
from cammra_edge.phrases import Phrase

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US_NS = 1_000
_DATE_LETTERS = len("2026-11-26")
_MOST_NS = 2**63 - 1


class TimeWant(Phrase):
    """What a text must be to name a moment."""

    TIME = "a time since 1970, such as 2026-11-26, 2026-11-26T10:14 or 2026-11-26T10:14:59+01:00"


def utc_ns_from(field: str, text: str, zone_name: str, *, to_its_end: bool = False) -> int:
    """The moment that a text names.

    Args:
        field: Whose text it is, for the refusal.
        text: ISO 8601. A date alone is its midnight.
        zone_name: The zone of a text without one: an IANA name, or empty for the machine's.
        to_its_end: A date alone is the end of that day instead.

    Raises:
        ConfigError: It names none.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        if to_its_end and len(text.strip()) <= _DATE_LETTERS:
            at += timedelta(days=1)
        if at.tzinfo is None:
            named = zone(zone_name)
            at = at.astimezone() if named is None else at.replace(tzinfo=named)
        utc_ns = (at - _EPOCH) // timedelta(microseconds=1) * _US_NS
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(field, text[:40], TimeWant.TIME()) from error
    if not 0 <= utc_ns <= _MOST_NS:
        raise ConfigError(field, text[:40], TimeWant.TIME())
    return utc_ns


def iso_from(utc_ns: int, zone_name: str) -> str:
    """The moment with date and zone, to the millisecond."""
    at = _EPOCH + timedelta(microseconds=utc_ns // _US_NS)
    return at.astimezone(zone(zone_name)).isoformat(timespec="milliseconds")
