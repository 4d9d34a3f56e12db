"""The page in a thread of its own beside the engine."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import uvicorn

from cammra_edge.audit import NAME as AUDIT_FILE
from cammra_edge.audit import AuditLog
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.saved import page_folder
from cammra_edge.files import private_folder
from cammra_edge.pulse import Pulse
from cammra_edge.web import reach, views
from cammra_edge.web.access import Access
from cammra_edge.web.access_file import NAME as ACCESS_FILE
from cammra_edge.web.app import build_app
from cammra_edge.web.certificate import load
from cammra_edge.web.ending import Ending
from cammra_edge.web.health import Glance
from cammra_edge.web.live import LiveFeed
from cammra_edge.web.local import served
from cammra_edge.web.page import Page
from cammra_edge.web.patience import ImpatientProtocol
from cammra_edge.web.porter import Gate, Porter, room
from cammra_edge.web.saved import SavedSettings
from cammra_edge.web.trial import ProfileTests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.web.ports import PagedEngine

_log = logging.getLogger(__name__)

BACKLOG = 64
START_S = 10.0
END_S = 2.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServedPage:
    """A page that is being served.

    Args:
        url: Its address; of several, the likeliest.
        urls: All that can be typed elsewhere: an address for each network, and the names that were given.
        setup_code: The code that the first visit asks for; empty once a password is set.
        pulse: The sign of life of the thread that serves it.
    """

    url: str
    urls: tuple[str, ...]
    setup_code: str
    pulse: Pulse


@contextmanager
def serve_page(  # noqa: PLR0913 - each has a default
    engine: PagedEngine,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    folder: Path | None = None,
    hosts: Iterable[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    deny_local: bool = False,
    say: bool = True,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[ServedPage]:
    """Serve the INTEGRATION page of this engine until the block ends.

    Settings saved earlier are laid over the engine's own before the block begins; so the engine starts inside it, and
    nothing goes out by other settings.

    Args:
        engine: Whose page it is.
        host: Address to listen on; `0.0.0.0` is every network.
        port: TCP port; 0 takes a free one.
        folder: Where password, settings and audit log are kept; `None`: `cammra-page` beside the outbox, where the
            commands look for saved settings too.
        hosts: Further names that the page is served under. Where it listens to the network, it knows the machine's own.
        certificate: PEM file with the page's TLS certificate; `None`: the one that was uploaded on the page, if any.
        key: PEM file with its key.
        deny_local: As the setting of that name, whatever the script says.
        say: Print the address, and the code that sets the first password.
        clock: Where the time comes from.

    Raises:
        ConfigError: A lock in the engine's settings names no field.
        OSError: The address is in use or not ours.
    """
    home = private_folder(folder or page_folder(engine.settings))
    asked = host
    if certificate is None and os.path.lexists(home / "certificate.pem"):
        certificate = home / "certificate.pem"
    troubles = []
    if certificate is not None and (why := _unusable(certificate, key)):
        # A password must not cross a network in clear because a file is torn; the camera's own console can mend it.
        host, certificate = _loopback(host), None
        troubles.append(
            f"The page's certificate cannot be used ({why}): the page is served without it, on this camera alone."
        )
    access = Access(home / ACCESS_FILE, clock)
    if deny_local:
        engine.apply(replace(engine.settings, deny_local=True))
    saved = SavedSettings(home, engine.settings, engine.apply, clock)
    porter = Porter(room())
    feed = LiveFeed(lambda: views.status_plain(engine, clock), lambda: views.events_plain(engine))
    page = Page(
        engine=engine,
        saved=saved,
        access=access,
        audit=AuditLog(home / AUDIT_FILE, clock),
        feed=feed,
        tests=ProfileTests(clock),
        glance=Glance(engine.status, clock),
        clock=clock,
        folder=home,
        tls=certificate is not None,
        notice=" ".join(filter(None, (*troubles, access.trouble))),
        welcome=porter.meet,
    )
    listener = _listen(host, port)
    bound = listener.getsockname()[1]
    given = tuple(hosts)
    everyone = host not in LOOPBACK
    names = [*LOOPBACK, asked, host, *given, *(reach.own_names() if everyone else ())]
    app = build_app(page, hosts=names, any_address=everyone)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        log_level="error",  # what strangers send is not worth a line each
        server_header=False,
        date_header=False,  # uvicorn would set it once a second; `guard` does with each answer
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http=ImpatientProtocol,
        loop="asyncio",
        timeout_keep_alive=20,
        h11_max_incomplete_event_size=32 << 10,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = _Server(config, feed, page.tests, porter)
    urls = reach.urls("https" if page.tls else "http", host, bound, given)
    address = ServedPage(urls[0], urls, access.setup_code, server.pulse)
    with listener, served(page), _running(server, listener):
        if say:
            _announce(address, page.notice)
        yield address


def _unusable(certificate: Path, key: Path | None) -> str:
    """Why the page cannot be served with these files; empty when it can."""
    try:
        load(certificate, key)
    except ssl.SSLError:
        return "it is no certificate with its key in PEM"
    except OSError as error:
        return error.strerror or "it cannot be read"
    except ValueError as error:
        return str(error)
    return ""


def _loopback(host: str) -> str:
    if host in LOOPBACK:
        return host
    return "::1" if ":" in host else "127.0.0.1"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def _announce(page: ServedPage, notice: str) -> None:
    lines = [f"page     {page.url}", *(f"         {url}" for url in page.urls[1:])]
    if notice:
        lines.append(f"notice   {notice}")
    if page.setup_code:
        lines.append(
            f"code     {page.setup_code}    (the first visit asks for it, and sets the password)"
        )
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - the console is where the code belongs


class _Server(uvicorn.Server):
    """uvicorn in a thread, without signal handlers, with a porter at its door and the live feed beside it."""

    def __init__(
        self, config: uvicorn.Config, feed: LiveFeed, tests: ProfileTests, porter: Porter
    ) -> None:
        super().__init__(config)
        self._ending = Ending(config, feed.end, tests.end)
        self._feed = feed
        self._porter = porter
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()
        self._gates: list[Gate] = []
        self.pulse = Pulse(self._call_by)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, with a gate of our own in place of uvicorn's, and report it."""
        await super().startup([])
        for listener in sockets or []:
            gate = Gate(listener, self._porter, self._protocol, self.config.ssl)
            gate.open()
            self._gates.append(gate)
        self._ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - whoever opened them closes them
        """Let nobody in any more, and end."""
        for gate in self._gates:
            gate.close()
        await self._ending.come(self)

    async def main_loop(self) -> None:
        """Wait until told to end."""
        await self._told.wait()

    def tell(self) -> None:
        """End; from any thread."""
        self._soon(self._told.set)

    def _call_by(self) -> None:
        self._soon(self.pulse.beat)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(call)

    async def serve_until_told(self, listener: socket.socket, ready: threading.Event) -> None:
        """Serve beside the feed's task; sets `ready` once requests are accepted."""
        self._ready = ready
        self._loop = asyncio.get_running_loop()
        beat = asyncio.create_task(self._feed.run())
        try:
            await self.serve([listener])
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat

    def _protocol(self) -> ImpatientProtocol:
        return ImpatientProtocol(self.config, self.server_state, {})


@contextmanager
def _running(server: _Server, listener: socket.socket) -> Iterator[None]:
    failed: list[BaseException] = []
    ready = threading.Event()

    def run() -> None:
        try:
            asyncio.run(server.serve_until_told(listener, ready))
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="page", daemon=True)
    thread.start()
    ready.wait(START_S)
    if failed:
        raise failed[0]
    try:
        yield
    finally:
        server.tell()
        thread.join(END_S)
        if thread.is_alive():
            _log.warning("page thread did not end in %.0f s", END_S)
