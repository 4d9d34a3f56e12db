"""What a try's request and answer looked like beside the message itself, for people: without a secret.

Pure. Held by `tests/sinks/test_exchange.py`.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN: Final = "***"
"""Stands where a secret was."""
_HIDDEN: Final = HIDDEN.encode()
MOST_ANSWER_BYTES: Final = 4 << 10
"""Of an answer no more is handed over: cut once its secrets are hidden, so that no part of one is left."""
_COOKIE = re.compile(rb"(?im)^(set-cookie2?[ \t]*:)[^\r\n]*")
_ASKED = re.compile(rb"(?im)^((?:content-)?location[ \t]*:[^?\r\n]*\?)[^\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a sink can tell of its last try; both are empty where its protocol has nothing to show.

    `head` is what went ahead of the message, or would have gone; `answer` the beginning of what came back.
    """

    head: bytes = b""
    answer: bytes = b""


NO_EXCHANGE: Final = Exchange()


def without_query(target: str) -> str:
    """A request target of a person's own URL: what is asked there may be a key."""
    path, asked, _ = target.partition("?")
    return path + asked + HIDDEN if asked else path


class Veil:
    """Hides one profile's secrets in what its receiver answers.

    Args:
        secrets: What is hidden wherever an answer repeats it, in the spellings of JSON, URLs and HTML too.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spelled = {one for secret in filter(None, secrets) for one in _spellings(secret)}
        self._secrets = sorted(
            spelled, key=len, reverse=True
        )  # the longest first: one may stand in another

    def answer(self, head: bytes, body: bytes | bytearray, proof: str = "") -> bytes:
        """The beginning of an answer.

        Args:
            head: Its head as it came, with the line that ends it; of what is no HTTP, all of it.
            body: Its body.
            proof: What this very request proved who we are with.
        """
        head = _ASKED.sub(rb"\1***", _COOKIE.sub(rb"\1 ***", head))
        answer = head + body
        for secret in [proof.encode("latin-1"), *self._secrets] if proof else self._secrets:
            answer = answer.replace(secret, _HIDDEN)
        return answer[:MOST_ANSWER_BYTES]


def _spellings(secret: str) -> Iterator[bytes]:
    for text in (
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
    ):
        yield text.encode(errors="replace")
        yield text.encode("latin-1", errors="replace")
