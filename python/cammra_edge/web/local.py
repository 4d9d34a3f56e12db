"""What speaks on an engine's local socket: the page's API, to the engine's owner, without a token.

Beside a served page it is that page: the same settings, tokens and audit log. For an engine without one it is what
concerns the engine itself (`app.OF_AN_ENGINE`): settings are the script's then, and nothing is saved.
Loaded by `engine.local_socket` when somebody connects. Held by `tests/web/test_local.py`.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import uvicorn

from cammra_edge.audit import NAME as AUDIT_FILE
from cammra_edge.audit import AuditLog
from cammra_edge.config.saved import page_folder
from cammra_edge.engine.socket_place import peer_uid
from cammra_edge.web import views
from cammra_edge.web.access import Access
from cammra_edge.web.access_file import NAME as ACCESS_FILE
from cammra_edge.web.app import OF_AN_ENGINE, OPERATIONS, build_local_app
from cammra_edge.web.ending import Ending
from cammra_edge.web.health import Glance
from cammra_edge.web.live import LiveFeed
from cammra_edge.web.page import Page
from cammra_edge.web.patience import ImpatientProtocol
from cammra_edge.web.saved import SavedSettings
from cammra_edge.web.trial import ProfileTests

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from cammra_edge.clock import Clock
    from cammra_edge.web.ports import PagedEngine

KEEP_S = 10.0
MAX_CONNECTIONS = 32

_pages: WeakKeyDictionary[PagedEngine, Page] = WeakKeyDictionary()


@contextmanager
def served(page: Page) -> Iterator[None]:
    """While the block lasts, the local socket of this page's engine is a way to this page."""
    _pages[page.engine] = page
    try:
        yield
    finally:
        _pages.pop(page.engine, None)


def speak(engine: PagedEngine, clock: Clock, listener: socket.socket, ended: socket.socket) -> None:
    """Answer those who connect, until nobody has for a while, or something can be read from `ended`."""
    asyncio.run(_speak(_Desk(engine, clock), listener, ended))


async def _speak(desk: _Desk, listener: socket.socket, ended: socket.socket) -> None:
    config = uvicorn.Config(
        desk,
        log_config=None,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http=_OwnersProtocol,
        loop="asyncio",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=round(KEEP_S),
    )
    server = _Server(config, desk.feed)
    asyncio.get_running_loop().add_reader(ended, server.end)
    beat = asyncio.create_task(desk.feed.run())
    try:
        # The server closes what it was given; the engine's own listener stays open, and nobody is turned away.
        await server.serve([listener.dup()])
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat


class _OwnersProtocol(ImpatientProtocol):
    """HTTP with whoever is the engine's own user, or root; their number stands for their address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Let the user in, or hang up."""
        super().connection_made(transport)
        uid = peer_uid(transport.get_extra_info("socket"))
        self.client = (f"uid {uid}", 0)
        if uid not in {os.geteuid(), 0}:
            transport.abort()


class _Server(uvicorn.Server):
    """uvicorn without signal handlers and without a clock of its own; ends when nobody connects any more."""

    def __init__(self, config: uvicorn.Config, feed: LiveFeed) -> None:
        super().__init__(config)
        self._ending = Ending(config, feed.end)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Answer nobody any more."""
        self._ended.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - the listener's own end closes them
        """End."""
        await self._ending.come(self)

    async def main_loop(self) -> None:
        """Wait for the end."""
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(KEEP_S):
                    await self._ended.wait()
            except TimeoutError:
                if not self.server_state.connections:
                    return


class _Desk:
    """Hands each request to the application of the page that is served then."""

    def __init__(self, engine: PagedEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._own: Page | None = None
        self._page: Page | None = None
        self._app: ASGIApp | None = None
        # The page's own feed and glance belong to the page's event loop.
        self._glance = Glance(engine.status, clock)
        self.feed = LiveFeed(
            lambda: views.status_plain(engine, clock), lambda: views.events_plain(engine)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        page = _pages.get(self._engine) or self._without_page()
        if self._app is None or page is not self._page:
            operations = OF_AN_ENGINE if page is self._own else OPERATIONS
            local = replace(
                page,
                local=True,
                feed=self.feed,
                glance=self._glance,
                door=asyncio.Lock(),
                side_door=asyncio.Lock(),
            )
            self._page, self._app = page, build_local_app(local, operations)
        await self._app(scope, receive, send)

    def _without_page(self) -> Page:
        """What the operations share where no page is served, with the settings that are in force now."""
        engine, clock = self._engine, self._clock
        if self._own is None or self._own.saved.draft.script is not engine.settings:
            folder = page_folder(engine.settings)
            self._own = Page(
                engine=engine,
                saved=SavedSettings(folder, engine.settings, engine.apply, clock, load=False),
                access=Access(folder / ACCESS_FILE, clock),
                audit=AuditLog(folder / AUDIT_FILE, clock),
                feed=self.feed,
                tests=ProfileTests(clock),
                glance=self._glance,
                clock=clock,
                folder=folder,
                tls=False,
            )
        return self._own
