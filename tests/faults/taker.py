"""A receiver as a process of its own: `python -m tests.faults.taker HOST PORT`, port 0 for any.

Prints its port, then packet, vehicle, ordinal and time of each event as it comes.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.faults.rig import Book, numbers_of
from tests.servers import LOOPBACK, answer, read_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def taking(
    book: Book, *, host: str = LOOPBACK, port: int = 0, within: Sequence[str] = ()
) -> Iterator[int]:
    """Such a process, from the moment it listens; what it takes is written into the book. Gives its port.

    `within` is a command that runs it elsewhere (`ip netns exec NAME`).
    """
    with started(["tests.faults.taker", host, str(port)], within=within) as (process, bound):
        writer = threading.Thread(target=_write_down, args=(process, book))
        writer.start()
        try:
            yield bound
        finally:
            process.kill()
            writer.join()


@contextlib.contextmanager
def started(
    words: Sequence[str], *, within: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A module of ours as a process, killed at the end, and the port that it printed first."""
    process = subprocess.Popen(
        [*within, sys.executable, "-m", *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _write_down(process: subprocess.Popen[str], book: Book) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        *numbers, at_s = line.split()
        packet, vehicle_no, ordinal = map(int, numbers)
        book.write(packet, vehicle_no, ordinal, float(at_s))


def serve(connection: socket.socket) -> None:
    """Take every event of one connection."""
    with connection, contextlib.suppress(OSError):
        while request := read_request(connection):
            at_s = time.monotonic()
            sys.stdout.write(f"{' '.join(map(str, numbers_of(request)))} {at_s}\n")
            sys.stdout.flush()
            connection.sendall(answer())


def main() -> None:
    """Accept until somebody ends it."""
    with socket.create_server((sys.argv[1], int(sys.argv[2]))) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
