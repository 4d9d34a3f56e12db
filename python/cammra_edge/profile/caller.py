"""Who opens a connection, where the receiver is told, or where it lasts while nothing is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field
from typing import Final

_NOT_IN_LEVEL = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_LEVEL = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What a connection that lasts says of the camera itself, beside all events.

    Args:
        state_topic: Where it says that it is there; empty: this connection says nothing of the camera.
        online: What it says there.
        offline: What is said when the connection ends, by it or by the broker.
        health_topic: Where it says how it is.
        health: How it is now; asked from another thread than the engine's.
        documents: What else is kept by topic, such as the one by which Home Assistant finds the camera; an empty one
            removes what was kept there.
        taken: Topics of documents that the broker has taken; the connection adds to it.
    """

    state_topic: str = ""
    online: bytes = b""
    offline: bytes = b""
    health_topic: str = ""
    health: Callable[[], bytes] = bytes
    documents: Mapping[str, bytes] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a way out may have to know of its profile and camera.

    Args:
        serial: The camera's serial number.
        key: The profile's key.
        spread_s: The profile's setting.
        test: It is a Test, which takes nobody's place.
        presence: What its connection says of the camera itself; `None` for nothing.
    """

    serial: str = ""
    key: str = ""
    spread_s: float = 0.0
    test: bool = False
    presence: Presence | None = None


NOBODY: Final = Caller()


def level_of(serial: str) -> str:
    """A camera's serial number as one level of a topic; a camera without one is `camera`."""
    return _NOT_IN_LEVEL.sub("", serial)[:_LONGEST_LEVEL] or "camera"
