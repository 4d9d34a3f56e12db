"""Sends keepalives at their period, from a thread of their own; none is ever queued.

Invariants, held by `tests/delivery/test_keepalive.py`: a failed one is not repeated before the next period;
no profile and no queue is touched; stopping waits for no period, and ending for nothing at all.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge.delivery.status import KeepaliveStatus
from cammra_edge.message import Attempt
from cammra_edge.payload.keepalive import Status, keepalive_body
from cammra_edge.retry import NS_PER_S
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.model import Device
    from cammra_edge.profile import Keepalive
    from cammra_edge.sinks.base import Outcome, Sink
    from cammra_edge.sinks.deadline import Deadline

_log = logging.getLogger(__name__)
_S_PER_MINUTE = 60
_NS_PER_MS = 10**6


class KeepaliveSender:
    """One camera's keepalives; `start` it once, and `stop` it for good."""

    def __init__(  # noqa: PLR0913 - what a sender goes by, by name
        self,
        settings: Keepalive,
        device: Device,
        status: Callable[[], Status],
        *,
        clock: Clock,
        deny_local: bool = False,
        period_s: float | None = None,
    ) -> None:
        self._settings = settings
        self._device = device
        self._status = status
        self._clock = clock
        self._deny_local = deny_local
        self._period_s = settings.period_minutes * _S_PER_MINUTE if period_s is None else period_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keepalive", daemon=True)
        self._stands = KeepaliveStatus()
        self._sink: Sink | None = None
        self._broken_off = False
        self._next_mono_ns = 0

    def start(self) -> None:
        """Begin, with the first one at once; nothing happens when it is switched off."""
        if self._settings.enabled:
            self._thread.start()

    def end(self) -> None:
        """Send no more, without waiting: one that is being sent ends by itself."""
        self._stopping.set()

    def stop(self) -> None:
        """End; waits for one that is being sent."""
        self.end()
        self.join()

    def join(self, until: Deadline | None = None) -> bool:
        """Wait for one that is being sent; whether it has ended."""
        if self._thread.is_alive():
            self._thread.join(None if until is None else max(0.0, until.left_s()))
        return not self._thread.is_alive()

    def break_off(self) -> None:
        """End one that is being sent; nobody makes it again."""
        self._broken_off = True
        sink = self._sink
        if sink is not None:
            sink.break_off()

    def send_one(self) -> Outcome:
        """Send one now."""
        began_mono_ns, began_utc_ns = self._clock.mono_ns(), self._clock.utc_ns()
        number = self._stands.sent + 1
        body = keepalive_body(self._settings, self._device, self._status())
        sink = open_sink(self._settings.transport(), clock=self._clock, deny_local=self._deny_local)
        self._sink = sink
        try:
            outcome = sink.send(body, Attempt(event_id="keepalive", packet=number))
        finally:
            sink.close()
        if not self._broken_off:
            self._note(outcome, began_mono_ns, began_utc_ns)
        return outcome

    def status(self) -> KeepaliveStatus:
        """How they go; from any thread."""
        left_s = (self._next_mono_ns - self._clock.mono_ns()) / NS_PER_S
        return replace(self._stands, next_s=max(0.0, left_s))

    def _note(self, outcome: Outcome, began_mono_ns: int, began_utc_ns: int) -> None:
        before = self._stands
        why = "" if isinstance(outcome, Delivered) else outcome.why
        if why and not before.failed:
            _log.warning("keepalive failed why=%s", why)
        elif before.failed and not why:
            _log.info("keepalive works again")
        self._stands = KeepaliveStatus(
            sent=before.sent + 1,
            last_utc_ns=began_utc_ns,
            took_ms=(self._clock.mono_ns() - began_mono_ns) / _NS_PER_MS,
            failed=before.failed + 1 if why else 0,
            why=why,
        )

    def _run(self) -> None:
        while True:
            self.send_one()
            self._next_mono_ns = self._clock.mono_ns() + round(self._period_s * NS_PER_S)
            if self._stopping.wait(self._period_s):
                return
