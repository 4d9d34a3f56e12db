"""What a receiver's answer to one event means: the status decides, and the body only where a profile asks for it.

Pure but for the clock that `Retry-After` dates are read against. Held by `tests/sinks/test_http.py`.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks import failures
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.whys import Why
from cammra_edge.sinks.words import readable, unpacked

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.framing import HttpAnswer
    from cammra_edge.phrases import Said
    from cammra_edge.profile import HttpPost
    from cammra_edge.sinks.base import Outcome

OK: Final = range(200, 300)
REFUSED: Final = frozenset({401, 407})
"""The receiver, or the proxy, asks who we are."""
_BY_PROXY = 407
_MOVED = frozenset({301, 302, 303, 307, 308})
_BUSY = {408, 425, 429}
_SERVER_FAULTS = range(500, 600)
_MOST_RETRY_AFTER_S = 3600.0
_NS_PER_S = 1_000_000_000
_MEANINGS = {
    400: Why.CANNOT_READ,
    403: Why.FORBIDDEN,
    404: Why.NOTHING_AT_PATH,
    405: Why.NO_POST_THERE,
    411: Why.WANTS_LENGTH,
    413: Why.TOO_LARGE,
    415: Why.WRONG_KIND_OF_BODY,
    422: Why.FINDS_IT_INVALID,
}


def verdict(answer: HttpAnswer, protocol: HttpPost, *, sent_bytes: int, clock: Clock) -> Outcome:
    """The outcome that an answer stands for.

    Args:
        answer: Its body as far as it was read.
        protocol: How the event was sent.
        sent_bytes: Length of the event's body.
        clock: What a date in `Retry-After` is read against where the answer has no `Date`.
    """
    status, body, words = answer.status, answer.body, ""
    if body:
        body = unpacked(body, answer.value("content-encoding"))
        words = readable(body, answer.value("content-type"))
    if status in OK:
        return _success(answer, body, protocol.success_body, words)
    if status in REFUSED:
        return Misconfigured(refusal(status, protocol), words, status)
    if status in _BUSY or status in _SERVER_FAULTS:
        why = Why.BUSY_OR_FAILING(status=status)
        return TryLater(why, _retry_after(answer, clock), words, status)
    if status in protocol.also_delivered:
        return Delivered(Why.HAS_IT_ALREADY(status=status), words)
    if status in _MOVED:
        target = failures.printable(answer.value("location").partition("?")[0])
        why = Why.MOVED(status=status, target=target or "?")
        return GiveUp(why, words, status)
    meaning = _MEANINGS.get(status, Why.REFUSES_IT)()
    why = Why.NOT_TAKEN(status=status, meaning=meaning, size=sent_bytes)
    return GiveUp(why, words, status)


@lru_cache(maxsize=100)
def _taken(status: int) -> Said:
    """Of every message that is delivered."""
    return Why.STATUS(status=status)


def _success(answer: HttpAnswer, body: bytes, wanted: str, words: str) -> Outcome:
    status = answer.status
    if wanted and not holds(body, wanted):
        why = Why.STATUS_WITHOUT_WANTED(status=status)
        return TryLater(why, words=words, status=status)
    html = not wanted and answer.value("content-type").lower().startswith("text/html")
    if html and b"<form" in body:
        return Delivered(Why.STATUS_WITH_FORM(status=status), words)
    return Delivered(_taken(status), words)


def refusal(status: int, protocol: HttpPost) -> Said:
    """Who refuses what, for a 401 or 407."""
    if status == _BY_PROXY:
        return Why.PROXY_REFUSES_USER(status=status)
    if not protocol.user and not protocol.auth_header:
        return Why.ASKS_FOR_USER(status=status)
    return Why.REFUSES_USER(status=status)


def _retry_after(answer: HttpAnswer, clock: Clock) -> float | None:
    value = answer.value("retry-after")
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(max(float(value), 1.0), _MOST_RETRY_AFTER_S)
    until_s = _seconds_of(value)
    if until_s is None:
        return None
    # By the receiver's own clock where it tells it: ours may have started in 1970.
    now_s = _seconds_of(answer.value("date")) or clock.utc_ns() / _NS_PER_S
    return min(max(until_s - now_s, 1.0), _MOST_RETRY_AFTER_S)


def _seconds_of(date: str) -> float | None:
    """A header's date in seconds since 1970; `None` where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def holds(body: bytes, wanted: str) -> bool:
    """Whether an answer says what was asked for: each member of a JSON object, or a text anywhere."""
    try:
        members = json.loads(wanted)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        return wanted.encode() in body
    try:
        answered = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answered, dict) and all(
        key in answered and answered[key] == value for key, value in members.items()
    )
