"""Puts an event that came over MQTT together with its pictures, which came before it on topics of their own.

An event lists its pictures: their topics and SHA-256. Only when all of them are here, byte for byte, is it whole.
Held by `tests/receiver/test_published.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cammra_edge.receiver import contract
from cammra_edge.receiver.arrival import Picture, Way
from cammra_edge.receiver.parcel import Parcel
from cammra_edge.receiver.pictures import picture_problems
from cammra_edge.recording.jpegs import jpeg_size

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 64 << 20
"""Of pictures whose event has not come; the oldest give way."""
MOST_PICTURES: Final = 1000
_MOST_LISTED: Final = 16
_JSON: Final = "application/json"


class Result(StrEnum):
    """What a camera is told of its event; the values are the wire's."""

    OK = "ok"
    RETRY = "retry"
    REFUSE = "refuse"


class NotHereError(Exception):
    """A picture that the event lists is missing, or is another one."""


class UnreadableError(Exception):
    """It is no event, or says nothing that can be understood of its pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An event as it was published.

    Args:
        topic: Where.
        content: Its bytes.
        content_type: Its media type; empty where it was not said.
        properties: What was said beside it.
    """

    topic: str
    content: bytes
    content_type: str
    properties: Mapping[str, str]

    @property
    def event_id(self) -> str:
        """Its id; empty without one."""
        return self.properties.get("ce_id", "")


class Pictures:
    """Pictures that wait for their events, in bounded memory."""

    def __init__(self) -> None:
        self._by_topic: dict[str, bytes] = {}
        self._size_bytes = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._by_topic)

    def put(self, topic: str, jpeg: bytes) -> None:
        """One came; it replaces what came on its topic before."""
        self._drop(topic)
        self._by_topic[topic] = jpeg
        self._size_bytes += len(jpeg)
        while self._size_bytes > MOST_BYTES or len(self._by_topic) > MOST_PICTURES:
            self._drop(next(iter(self._by_topic)))

    def of(self, event: Published) -> list[Picture]:
        """Those that an event lists, in its order.

        Raises:
            UnreadableError: What it says of them cannot be understood.
            NotHereError: One is missing, or has other bytes.
        """
        pictures: list[Picture] = []
        for topic, kind, digest in _listed(event.properties.get("images", "[]")):
            jpeg = self._by_topic.get(topic)
            if jpeg is None:
                raise NotHereError(f"picture {kind!r} has not come")
            if hashlib.sha256(jpeg).hexdigest() != digest:
                raise NotHereError(f"picture {kind!r} has another SHA-256 than its event says")
            width, height = jpeg_size(jpeg) or (0, 0)
            pictures.append(Picture("", kind, jpeg, "", width, height))
        return pictures

    def forget(self, event: Published) -> None:
        """Its pictures are kept elsewhere now."""
        for topic, _, _ in _listed(event.properties.get("images", "[]")):
            self._drop(topic)

    def _drop(self, topic: str) -> None:
        self._size_bytes -= len(self._by_topic.pop(topic, b""))


def parcel_of(event: Published, pictures: list[Picture]) -> Parcel:
    """The event, with what is wrong with it where it is the FF JSON; other payloads are only kept.

    Raises:
        UnreadableError: It says that it is JSON, and is none.
    """
    if event.content_type.partition(";")[0].strip().lower() not in {"", _JSON}:
        return Parcel(Way.MQTT, event.content, {}, tuple(pictures), ())
    body, problems = contract.parse_event(event.content)
    if not body:
        raise UnreadableError("; ".join(problems) or "it is empty")
    problems += contract.problems(body)
    if "images_too_large" not in event.properties:
        problems += picture_problems(body, pictures, Way.MQTT)
    return Parcel(Way.MQTT, event.content, body, tuple(pictures), tuple(problems))


def _listed(text: str) -> list[tuple[str, str, str]]:
    """Topic, kind and SHA-256 of each picture."""
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("images is no JSON") from error
    if not isinstance(listed, list) or len(listed) > _MOST_LISTED:
        raise UnreadableError(f"images is no list of at most {_MOST_LISTED}")
    return [_one_listed(one) for one in listed]


def _one_listed(one: object) -> tuple[str, str, str]:
    if isinstance(one, dict):
        match one.get("topic"), one.get("kind"), one.get("sha256"):
            case str(topic), str(kind), str(digest):
                return topic, kind, digest
    raise UnreadableError("images: each wants a topic, a kind and a sha256")
