"""How the page's servers end: at once and without a word in the log, whoever is connected.

Streams are told to end, a request that is still arriving is hung up on, and those that are being answered get a
moment. Held by `tests/web/test_stopping.py`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn
    from starlette.types import ASGIApp, Receive, Scope, Send

    from cammra_edge.web.patience import ImpatientProtocol

LAST_ANSWERS_S = 0.5


class Ending:
    """The end of one server.

    Args:
        config: Of the server, whose application is wrapped: of what the end cuts off, nothing is logged.
        enders: Tell streams that it has come.
    """

    def __init__(self, config: uvicorn.Config, *enders: Callable[[], None]) -> None:
        self._app = cast("ASGIApp", config.app)
        self._enders = enders
        self._has_come = False
        config.app = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._has_come:
                raise

    async def come(self, server: uvicorn.Server) -> None:
        """End it."""
        self._has_come = True
        for listening in server.servers:
            listening.close()
        for end in self._enders:
            end()
        for connection in _connected(server):
            connection.shutdown()
            if connection.is_receiving():
                connection.hang_up()
        tasks = set(server.server_state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_ANSWERS_S)
        for connection in _connected(server):
            connection.hang_up()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _connected(server: uvicorn.Server) -> list[ImpatientProtocol]:
    return list(server.server_state.connections)  # type: ignore[arg-type]  # both servers have this protocol
