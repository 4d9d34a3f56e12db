"""Questions that take a while: so many at once, in turns; one whose asker has gone is asked no more.

Whoever types a plate asks anew with each letter, and the browser gives up the question before. Without turns all of
them would be answered at once, beside the recogniser (`tests/web/test_turns.py`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

T = TypeVar("T")


class GoneError(Exception):
    """Nobody waits for the answer any more."""


class Turns:
    """See the module. Of one event loop."""

    def __init__(self, at_once: int) -> None:
        """Let so many questions be answered at once."""
        self._free = asyncio.Semaphore(at_once)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(self, request: Request, ask: Callable[..., T], *args: object) -> T:
        """The answer of `ask`, which may block, in its turn.

        Raises:
            GoneError: The asker has gone meanwhile. What had begun goes on to its end, and keeps its turn until then.
        """
        gone = asyncio.create_task(_left(request))
        turn = asyncio.create_task(self._in_turn(gone, ask, *args))
        self._under_way.add(turn)
        turn.add_done_callback(self._ended)
        try:
            await asyncio.wait({turn, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                raise GoneError
            return turn.result()
        finally:
            gone.cancel()

    async def _in_turn(self, gone: asyncio.Task[None], ask: Callable[..., T], *args: object) -> T:
        async with self._free:
            if gone.done():
                raise GoneError
            return await run_in_threadpool(ask, *args)

    def _ended(self, turn: asyncio.Task[Any]) -> None:
        self._under_way.discard(turn)
        if not turn.cancelled():
            turn.exception()  # whoever waits for it has it too; where nobody does, it is no news


async def _left(request: Request) -> None:
    """Return when whoever sent the request is connected no longer."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
