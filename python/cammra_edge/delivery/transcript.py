"""What is kept of a try's bytes, for people: the beginning of request and answer, without pictures.

Held by `tests/delivery/test_transcript.py`.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cammra_edge.message import Files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cammra_edge.message import Message
    from cammra_edge.sinks.base import Sink
    from cammra_edge.sinks.exchange import Exchange

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 4 << 10
"""Of a message that is kept, what stands for its pictures included."""
_KNOWN_BY_BYTES: Final = 48
"""By so many of its first bytes a picture is known again; a multiple of 3, so that base64 ends with them."""
_FEWEST_BYTES: Final = 8
"""A shorter beginning is no picture's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The beginning of what one try sent and of what came back; `answer` is empty where nothing did."""

    request: bytes
    answer: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one try took, and what of it can be shown."""

    took_ns: int = 0
    size_bytes: int = 0
    transcript: Transcript | None = None


def kept_of(sink: Sink, message: Message, images: Mapping[str, bytes]) -> Transcript | None:
    """What is kept of a sink's last try; nothing where the sink is at fault, for it changes no outcome."""
    try:
        return transcript_of(message, images, sink.exchange())
    except Exception:  # noqa: BLE001 - as said
        _log.exception("no bytes to show")
        return None


def transcript_of(message: Message, images: Mapping[str, bytes], exchange: Exchange) -> Transcript:
    """What is kept of one try.

    Args:
        message: What was sent.
        images: The event's pictures, which are left out wherever they stand in it.
        exchange: What its sink tells of the rest.
    """
    pictures = [jpeg for jpeg in images.values() if len(jpeg) >= _FEWEST_BYTES]
    if not isinstance(message, Files):
        text = _without(message.content, pictures, MOST_BYTES)
    else:
        pieces: list[bytes] = []
        for file in message.files:
            room = MOST_BYTES - sum(map(len, pieces))
            if room <= 0:
                break
            head = f"{file.path}\n".encode(errors="replace")
            pieces.append(head + _without(file.content, pictures, room) + b"\n\n")
        text = b"".join(pieces)
    return Transcript(request=exchange.head + text, answer=exchange.answer)


def _without(content: bytes, pictures: Iterable[bytes], room: int) -> bytes:
    """As much of a content as there is room for, its pictures left out.

    Only the part that is kept is looked through, however long the content is.
    """
    known = [
        (begin, length, len(jpeg))
        for jpeg in pictures
        for begin, length in (
            (jpeg[:_KNOWN_BY_BYTES], len(jpeg)),
            (b64encode(jpeg[:_KNOWN_BY_BYTES]).rstrip(b"="), -(-len(jpeg) // 3) * 4),
        )
    ]
    pieces: list[bytes] = []
    at = 0
    while at < len(content) and room > 0:
        end = at + room
        found = [
            (place, length, size)
            for begin, length, size in known
            if (place := content.find(begin, at, end + len(begin))) in range(at, end)
        ]
        place, length, size = min(found, default=(end, 0, 0))
        pieces.append(content[at:place])
        room -= len(pieces[-1])
        at = place + length
        if length:
            pieces.append(b"[JPEG, %d bytes]" % size)
            room -= len(pieces[-1])
    if at < len(content):
        pieces.append(b"\n[+ %d bytes]" % (len(content) - at))
    return b"".join(pieces)
