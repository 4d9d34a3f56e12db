"""What a person does with a running engine: see journal and pictures, handle parked deliveries, resume, test.

Reached as `engine.operator`, from any thread; the page uses it. While the engine does not run there is nothing
to see or do, and every method answers so (`tests/engine/test_operator.py`).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cammra_edge.checks import Want
from cammra_edge.engine.wants import OperatorWant
from cammra_edge.errors import ConfigError
from cammra_edge.message import Body, Publications
from cammra_edge.payload.keepalive import Status
from cammra_edge.payload.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.delivery import DeliveryWorker, Transcript, Try
    from cammra_edge.engine.recent import Recent
    from cammra_edge.engine.run import Run
    from cammra_edge.engine.snapshot import Snapshot
    from cammra_edge.outbox import Delivery, FoundEvent, Parked
    from cammra_edge.trial import Step

PARKED_SHOWN = 200


class Operator:
    """See the module. Profiles are named by key."""

    def __init__(
        self,
        run: Callable[[], Run | None],
        settings: Callable[[], Settings],
        recent: Recent,
        snapshot: Snapshot,
        clock: Clock,
    ) -> None:
        """Stand beside an engine.

        Args:
            run: The engine's run; `None` while it does not run.
            settings: The settings in force.
            recent: Has the latest pictures.
            snapshot: Has the next frame.
            clock: Where the time comes from.
        """
        self._run = run
        self._settings = settings
        self._recent = recent
        self._snapshot = snapshot
        self._clock = clock

    def journal(self) -> Mapping[str, Sequence[Try]]:
        """The latest tries of each profile, oldest first."""
        run = self._run()
        return {} if run is None else {key: one.journal.tries() for key, one in run.workers.items()}

    def transcripts_kept(self) -> frozenset[int]:
        """The serial numbers of the tries whose bytes can be shown."""
        run = self._run()
        workers = () if run is None else run.workers.values()
        return frozenset().union(*(worker.journal.kept() for worker in workers))

    def transcript(self, event_id: str, serial: int) -> Transcript | None:
        """What is kept of the bytes of one try; `None` where nothing is, or its event is remembered no longer."""
        run = self._run()
        if run is None or not self.plates_of([event_id]):
            return None
        found = (one.journal.transcript(event_id, serial) for one in run.workers.values())
        return next((one for one in found if one is not None), None)

    def plates_of(self, event_ids: Iterable[str]) -> Mapping[str, str]:
        """The plate of each of these events, by id, as far as it is remembered: for people, never for a log."""
        wanted, run = set(event_ids), self._run()
        plates = {
            event.event_id: event.plate.text
            for event in self._recent.events()
            if event.event_id in wanted
        }
        rest = wanted - plates.keys()
        return plates if run is None else {**plates, **run.outbox.history.plates(rest)}

    def event(self, event_id: str) -> FoundEvent | None:
        """One event, as a search finds it; `None` where it is not remembered."""
        run = self._run()
        seq = None if run is None else run.outbox.history.seq_of(event_id)
        return None if run is None or seq is None else run.outbox.history.event(seq)

    def picture(self, image_key: str) -> bytes | None:
        """A recent event's JPEG, while it is kept."""
        picture = self._recent.picture(image_key)
        seq = self._recent.seq_of_picture(image_key)
        run = self._run()
        if picture is not None or seq is None or run is None:
            return picture
        return run.outbox.history.image(seq, image_key)

    def view(self, timeout_s: float = 2.0) -> bytes | None:
        """What the camera sees now, as a JPEG of at most 1280 x 720; `None` when no frame comes in time."""
        settings = self._settings()
        return self._snapshot.take(
            settings.frame_format, timeout_s, libjpeg_turbo=settings.libjpeg_turbo
        )

    def parked(
        self, key: str | None = None, *, after: int = 0, limit: int = PARKED_SHOWN
    ) -> Mapping[str, Sequence[Parked]]:
        """Parked deliveries, oldest first, of each profile or of one; also of removed profiles.

        Args:
            key: The profile; `None`: each.
            after: Those behind this one (`seq`).
            limit: Of each profile at most so many.
        """
        run = self._run()
        if run is None:
            return {}
        page = run.outbox.parking.page
        return {
            known: page(profile_id, after=(profile_id, after), limit=limit)
            for known, profile_id in run.outbox.profile_ids().items()
            if key in {None, known}
        }

    def parked_whole(
        self, key: str | None = None, seq: int | None = None
    ) -> Iterator[tuple[str, Parked, Delivery]]:
        """Parked deliveries with event and pictures, each with its profile's key: all, a profile's, or one."""
        run = self._run()
        if run is not None:
            for known, profile_id in run.outbox.profile_ids().items():
                if key in {None, known}:
                    for row, delivery in run.outbox.parking.whole(profile_id, seq):
                        yield known, row, delivery

    def parked_bytes(self, key: str, seq: int) -> bytes | None:
        """A parked delivery as it would be sent: a body as it is, files as a ZIP."""
        run, worker = self._run(), self._worker(key)
        if run is None or worker is None:
            return None
        delivery = run.outbox.parking.show(worker.profile_id, seq)
        if delivery is None:
            return None
        message = render(
            delivery.event,
            delivery.images,
            profile=worker.profile,
            profile_id=worker.profile_id,
            device=self._settings().device,
            packet=delivery.packet,
            boundary_key=run.outbox.boundary_key,
        )
        if message is None:
            return b""
        if isinstance(message, Body | Publications):
            return message.content
        out = io.BytesIO()
        import zipfile  # noqa: PLC0415 - rarely needed; every start would pay for it

        with zipfile.ZipFile(out, "w") as archive:
            for file in message.files:
                archive.writestr(file.path, file.content)
        return out.getvalue()

    def retry_parked(self, key: str, seq: int | None = None) -> int:
        """Put one, or all of a profile, back into the queue; returns how many."""
        run = self._run()
        return 0 if run is None else run.outbox.parking.retry(run.profile_id(key), seq)

    def discard_parked(self, key: str, seq: int | None = None) -> int:
        """Discard one, or all of a profile; returns how many."""
        run = self._run()
        return 0 if run is None else run.outbox.parking.discard(run.profile_id(key), seq)

    def give_backlog(self, from_key: str, to_key: str) -> int:
        """Hand all that waits or is parked for a removed profile to a configured one; returns how many.

        Raises:
            ConfigError: The first is no removed profile, or the second no configured one.
            OutboxError: The disk does not take it now.
        """
        run = self._run()
        if run is None:
            return 0
        if from_key in run.workers:
            raise ConfigError("from", from_key, OperatorWant.REMOVED_PROFILE())
        if to_key not in run.workers:
            raise ConfigError("to", to_key, Want.ONE_OF(options=", ".join(run.workers)))
        return run.outbox.giving.give(from_key, to_key)

    def resume(self, key: str) -> bool:
        """Let a paused profile go on; False when there is no such profile."""
        worker = self._worker(key)
        if worker is not None:
            worker.resume()
        return worker is not None

    def test(self, key: str, plate: str, settings: Settings) -> Iterator[Step]:
        """Send one event marked as a test by a profile of these settings, past the queue.

        Args:
            key: The profile's key.
            plate: The plate that the event reports.
            settings: Its settings; they need not be in force.

        Yields:
            Each step when it begins, and again when it has ended.
        """
        from cammra_edge.trial import trial  # noqa: PLC0415 - TLS and FTP: every start would pay for them

        run = self._run()
        place, profile = next(
            (place, profile)
            for place, profile in enumerate(settings.profiles, start=1)
            if profile.key == key
        )
        yield from trial(
            profile,
            profile_id=(run.profile_id(key) if run is not None else 0) or place,
            device=settings.device,
            plate=plate,
            clock=self._clock,
            deny_local=settings.deny_local,
        )

    def test_keepalive(self, settings: Settings) -> Iterator[Step]:
        """Send one sign of life as these settings say; they need not be in force.

        Yields:
            As `test`.
        """
        from cammra_edge.trial import keepalive_trial  # noqa: PLC0415 - as above

        run = self._run()
        yield from keepalive_trial(
            settings.keepalive,
            device=settings.device,
            status=Status(now_utc_ns=self._clock.utc_ns()) if run is None else run.keepalive.now(),
            clock=self._clock,
            deny_local=settings.deny_local,
        )

    def _worker(self, key: str) -> DeliveryWorker | None:
        run = self._run()
        return None if run is None else run.workers.get(key)
