"""A camera behind a road of ours: a network namespace whose packets pass through this process, which may lose them.

Two TUN devices, one in the namespace and one here, and a thread between them that carries each packet as the road is
set: late, slowly, not at all. Needs root, and nothing else: no module of the kernel's, no firewall.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import heapq
import math
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.faults.finding import CannotBeProvokedError, need_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_Result = TypeVar("_Result")
_NET = divmod(os.getpid() % 10_000, 250)
"""Each process has its own, for several may run the tests."""
OURS, CAMERA, NOBODY = (f"10.{200 + _NET[0]}.{_NET[1]}.{n}" for n in (1, 2, 99))
OURS_6, CAMERA_6, NOBODY_6 = (f"fd00:213:{_NET[0]}:{_NET[1]}::{n}" for n in (1, 2, 99))
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x1, 0x1000
CLONE_NEWNS, CLONE_NEWNET, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x40000000, 4096, 16384, 1 << 18
LOOK_MS = 20
QUEUE_S = 1.0
"""What a narrow road holds before it drops."""
SYN, ACK = 0x02, 0x10


@dataclass
class Road:
    """How packets are carried; each setting may change at any moment."""

    up: bool = True
    loss: float = 0.0
    """Share that is lost, each way."""
    delay_s: float = 0.0
    """One way."""
    bytes_per_s: float = math.inf
    largest: int = 1 << 16
    """Longer ones on the way to the receiver are lost without a word."""
    connection_bytes: float = math.inf
    """After so many on the way to the receiver, a connection carries nothing any more."""
    idle_s: float = math.inf
    """A connection that was silent for so long is forgotten, as by a NAT."""
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secret
    name: str = field(default_factory=lambda: f"cammra{os.getpid()}")
    _free_s: dict[bool, float] = field(default_factory=dict)
    _carried: dict[bytes, int] = field(default_factory=dict)
    _seen_s: dict[bytes, float] = field(default_factory=dict)

    def due_s(self, packet: bytes, now_s: float, *, out: bool) -> float | None:
        """When it arrives; never, where it is lost. `out`: on its way to the receiver."""
        if not self.up or self.chance.random() < self.loss or (out and len(packet) > self.largest):
            return None
        connection, flags = _connection_of(packet)
        if connection and not self._is_known(connection, flags, now_s):
            return None
        if connection and out:
            self._carried[connection] = self._carried.get(connection, 0) + len(packet)
            if self._carried[connection] > self.connection_bytes:
                return None
        begins_s = max(now_s, self._free_s.get(out, 0.0))
        if begins_s - now_s > QUEUE_S:
            return None
        self._free_s[out] = begins_s + len(packet) / self.bytes_per_s
        return self._free_s[out] + self.delay_s

    def _is_known(self, connection: bytes, flags: int, now_s: float) -> bool:
        seen_s = self._seen_s.get(connection, -math.inf)
        if now_s - seen_s > self.idle_s and flags & (SYN | ACK) != SYN:
            return False
        self._seen_s[connection] = now_s
        return True

    def ip(self, *words: str) -> None:
        """Run `ip` in the camera's namespace."""
        _run("ip", "-n", self.name, *words)

    def connect(self) -> None:
        """Give the camera its addresses and routes."""
        self.ip("link", "set", "road", "up")
        self.ip("addr", "replace", f"{CAMERA}/24", "dev", "road")
        self.ip("-6", "addr", "replace", f"{CAMERA_6}/64", "dev", "road", "nodad")

    def at_camera(self, work: Callable[[], _Result], *, resolv_conf: Path | None = None) -> _Result:
        """Do it on a thread in the camera's namespace; so are the threads that it starts."""
        results: list[_Result] = []
        errors: list[BaseException] = []

        def enter_and_work() -> None:
            try:
                _enter(self.name, resolv_conf)
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - raised on the caller's thread
                errors.append(error)

        thread = threading.Thread(target=enter_and_work, name="camera")
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]


