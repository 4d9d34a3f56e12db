"""What the operations share: the engine, the saved settings, who may do what, the audit log, the live feed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cammra_edge.search import Noted
from cammra_edge.web import views
from cammra_edge.web.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

    from cammra_edge.audit import AuditLog
    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.web.access import Access
    from cammra_edge.web.health import Glance
    from cammra_edge.web.live import LiveFeed
    from cammra_edge.web.ports import PagedEngine
    from cammra_edge.web.saved import SavedSettings
    from cammra_edge.web.trial import ProfileTests


SEARCHES_AT_ONCE = 2
EXPORTS_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page of an engine; `door` lets through one guess at the password at a time, `side_door` one of those known.

    `searches` are answered some at a time, as are `exports`; `noted` are those that the audit log has a line of.

    With `local` it is reached over the engine's socket: whoever gets through is the owner. `notice` says what of the
    page's own files could not be used, and what was done instead. `welcome` is told from where
    somebody is connected who has shown who he is.
    """

    engine: PagedEngine
    saved: SavedSettings
    access: Access
    audit: AuditLog
    feed: LiveFeed
    tests: ProfileTests
    glance: Glance
    clock: Clock
    folder: Path
    tls: bool
    local: bool = False
    notice: str = ""
    welcome: Callable[[tuple[str, int]], None] = lambda _: None
    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    side_door: asyncio.Lock = field(default_factory=asyncio.Lock)
    searches: Turns = field(default_factory=lambda: Turns(SEARCHES_AT_ONCE))
    exports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EXPORTS_AT_ONCE))
    noted: Noted = field(default_factory=Noted)

    @property
    def cookie(self) -> str:
        """The session cookie's name; over TLS, its prefix makes the browser bind it to this host."""
        return "__Host-cammra" if self.tls else "cammra"

    @property
    def device_cookie(self) -> str:
        """The name of the cookie of a browser that has signed in before."""
        return f"{self.cookie}-device"

    def meet(self, request: Request) -> None:
        """Whoever sent this has shown who he is: his connection stays, whoever else comes."""
        if request.client is not None:
            self.welcome((request.client.host, request.client.port))

    def outlook(self, settings: Settings) -> list[dict[str, Any]]:
        """What the profiles of these settings would have sent of the latest events."""
        return views.outlook(self.engine, settings, self.clock.utc_ns())
