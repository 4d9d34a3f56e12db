"""Who opens a connection, where the receiver is told, or where it lasts while nothing is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NOT_IN_LEVEL = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_LEVEL = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a way out may have to know of its profile and camera.

    Args:
        serial: The camera's serial number.
        key: The profile's key.
        spread_s: The profile's setting.
        test: It is a Test, which takes nobody's place.
    """

    serial: str = ""
    key: str = ""
    spread_s: float = 0.0
    test: bool = False


NOBODY: Final = Caller()


def level_of(serial: str) -> str:
    """A camera's serial number as one level of a topic; a camera without one is `camera`."""
    return _NOT_IN_LEVEL.sub("", serial)[:_LONGEST_LEVEL] or "camera"
