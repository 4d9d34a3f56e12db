"""What every request must pass first, and the headers of every answer.

Invariants, held by `tests/web/test_security.py`:

1. A request whose `Host` is not ours is refused: nobody can point a name of his own at the page (DNS rebinding).
   Only `/health` is answered to whoever names no host at all.
2. No answer may be framed, sniffed, cached by others, or load anything from another host.
3. A request from another site's page that would change something is refused.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from cammra_edge.web.operation import Problem
from cammra_edge.web.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cammra_edge.clock import Clock

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "font-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}
HEALTH_PATH = "/health"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_PATH = 2048


class Guard:
    """ASGI middleware: host, origin, path length, headers."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], any_address: bool, tls: bool, clock: Clock
    ) -> None:
        """Guard the app.

        Args:
            app: The app.
            hosts: Names that the page is served under.
            any_address: Any literal IP address as well: the page listens to the network, and no DNS can rebind an
                address.
            tls: The page is served over TLS.
            clock: Says the date of each answer.
        """
        self._clock = clock
        self._app = app
        self._hosts = frozenset(name.lower() for name in hosts)
        self._any_address = any_address
        self._tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                if self._tls:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                headers.setdefault("Cache-Control", "no-store")
                now = datetime.fromtimestamp(self._clock.utc_ns() // 10**9, UTC)
                headers["Date"] = format_datetime(now, usegmt=True)
            await send(message)

        # Routes look at the path as it was sent: "%2F" belongs to a part of it, "/" parts it.
        scope["path"] = scope["raw_path"].decode("ascii", "replace")
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], scope["path"], headers)
        if refusal is not None:
            await refusal.response()(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> Problem | None:
        host = headers.get("host", "")
        hosts = headers.getlist("host")
        # A monitor that speaks HTTP/1.0 may name none; every browser does, so that no name is pointed at us without.
        is_nameless_probe = not hosts and path == HEALTH_PATH and method in SAFE_METHODS
        if not is_nameless_probe and (len(hosts) != 1 or not self.knows(host)):
            return Problem(421, Sentence.UNKNOWN_HOST())
        if len(path) > MAX_PATH:
            return Problem(414, Sentence.ADDRESS_TOO_LONG())
        if method not in SAFE_METHODS:
            if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
                return Problem(403, Sentence.ANOTHER_SITE())
            origin = headers.get("origin")
            if origin is not None and _netloc(origin) != host.lower():
                return Problem(403, Sentence.ANOTHER_SITE())
        return None

    def knows(self, host: str) -> bool:
        """Whether the page is served under this `Host`."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name.lower() in self._hosts:
            return True
        if not self._any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _netloc(origin: str) -> str:
    """Host and port of an `Origin`; empty where it names none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
