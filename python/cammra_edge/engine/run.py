"""What lives from `start` to `stop`: outbox, writer, workers and keepalive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.delivery import DeliveryWorker, ProfileState, stored_status
from cammra_edge.delivery.stopping import stop_all
from cammra_edge.engine.closing import done_within
from cammra_edge.engine.handover import Handover
from cammra_edge.engine.keepalive import EngineKeepalive
from cammra_edge.engine.presence import EnginePresence
from cammra_edge.engine.writer import EventWriter
from cammra_edge.outbox import ANNOUNCED, Outbox
from cammra_edge.payload import Renderer
from cammra_edge.profile import Caller
from cammra_edge.retry import NS_PER_S
from cammra_edge.sinks import ways_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings, Settings
    from cammra_edge.delivery import ProfileStatus, Try
    from cammra_edge.delivery.journal import Journal
    from cammra_edge.delivery.stopping import Sending
    from cammra_edge.engine.recent import Recent
    from cammra_edge.engine.status import EngineStatus
    from cammra_edge.message import Message
    from cammra_edge.model import Device, Event
    from cammra_edge.outbox import EventState
    from cammra_edge.profile import Profile
    from cammra_edge.sinks.deadline import Deadline


class Run:
    """Opens the outbox. `workers` are those of the settings in force, by profile key.

    Args:
        settings: Where the outbox is.
        stream_id: The camera's run or the recording.
        recent: Gets every event that is stored.
        status: What keepalive and health tell.
        clock: Where the time comes from.

    Raises:
        OutboxError: The outbox is in use by another process, or of a newer version.
    """

    def __init__(
        self,
        settings: OutboxSettings,
        stream_id: str,
        recent: Recent,
        status: Callable[[], EngineStatus],
        clock: Clock,
    ) -> None:
        self._clock = clock
        self.outbox = Outbox(settings, clock=clock)
        self.writer = EventWriter(stream_id, self.outbox, recent, settings.own_image)
        self.workers: dict[str, DeliveryWorker] = {}
        self._shared: tuple[Device, bool] | None = None
        self._handover = Handover()
        self.keepalive = EngineKeepalive(status, clock)
        self.presence = EnginePresence(status, settings.path / ANNOUNCED, clock)

    def start(self, settings: Settings) -> None:
        """Let vehicles that an earlier run left open say their last words, then start the workers."""
        self.writer.apply(settings)
        self.writer.lose_vehicles_left_open()
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """Give each profile that is new or has changed a worker, and retire those of profiles that are gone."""
        self.writer.apply(settings)
        shared = (settings.device, settings.deny_local)
        same_for_all = shared == self._shared
        self._shared = shared
        changed = self.presence.apply(settings)
        old, workers = self.workers, {}
        for profile in settings.profiles:
            worker = old.get(profile.key)
            is_same = same_for_all and profile.key not in changed
            if worker is None or not is_same or worker.profile != profile:
                journal = None if worker is None else worker.journal
                retired, worker = worker, self._new_worker(profile, settings, journal)
                self._handover.replace(retired, worker)
            workers[profile.key] = worker
        for key in old.keys() - workers.keys():
            self._handover.replace(old[key], None)
        self.workers = workers
        self.keepalive.apply(settings)

    def _new_worker(
        self, profile: Profile, settings: Settings, journal: Journal | None
    ) -> DeliveryWorker:
        outbox = self.outbox
        renderer = Renderer(
            profile, profile_id=outbox.profile_id(profile.key), device=settings.device
        )

        def message(event: Event, images: Mapping[str, bytes], packet: int) -> Message | None:
            # The key is asked for each time: a disk that comes back may bring its own.
            return renderer.render(event, images, packet=packet, boundary_key=outbox.boundary_key)

        way_out = ways_out(
            profile.protocol,
            clock=self._clock,
            deny_local=settings.deny_local,
            caller=Caller(
                serial=settings.device.serial,
                key=profile.key,
                spread_s=profile.spread_s,
                presence=self.presence.of(profile, settings),
            ),
        )
        return DeliveryWorker(
            profile,
            outbox,
            way_out(),
            message,
            clock=self._clock,
            more_sinks=way_out,
            journal=journal,
        )

    def profile_id(self, key: str) -> int:
        """The number of a profile that the outbox knows; 0 for any other key."""
        return self.outbox.profile_ids().get(key, 0)

    def wait_until_idle(self, timeout_s: float | None) -> bool:
        """Wait until every delivery is settled or parked; False when the time ran out first."""
        end_ns = None if timeout_s is None else self._clock.mono_ns() + round(timeout_s * NS_PER_S)
        for worker in self.workers.values():
            left_s = None if end_ns is None else (end_ns - self._clock.mono_ns()) / NS_PER_S
            if not worker.wait_until_idle(left_s):
                return False
        return True

    def outcomes_of(self, event_ids: Iterable[str]) -> Mapping[str, Mapping[str, EventState]]:
        """How the deliveries of these events stand, of those that the outbox remembers."""
        history = self.outbox.history
        seqs = {event_id: history.seq_of(event_id) for event_id in event_ids}
        told = history.outcomes([seq for seq in seqs.values() if seq is not None])
        return {event_id: told.get(seq, {}) for event_id, seq in seqs.items() if seq is not None}

    def forget(self, is_gone: Callable[[Try, Sequence[str]], bool]) -> None:
        """Keep no words of receivers and no bytes of events that were erased."""
        for worker in self.workers.values():
            worker.journal.forget(is_gone)

    def profiles(self) -> tuple[ProfileStatus, ...]:
        """How the profiles of the settings stand, then those that are gone and left something behind."""
        workers = self.workers
        gone = (
            stored_status(self.outbox, key, key, ProfileState.REMOVED)
            for key in self.outbox.profile_ids()
            if key not in workers
        )
        return (
            *(worker.status() for worker in workers.values()),
            *(status for status in gone if not status.settled),
        )

    def end_sending(self) -> None:
        """Let no try begin, without waiting for those under way."""
        for one in self._sending():
            one.end()

    def close(self, until: Deadline, patience: Deadline) -> bool:
        """Let tries under way end, then close the outbox.

        Args:
            until: When tries are broken off.
            patience: When a disk that does not answer is left alone.

        Returns:
            Whether the outbox is closed.
        """
        self.writer.close()
        stop_all(self._sending(), until)
        self.presence.close()
        return done_within(patience, self.outbox.close)

    def _sending(self) -> list[Sending]:
        return [*self.keepalive.senders, *self._handover.retired, *self.workers.values()]