@contextlib.contextmanager
def road(*, connected: bool = True) -> Iterator[Road]:
    """Such a road, from a camera that has addresses or none yet."""
    need_root("ip")
    way = Road()
    over = threading.Event()
    with contextlib.ExitStack() as stack:
        _run("ip", "netns", "add", way.name)
        stack.callback(subprocess.run, ["ip", "netns", "delete", way.name], check=False)
        here, there = (stack.enter_context(_tun(f"{way.name[-10:]}{end}")) for end in "ht")
        here_name, there_name = (f"{way.name[-10:]}{end}" for end in "ht")
        _run("ip", "link", "set", there_name, "netns", way.name, "name", "road")
        _run("ip", "addr", "add", f"{OURS}/24", "dev", here_name)
        _run("ip", "link", "set", here_name, "up")
        _run("ip", "-6", "addr", "add", f"{OURS_6}/64", "dev", here_name, "nodad")
        way.ip("link", "set", "lo", "up")
        if connected:
            way.connect()
        carrier = threading.Thread(target=_carry, args=(way, here, there, over), daemon=True)
        carrier.start()
        try:
            yield way
        finally:
            over.set()
            carrier.join()


@contextlib.contextmanager
def _tun(name: str) -> Iterator[int]:
    try:
        number = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        raise CannotBeProvokedError(f"needs TUN devices: {error}") from error
    try:
        fcntl.ioctl(number, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
        yield number
    finally:
        os.close(number)


def _carry(way: Road, here: int, there: int, over: threading.Event) -> None:
    """Take packets from one end to the other until it is over."""
    poll = select.poll()
    for number in (here, there):
        poll.register(number, select.POLLIN)
    held: list[tuple[float, int, int, bytes]] = []
    count = 0
    while not over.is_set():
        wait_ms = LOOK_MS
        if held:
            wait_ms = max(0, min(LOOK_MS, math.ceil((held[0][0] - time.monotonic()) * 1e3)))
        for number, _ in poll.poll(wait_ms):
            with contextlib.suppress(OSError):
                packet = os.read(number, 1 << 16)
                due_s = way.due_s(packet, time.monotonic(), out=number == there)
                if due_s is not None:
                    count += 1
                    heapq.heappush(held, (due_s, count, here if number == there else there, packet))
        while held and held[0][0] <= time.monotonic():
            _, _, target, packet = heapq.heappop(held)
            with contextlib.suppress(OSError):  # that end may be down
                os.write(target, packet)


def _connection_of(packet: bytes) -> tuple[bytes, int]:
    """What names the TCP connection in both directions, and the packet's flags; empty for what is no TCP."""
    if packet[0] >> 4 == 4:
        start, protocol, ends = 4 * (packet[0] & 15), packet[9], (packet[12:16], packet[16:20])
    else:
        start, protocol, ends = 40, packet[6], (packet[8:24], packet[24:40])
    if protocol != socket.IPPROTO_TCP:
        return b"", 0
    ports = packet[start : start + 2], packet[start + 2 : start + 4]
    both = sorted(address + port for address, port in zip(ends, ports, strict=True))
    return b"".join(both), packet[start + 13]


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CannotBeProvokedError(f"{' '.join(command)}: {done.stderr.strip()}")


def _enter(name: str, resolv_conf: Path | None) -> None:
    """Bring this thread into a namespace, with a name server of its own where one is given."""
    libc = ctypes.CDLL(None, use_errno=True)

    def must(result: int) -> None:
        if result:
            raise CannotBeProvokedError(f"namespaces: {os.strerror(ctypes.get_errno())}")

    number = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        must(libc.setns(number, CLONE_NEWNET))
    finally:
        os.close(number)
    if resolv_conf is not None:
        must(libc.unshare(CLONE_NEWNS))
        must(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
        source = os.fsencode(resolv_conf)
        must(libc.mount(source, os.path.realpath(b"/etc/resolv.conf"), None, MS_BIND, None))
