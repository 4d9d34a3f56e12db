"""What a person asks of a running engine: the journal, pictures, parked deliveries, a paused profile.

Reached as `engine.operator`; the page and the command line use it. Every method may be called from any thread,
and says so when the engine does not run: there is nothing then (`tests/engine/test_operator.py`).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cammra_edge.model import Body
from cammra_edge.payload.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.delivery import DeliveryWorker, Try
    from cammra_edge.engine.snapshot import Snapshot
    from cammra_edge.engine.writer import EventWriter
    from cammra_edge.outbox import Outbox, Parked
    from cammra_edge.trial import Step


class Operator:
    """See the module."""

    def __init__(
        self,
        writer: EventWriter,
        snapshot: Snapshot,
        workers: Callable[[], Sequence[DeliveryWorker]],
        settings: Callable[[], Settings],
        clock: Clock,
    ) -> None:
        """Stand beside an engine.

        Args:
            writer: Has the outbox while the engine runs, and the latest pictures.
            snapshot: Gets a frame of the recogniser's.
            workers: The workers of now.
            settings: The settings of now.
            clock: Where the time comes from.
        """
        self._clock = clock
        self._writer = writer
        self._snapshot = snapshot
        self._workers = workers
        self._settings = settings

    def journal(self) -> Mapping[str, Sequence[Try]]:
        """The latest tries of each profile, by its key, oldest first."""
        keys = self._keys()
        return {keys[worker.profile_id - 1]: worker.journal() for worker in self._workers()}

    def picture(self, image_key: str) -> bytes | None:
        """The JPEG of a recent event, as long as it is kept."""
        return self._writer.picture(image_key)

    def view(self, timeout_s: float = 2.0) -> bytes | None:
        """What the camera sees now, as a JPEG of at most 1280 x 720; `None` when no frame comes in time."""
        return self._snapshot.take(self._settings().frame_format, timeout_s)

    def parked(self, key: str | None = None) -> Mapping[str, Sequence[Parked]]:
        """Parked deliveries by their profile's key, of one profile or all, oldest first."""
        outbox = self._outbox
        if outbox is None:
            return {}
        return {
            known: outbox.parking.listed(number)
            for number, known in enumerate(self._keys(), start=1)
            if key in {None, known}
        }

    def parked_bytes(self, key: str, seq: int) -> bytes | None:
        """A parked delivery as it would be sent: a body as it is, files as a ZIP of them."""
        outbox, settings, profile_id = self._outbox, self._settings(), self._number(key)
        if outbox is None or not profile_id:
            return None
        delivery = outbox.parking.show(profile_id, seq)
        if delivery is None:
            return None
        message = render(
            delivery.event,
            delivery.images,
            profile=settings.profiles[profile_id - 1],
            profile_id=profile_id,
            device=settings.device,
            packet=delivery.packet,
            boundary_key=outbox.boundary_key,
        )
        if message is None:
            return b""
        if isinstance(message, Body):
            return message.content
        out = io.BytesIO()
        import zipfile  # noqa: PLC0415 - a person's wish; every start would pay for it

        with zipfile.ZipFile(out, "w") as archive:
            for one in message.files:
                archive.writestr(one.path, one.content)
        return out.getvalue()

    def retry_parked(self, key: str, seq: int | None = None) -> int:
        """Put one, or all of a profile, back into the queue; says how many."""
        outbox = self._outbox
        return 0 if outbox is None else outbox.parking.retry(self._number(key), seq)

    def discard_parked(self, key: str, seq: int | None = None) -> int:
        """Give one, or all of a profile, up for good; says how many."""
        outbox = self._outbox
        return 0 if outbox is None else outbox.parking.discard(self._number(key), seq)

    def resume(self, key: str) -> bool:
        """Let a paused profile go on; False when there is no such profile."""
        for worker in self._workers():
            if worker.profile_id == self._number(key):
                worker.resume()
                return True
        return False

    def _keys(self) -> list[str]:
        return [profile.key for profile in self._settings().profiles]

    def _number(self, key: str) -> int:
        """The number of a profile; 0 when there is none."""
        keys = self._keys()
        return keys.index(key) + 1 if key in keys else 0

    def test(self, key: str, plate: str, settings: Settings) -> Iterator[Step]:
        """Send one event marked as a test by a profile of these settings, past the queue.

        Args:
            key: The profile's key.
            plate: The plate that the event reports.
            settings: Whose profile it is; they need not be in force.

        Yields:
            Each step when it begins and when it has ended.
        """
        from cammra_edge.trial import trial  # noqa: PLC0415 - TLS and FTP, which every start would pay for

        profile_id = [profile.key for profile in settings.profiles].index(key) + 1
        yield from trial(
            settings.profiles[profile_id - 1],
            profile_id=profile_id,
            device=settings.device,
            network_mode=settings.network_mode,
            plate=plate,
            clock=self._clock,
        )

    @property
    def _outbox(self) -> Outbox | None:
        return self._writer.outbox
