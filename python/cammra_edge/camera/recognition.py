"""Asks the recogniser, and counts what that takes. Held by `tests/camera/test_recognition.py`."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cammra_edge.camera.troubles import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cammra_edge.camera.status import SourceStatus
    from cammra_edge.clock import Clock
    from cammra_edge.model import FrameTime, PlateRead
    from cammra_edge.recogniser import Recogniser

_log = logging.getLogger(__name__)
_NS_PER_S = 1_000_000_000


class Recognition:
    """One recogniser, which may raise whatever it likes; it has read nothing then.

    Args:
        recogniser: Somebody's own code.
        address: Of the source, as people see it.
        clock: Where the time comes from.
    """

    def __init__(self, recogniser: Recogniser[Any], address: str, clock: Clock) -> None:
        self._recogniser = recogniser
        self._address = address
        self._clock = clock
        self._failures: Counter[str] = Counter()
        self._asked = 0
        self._took_ns = 0

    def read(self, formed: Callable[[], Any], at: FrameTime) -> Sequence[PlateRead]:
        """What it reads in the frame that `formed` makes in its format; what it raises is told once for each kind.

        Raises:
            StreamError: The frame cannot be had in that format.
        """
        try:
            given = formed()
            return () if given is None else self._timed(given, at)
        except StreamError:
            raise
        except Exception as error:  # noqa: BLE001 - somebody's own code; one frame must not end the stream
            self._raised(error)
            return ()

    def _timed(self, given: object, at: FrameTime) -> Sequence[PlateRead]:
        began_mono_ns = self._clock.mono_ns()
        self._asked += 1
        try:
            return self._recogniser.read(given, at)
        finally:
            self._took_ns += self._clock.mono_ns() - began_mono_ns

    def _raised(self, error: Exception) -> None:
        kind = type(error).__name__
        self._failures[kind] += 1
        if self._failures[kind] == 1:
            source = self._address
            _log.warning("source=%s kind=%s the recogniser raised", source, kind, exc_info=error)

    def counted_in(self, status: SourceStatus) -> SourceStatus:
        """A source's status with what the recogniser took."""
        return replace(
            status,
            recognitions=self._asked,
            recogniser_s=round(self._took_ns / _NS_PER_S, 6),
            recogniser_errors=self._failures.total(),
        )
