"""Checks the one member that is ours, where a profile sends it; names typed a second time, as in `contract`.

Source: `docs/ref/wire.md`. `tests/receiver/test_extension.py` breaks every rule once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MEMBER: Final = "cammra_edge"
SCHEMA: Final = "1"
_SHOWN = 60
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NS = re.compile(r"-?\d{1,19}", re.ASCII)
_COUNT = re.compile(r"[1-9]\d{0,18}", re.ASCII)
_CONFIDENCE = re.compile(r"0\.\d{6}|1\.000000", re.ASCII)
_REASONS = ("", "agreement", "timeout", "end")


def event_id_of(body: Mapping[str, object]) -> str:
    """The event's id, where the sender's own member tells it."""
    own = body.get(MEMBER)
    event_id = own.get("event_id") if isinstance(own, dict) else None
    return event_id if isinstance(event_id, str) and _ID.fullmatch(event_id) else ""


def extension_problems(body: Mapping[str, object], *, is_lost: bool = False) -> Iterator[str]:
    """What is wrong with the member, a sentence each; nothing where it is not sent.

    Args:
        body: The event's members.
        is_lost: It is a Lost.
    """
    if MEMBER not in body:
        return
    if list(body)[-1] != MEMBER:
        yield f"{MEMBER} is not the last member"
    own = body[MEMBER]
    if not isinstance(own, dict):
        yield f"{MEMBER} is {_shown(own)}: want an object"
        return
    if missing := [name for name in _MEMBERS if name not in own]:
        yield f"{MEMBER}: missing: {', '.join(missing)}"
    if _is_text(version := own.get("schema")) and version != SCHEMA:
        return  # a later version, of which we know nothing more
    if unknown := [name for name in own if name not in _MEMBERS]:
        yield f"{MEMBER}: not in the contract: {', '.join(unknown)[:_SHOWN]}"
    for name, (fits, want) in _MEMBERS.items():
        if name in own and not fits(own[name]):
            yield f"{MEMBER}.{name} is {_shown(own[name])}: want {want}"
    if is_lost and own.get("final") is False:
        yield f"{MEMBER}.final is False: want true in lost"


def _shown(value: object) -> str:
    return repr(value)[:_SHOWN]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _matches(pattern: re.Pattern[str], *, or_empty: bool = False) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, str) and bool(pattern.fullmatch(value) or (or_empty and not value))
    )


def _is_list_of(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_object(members: Mapping[str, Callable[[object], bool]]) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, dict)
        and list(value) == list(members)
        and all(fits(value[name]) for name, fits in members.items())
    )


_is_time = _matches(_NS)
_is_time_or_nothing = _matches(_NS, or_empty=True)
_is_repeat = _is_object({"count": _matches(_COUNT), "first_seen": _is_time, "last_seen": _is_time})
_MEMBERS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "event_id": (_matches(_ID), "32 hex digits"),
    "schema": (_is_text, "a text"),
    "changed": (_is_list_of(_is_text), "a list of texts"),
    "previous_plate": (_is_text, "a text"),
    "final": (lambda value: isinstance(value, bool), "true or false"),
    "candidates": (
        _is_list_of(_is_object({"text": _is_text, "confidence": _matches(_CONFIDENCE)})),
        "a list of texts with their confidences",
    ),
    "reliable_by": (lambda value: value in _REASONS, "agreement, timeout, end or empty"),
    "image_text": (_is_text, "a text"),
    "image_utc_ns": (_is_time_or_nothing, "nanoseconds since 1970, or empty"),
    "first_seen": (_is_time, "nanoseconds since 1970"),
    "last_seen": (_is_time_or_nothing, "nanoseconds since 1970, or empty"),
    "repeat": (
        lambda value: value is None or _is_repeat(value),
        "null, or count, first_seen and last_seen",
    ),
    "clock_synced": (
        lambda value: value is None or isinstance(value, bool),
        "true, false or null",
    ),
}
