"""What a crowd of strangers costs deliveries: `python -m tests.web.flood`.

A measurement, no test: it depends on what else the machine does. Vehicles pass at a steady pace, each a connection of
its own to a receiver; rounds without strangers and rounds with two thousand idle ones, two thousand slow ones and two
hundred who guess passwords take turns, and the median of the pairs' ratios counts. The bar: nine tenths are delivered,
and the owner gets in. `test_flood.py` holds what it depends on. The strangers are a process of their own, and come from
addresses all over 127.0.0.0/8.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from cammra_edge import Engine, FrameTime, OutboxSettings, PlateRead, Profile, Tcp
from cammra_edge.web import serve_page
from tests.web.still import PASSWORD, PATIENT_S

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE, SLOW, GUESSING = 2000, 2000, 200
ROUNDS = 3
ROUND_S = 10.0
PER_S = 40
BAR = 0.9
DRIP_S = 0.5
_REST_S = 0.2
_MOST_TRIES = 50
_HEAD = b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
_GUESS = b'{"password":"not the right one"}'


# ---- the strangers, in a process of their own ----------------------------------------------------


def address_of(number: int) -> str:
    """Where the stranger of this number lives."""
    return f"127.{1 + number % 199}.{number // 199 % 256}.{1 + number % 254}"


async def come_again(host: str, port: int, number: int, kind: str) -> None:
    """One stranger, who comes again as often as he is sent away."""
    while True:
        with contextlib.suppress(OSError, EOFError):
            reader, writer = await asyncio.open_connection(
                host, port, local_addr=(address_of(number), 0)
            )
            try:
                await _behave(reader, writer, kind, number)
            finally:
                writer.close()
        await asyncio.sleep(_REST_S)


async def _behave(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: str, number: int
) -> None:
    if kind == "idle":
        await reader.read()
    elif kind == "guessing":
        writer.write(_HEAD + b"%d\r\n\r\n%b" % (len(_GUESS), _GUESS))
        await reader.readuntil(b"}")
    else:  # half of the slow ones drip their headers, the others a body
        dripped = _HEAD * 9 if number % 2 else _HEAD + b"999\r\n\r\n" + b" " * 999
        begin = 1 if number % 2 else len(_HEAD) + 7
        writer.write(dripped[:begin])
        for byte in dripped[begin:]:
            await asyncio.sleep(DRIP_S)
            writer.write(bytes((byte,)))
            await writer.drain()


async def crowd(host: str, port: int, idle: int, slow: int, guessing: int) -> None:
    """All of them, until somebody closes our standard input."""
    kinds = ["idle"] * idle + ["slow"] * slow + ["guessing"] * guessing
    tasks = [
        asyncio.create_task(come_again(host, port, number, kind))
        for number, kind in enumerate(kinds)
    ]
    print("here", flush=True)  # noqa: T201 - told to whoever started us
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


@contextlib.contextmanager
def strangers(url: str, *, idle: int, slow: int, guessing: int) -> Iterator[None]:
    """A crowd at the page's port."""
    at = urlsplit(url)
    words = ["crowd", at.hostname or "", str(at.port), str(idle), str(slow), str(guessing)]
    command = [sys.executable, "-m", "tests.web.flood", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"here\n"
            yield
        finally:
            process.kill()


# ---- the camera ----------------------------------------------------------------------------------


@dataclass
class Taker:
    """A receiver that takes a connection per event and counts them."""

    taken: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        """Take from now on."""
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            link, _ = self._listener.accept()
            with link:
                while link.recv(1 << 16):
                    pass
            self.taken += 1


@dataclass
class Camera:
    """An engine with its page, and an owner who has signed in before."""

    engine: Engine
    taker: Taker
    url: str
    owner: dict[str, str]
    passed: int = 0

    def pass_by(self) -> None:
        """One more vehicle."""
        self.passed += 1
        number = self.passed
        read = PlateRead(track=number, text=f"{number * 7919 % 10**6:06d}", confidence=0.9)
        self.engine.observe(None, [read], FrameTime(number * 10**8, 10**18 + number * 10**8))

    def owner_signs_in(self) -> int:
        """How often the owner, with the right password and a browser that is known, had to try."""
        for tries in range(1, _MOST_TRIES):
            with (
                contextlib.suppress(httpx.TransportError),
                httpx.Client(
                    base_url=self.url, trust_env=False, timeout=PATIENT_S, cookies=self.owner
                ) as http,
            ):
                if http.post("/api/session", json={"password": PASSWORD}).status_code == 200:
                    return tries
        return 0


@contextlib.contextmanager
def camera(folder: Path) -> Iterator[Camera]:
    """Such a camera."""
    taker = Taker()
    taker.start()
    engine = Engine(
        profiles=[Profile("gate", Tcp(taker.address), events={"new"}, image=None)],
        frame_size=(640, 360),
        outbox=OutboxSettings(path=folder / "outbox"),
    )
    with (
        engine.running(live=False, local_socket=False),
        serve_page(engine, port=0, folder=folder / "page", say=False) as page,
    ):
        body = {"code": page.setup_code, "password": PASSWORD}
        with httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http:
            http.post("/api/setup", json=body)
            owner = {name: text for name, text in http.cookies.items() if "device" in name}
        yield Camera(engine, taker, page.url, owner)


def main() -> int:
    """Print the figures; the exit code says whether they keep the bar."""
    with tempfile.TemporaryDirectory() as folder, camera(Path(folder)) as shown:
        ratios, tries = [], []
        for _ in range(ROUNDS):
            calm = _delivered(shown)
            with strangers(shown.url, idle=IDLE, slow=SLOW, guessing=GUESSING):
                time.sleep(ROUND_S / 2)
                crowded = _delivered(shown)
                tries.append(shown.owner_signs_in())
            ratios.append(crowded / calm)
        ratio = statistics.median(ratios)
    what = f"{IDLE} idle, {SLOW} slow and {GUESSING} guessing strangers"
    print(f"deliveries: x{ratio:.2f} with {what}; bar x{BAR}")  # noqa: T201 - what it is for
    print(f"the owner got in after {tries} tries")  # noqa: T201 - what it is for
    return 0 if ratio >= BAR and all(tries) else 1


def _delivered(shown: Camera) -> int:
    """How many were delivered while vehicles passed at a steady pace."""
    before, began = shown.taker.taken, time.monotonic()
    for number in range(round(ROUND_S * PER_S)):
        time.sleep(max(0.0, began + number / PER_S - time.monotonic()))
        shown.pass_by()
    time.sleep(max(0.0, began + ROUND_S - time.monotonic()))
    return shown.taker.taken - before


if __name__ == "__main__":
    if sys.argv[1:2] == ["crowd"]:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        at, *counts = sys.argv[3:]
        asyncio.run(crowd(sys.argv[2], int(at), *map(int, counts)))
    else:
        sys.exit(main())
