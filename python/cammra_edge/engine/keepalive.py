"""The engine's keepalive: a sender for the settings in force, and the status that it sends.

Held by `tests/engine/test_keepalive.py`: it starts and stops with the engine, and other settings replace it.
"""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import TYPE_CHECKING

from cammra_edge.delivery.keepalive import KeepaliveSender
from cammra_edge.payload.keepalive import Status
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.delivery import KeepaliveStatus, ProfileStatus
    from cammra_edge.engine.status import EngineStatus


class EngineKeepalive:
    """See the module. Called by one thread at a time."""

    def __init__(self, status: Callable[[], EngineStatus], clock: Clock) -> None:
        """Nothing is sent before `apply`."""
        self._status = status
        self._clock = clock
        self._offset_ns = clock.utc_ns() - clock.mono_ns()
        self._last = (clock.mono_ns(), 0)
        self._sender: KeepaliveSender | None = None
        self._used: tuple[object, ...] = ()

    def apply(self, settings: Settings) -> None:
        """Send as these settings say from now on."""
        used = (settings.keepalive, settings.device, settings.deny_local)
        if used == self._used:
            return
        if self._sender is not None:
            self._sender.end()  # saving settings must not wait for a hung receiver
        self._sender = None
        self._used = used
        if settings.keepalive.enabled:
            self._sender = KeepaliveSender(
                settings.keepalive,
                settings.device,
                self._next,
                clock=self._clock,
                deny_local=settings.deny_local,
            )
            self._sender.start()

    @property
    def senders(self) -> tuple[KeepaliveSender, ...]:
        """Who sends them now: one, or nobody."""
        return () if self._sender is None else (self._sender,)

    def status(self) -> KeepaliveStatus | None:
        """How they go; `None` while none are sent."""
        sender = self._sender
        return None if sender is None else sender.status()

    def _next(self) -> Status:
        told = self.now()
        self._last = (self._clock.mono_ns(), told.frames)
        return told

    def now(self) -> Status:
        """What one would tell now."""
        status = self._status()
        now_utc_ns, now_mono_ns = self._clock.utc_ns(), self._clock.mono_ns()
        last_mono_ns, last_frames = self._last
        moved_ns = now_utc_ns - now_mono_ns - self._offset_ns
        return Status(
            now_utc_ns=now_utc_ns,
            app_version=package_version(),
            os_version=platform.platform(terse=True),
            frames=status.frames,
            reads=status.reads,
            frames_per_s=round(
                (status.frames - last_frames) * NS_PER_S / max(1, now_mono_ns - last_mono_ns)
            ),
            health={
                "profiles": {str(one.profile_id): profile_health(one) for one in status.profiles},
                "clock": {"utc_ns": now_utc_ns, "set_by_s": round(moved_ns / NS_PER_S, 3)},
                "disk": {} if status.outbox is None else asdict(status.outbox),
            },
        )


def profile_health(profile: ProfileStatus) -> dict[str, object]:
    """How a profile is, for those who watch many cameras."""
    return {
        "name": profile.name,
        "state": profile.state,
        "queue_events": profile.queue_events,
        "oldest_age_s": profile.oldest_age_s,
        "delivered": profile.delivered,
        "dropped": profile.dropped,
        "expired": profile.expired,
        "parked": profile.parked,
        "last_success_utc_ns": profile.last_success_utc_ns,
    }


def package_version() -> str:
    """This package's version; empty when it runs from a bare folder."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only the keepalive asks

    try:
        return version("cammra-edge")
    except PackageNotFoundError:
        return ""
