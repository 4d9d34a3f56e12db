"""Which cameras say over MQTT that they are there and work; told in words, once for each change.

Pure: times are arguments. What comes is hostile: topics and codes of other letters than ours are passed over, and only
so many cameras are remembered. Held by `tests/receiver/test_cameras.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

GONE_AFTER_S: Final = 30.0
"""A reconnect lets the broker say that a camera is gone, too."""
MOST: Final = 10_000
_LEVEL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_BOOT: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_MOST_CODES: Final = 20


@dataclass(slots=True)
class _Camera:
    boot: str = ""
    is_there: bool = False
    gone_ns: int | None = None
    reasons: tuple[str, ...] = ()


class Cameras:
    """See the module; `tell` gets a line."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._known: dict[str, _Camera] = {}

    def take(self, site: str, device: str, kind: str, content: bytes, now_mono_ns: int) -> None:
        """Take in a message of a camera's topic `state` or `health`."""
        said = _object(content)
        if said is None or not (_LEVEL.fullmatch(site) and _LEVEL.fullmatch(device)):
            return
        name = f"{site}/{device}"
        if name not in self._known and len(self._known) >= MOST:
            return
        camera = self._known.setdefault(name, _Camera())
        if kind == "state":
            self._take_state(name, camera, said, now_mono_ns)
        else:
            self._take_health(name, camera, said)

    def tick(self, now_mono_ns: int) -> None:
        """Tell of those that did not come back."""
        for name, camera in self._known.items():
            if camera.gone_ns is not None and now_mono_ns >= camera.gone_ns:
                camera.gone_ns, camera.is_there = None, False
                self._tell(f"{name} is gone")

    def _take_state(
        self, name: str, camera: _Camera, said: dict[str, Any], now_mono_ns: int
    ) -> None:
        boot, online = said.get("boot"), said.get("online")
        if not isinstance(boot, str) or not _BOOT.fullmatch(boot) or not isinstance(online, bool):
            return
        if not online:
            # Of a start that another has followed, or of a camera that was never there, nothing is told.
            if camera.is_there and boot == camera.boot and camera.gone_ns is None:
                camera.gone_ns = now_mono_ns + round(GONE_AFTER_S * NS_PER_S)
            return
        if not camera.is_there:
            self._tell(f"{name} is there")
        elif boot != camera.boot:
            self._tell(f"{name} was started anew")
        camera.boot, camera.is_there, camera.gone_ns = boot, True, None

    def _take_health(self, name: str, camera: _Camera, said: dict[str, Any]) -> None:
        told = said.get("reasons")
        if not isinstance(told, list):
            return
        reasons = tuple(
            code for code in told[:_MOST_CODES] if isinstance(code, str) and _CODE.fullmatch(code)
        )
        if reasons != camera.reasons:
            camera.reasons = reasons
            self._tell(f"{name} fails: {', '.join(reasons)}" if reasons else f"{name} works again")


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
