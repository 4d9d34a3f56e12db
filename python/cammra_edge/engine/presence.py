"""What the engine has a broker told of the camera: by which profile's connection, and how the camera is now.

A document for Home Assistant outlives us at the broker. So that it goes when it is no longer wanted, also by a script
that was changed while nothing ran, a file beside the outbox's notes which profile put one where.
Held by `tests/engine/test_presence.py`.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from cammra_edge.clock import SyncedClock
from cammra_edge.config.channel import channel_of
from cammra_edge.config.fingerprint import fingerprint
from cammra_edge.engine.health import health_of
from cammra_edge.engine.keepalive import package_version, profile_health
from cammra_edge.files import read_json, write_json
from cammra_edge.payload import presence as documents
from cammra_edge.profile import Presence
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.engine.status import EngineStatus
    from cammra_edge.profile import Profile

_log = logging.getLogger(__name__)


class EnginePresence:
    """See the module. `boot` names this start.

    Args:
        status: How the engine is.
        noted: The file that notes the documents.
        clock: Where the time comes from.
    """

    def __init__(self, status: Callable[[], EngineStatus], noted: Path, clock: Clock) -> None:
        self.boot = os.urandom(8).hex()
        self._status = status
        self._path = noted
        self._clock = clock
        self._began_mono_ns = clock.mono_ns()
        self._fingerprint = ""
        self._channel = ""
        self._wanted = ("", "")
        self._noted = _read(noted)
        self._said: dict[str, Presence] = {}

    def apply(self, settings: Settings) -> set[str]:
        """Go by these settings; returns the keys of profiles whose connection says something else from now on."""
        self._forget_taken()
        channel = channel_of(settings.profiles)
        before, self._channel = self._channel, "" if channel is None else channel.key
        way = None if channel is None else channel.protocol.presence_way()
        self._wanted = ("", "")
        if way is not None:
            self._wanted = way.broker, documents.discovery_topic(way, settings.device)
        self._fingerprint = fingerprint(settings)
        return {before, self._channel} - {""} if before != self._channel else set()

    def of(self, profile: Profile, settings: Settings) -> Presence | None:
        """What this profile's connection says; `None`: nothing."""
        way = profile.protocol.presence_way()
        if way is None:
            return None
        device, says = settings.device, profile.key == self._channel
        wanted = documents.discovery_topic(way, device) if says else ""
        said: dict[str, bytes] = {
            topic: b""
            for at, topic in self._noted.get(profile.key, [])
            if at == way.broker and (at, topic) != self._wanted  # another profile's by now
        }
        if wanted:
            said[wanted] = documents.discovery(way, device, package_version())
            self._note(profile.key, [*self._noted.get(profile.key, []), [way.broker, wanted]])
        if not (says or said):
            return None
        told = Presence(documents=said)
        if says:
            told = Presence(
                state_topic=documents.state_topic(way, device),
                online=documents.state(self.boot, online=True),
                offline=documents.state(self.boot, online=False),
                health_topic=documents.health_topic(way, device),
                health=self.health,
                documents=said,
            )
        self._said[profile.key] = told
        return told

    def health(self) -> bytes:
        """How the camera is now."""
        status, now_ns = self._status(), self._clock.mono_ns()
        how = health_of(status)
        synced = self._clock.is_synced() if isinstance(self._clock, SyncedClock) else None
        return documents.health(
            {
                "boot": self.boot,
                "up_s": round((now_ns - self._began_mono_ns) / NS_PER_S),
                "version": package_version(),
                "settings": self._fingerprint,
                "clock": {"utc_ns": self._clock.utc_ns(), "synced": synced},
                "reasons": how.reasons,
                "alarms": how.alarms,
                "frames": status.frames,
                "reads": status.reads,
                "events": dict(status.events),
                "pending": status.pending,
                "outbox": _outbox(status),
                "profiles": {
                    one.key: {**profile_health(one), "parked_now": one.parked_now}
                    for one in status.profiles
                },
            }
        )

    def close(self) -> None:
        """Note what the brokers have taken."""
        self._forget_taken()

    def _forget_taken(self) -> None:
        """What was removed need not be removed again."""
        for key, told in self._said.items():
            gone = {topic for topic in told.taken if not told.documents[topic]}
            if gone:
                self._note(key, [one for one in self._noted.get(key, []) if one[1] not in gone])

    def _note(self, key: str, noted: list[list[str]]) -> None:
        once = [list(one) for one in dict.fromkeys(map(tuple, noted))]
        if once == self._noted.get(key, []):
            return
        self._noted = {**self._noted, key: once}
        try:
            write_json(self._path, {key: value for key, value in self._noted.items() if value})
        except OSError:
            _log.exception("what a broker keeps is not noted")


def _outbox(status: EngineStatus) -> dict[str, object]:
    now = status.outbox
    return {} if now is None else {"events": now.events, "bytes": now.bytes, "durable": now.durable}


def _read(path: Path) -> dict[str, list[list[str]]]:
    """What was noted, as far as it is what we write."""
    return {key: _pairs(value) for key, value in (read_json(path) or {}).items()}


def _pairs(value: Any) -> list[list[str]]:  # noqa: ANN401 - JSON
    if not isinstance(value, list):
        return []
    return [
        one
        for one in value
        if isinstance(one, list) and len(one) == 2 and all(isinstance(text, str) for text in one)  # noqa: PLR2004 - broker and topic
    ]
