"""Answers that are sent in pieces, as long as whoever asked may still have them.

Held by `tests/web/test_streamed.py`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from cammra_edge.web.operation import Call

_log = logging.getLogger(__name__)


class _LetInNoMoreError(Exception):
    """Signed out, removed, given another role, or with a token that is no more."""


class Export(StreamingResponse):
    """A file in pieces. One that may not be sent to its end is broken off, so that no part passes for the whole."""

    def __init__(
        self,
        call: Call,
        pieces: Iterable[bytes],
        *,
        ended: Callable[[], object] = lambda: None,
        **how: Any,  # noqa: ANN401 - as the answer takes it
    ) -> None:
        """Call `ended` when it has been sent, however that ends."""
        super().__init__(_while_let_in(call, pieces), **how)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except _LetInNoMoreError:  # the server closes a connection whose answer has no end
            _log.warning("export broken off: its asker is let in no more")
        finally:
            self._ended()


async def _while_let_in(call: Call, pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    async for piece in iterate_in_threadpool(pieces):
        if not call.is_let_in(used=True):
            raise _LetInNoMoreError
        yield piece
