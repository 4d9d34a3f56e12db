"""A receiver as a process, to be put into a network namespace: `python -m tests.faults.taker HOST PORT`.

Prints packet, vehicle and ordinal of each event as it comes.
"""

from __future__ import annotations

import socket
import sys
import threading

from tests.servers import answer, read_request


def serve(connection: socket.socket) -> None:
    """Take every event of one connection."""
    with connection:
        while request := read_request(connection):
            numbers = request.partition(b"\r\n\r\n")[2].split(b"\n", 1)[0]
            sys.stdout.write(numbers.decode("ascii") + "\n")
            sys.stdout.flush()
            connection.sendall(answer())


def main() -> None:
    """Accept until somebody ends it."""
    with socket.create_server((sys.argv[1], int(sys.argv[2]))) as listener:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
