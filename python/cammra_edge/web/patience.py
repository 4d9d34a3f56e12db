"""A time limit for requests: a connection that does not send its headers, or its body, is closed.

The page has few connections (`web.porter`); whoever opens them and stays silent must not lock its
owner out. Held by `tests/web/test_patience.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

HEADERS_S = 8.0
BODY_S = 20.0


class ImpatientProtocol(H11Protocol):
    """uvicorn's HTTP, with a time limit for a request's headers."""

    _deadline: asyncio.TimerHandle | None = None
    headers_s = HEADERS_S
    ended: Callable[[], None] | None = None
    """Called when the connection has ended."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Keep waiting until the headers are complete."""
        super().data_received(data)
        if self.is_answering():
            self._stop_waiting()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)
        if self.ended is not None:
            self.ended()

    def hang_up(self) -> None:
        """End the connection at once, whatever goes on."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; a request whose body it was is over, and its own answer comes too late."""
        super().send_400_response(msg)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def is_answering(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def is_receiving(self) -> bool:
        """Whether the rest of a request has not arrived yet."""
        return self.is_answering() and self.cycle.more_body

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.headers_s, self._too_late)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if not self.is_answering() and not self.transport.is_closing():
            self.transport.close()
