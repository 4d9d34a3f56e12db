"""`cammra-edge listen`: the reference receiver, on a terminal."""

from __future__ import annotations

import threading
from argparse import ArgumentTypeError
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli import subscribing
from cammra_edge.cli.aside import Aside
from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.show import arrival_data, arrival_line
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.phrases import counted
from cammra_edge.receiver import Answer, Receiver

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.receiver import Arrival

HTTP_PORT = 8077
TCP_PORT = 7001
_LAST_PORT = 65535
_KEPT = 16
"""Events shown are done with: a receiver that runs for months must not grow."""
_STATUSES = range(100, 600)


def address_of(text: str) -> tuple[str, int] | None:
    """`host:port`, `port` on loopback, or `off`."""
    if text == "off":
        return None
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()) or int(port) > _LAST_PORT:
        raise ArgumentTypeError(f"{text!r}: want HOST:PORT, PORT or off")
    return (host.strip("[]") or "127.0.0.1", int(port))


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "--http",
        type=address_of,
        default=("127.0.0.1", HTTP_PORT),
        metavar="[HOST:]PORT|off",
        help=f"where to take HTTP POSTs (default 127.0.0.1:{HTTP_PORT})",
    )
    parser.add_argument(
        "--tcp",
        type=address_of,
        default=("127.0.0.1", TCP_PORT),
        metavar="[HOST:]PORT|off",
        help=f"where to take TCP connections (default 127.0.0.1:{TCP_PORT})",
    )
    parser.add_argument(
        "--ftp",
        type=address_of,
        default=None,
        metavar="[HOST:]PORT|off",
        help="where to take FTP uploads, from anybody (default off)",
    )
    subscribing.add_arguments(parser)
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("cammra-received"),
        metavar="DIR",
        help="where to keep JSON and pictures (default cammra-received)",
    )
    parser.add_argument("--no-folder", action="store_true", help="keep nothing")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="end after N events")
    parser.add_argument(
        "--seconds", type=float, default=None, metavar="S", help="end after S seconds"
    )
    parser.add_argument(
        "--answer",
        type=int,
        default=None,
        metavar="STATUS",
        help="answer this status instead of taking events",
    )
    parser.add_argument(
        "--times",
        type=int,
        default=None,
        metavar="N",
        help="only the first N times, then behave (with --answer)",
    )


@dataclass(slots=True)
class _Came:
    """What came while we listened."""

    arrivals: int = 0
    problems: int = 0
    missing: int = 0


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Listen until Ctrl-C, or until what was asked for has come."""
    if args.answer is not None and args.answer not in _STATUSES:
        raise UsageError(f"--answer is {args.answer}: want an HTTP status, 100 to 599")
    enough, ordered = threading.Event(), False
    aside = Aside(enough.set)
    came = _Came()

    def arrived(arrival: Arrival) -> None:
        came.arrivals += 1
        came.problems += len(arrival.problems)
        aside.put(partial(_show, arrival, terminal))
        if args.count and came.arrivals >= args.count:
            enough.set()

    def fault(peer: str, why: str) -> None:
        came.problems += 1
        aside.put(partial(_show_fault, peer, why, terminal))

    with (
        aside,
        Receiver(
            http=args.http,
            tcp=args.tcp,
            ftp=args.ftp,
            folder=None if args.no_folder else args.folder,
            on_arrival=arrived,
            on_fault=fault,
            keep=_KEPT,
        ) as receiver,
    ):
        if args.answer is not None:
            receiver.answer(Answer(args.answer), times=args.times)
        subscriber = subscribing.subscriber(args, receiver, terminal)
        _tell_where(args, receiver, terminal)
        if subscriber is not None:
            subscriber.start()
        try:
            enough.wait(args.seconds)
        except KeyboardInterrupt:
            ordered = True
        if subscriber is not None:
            subscriber.close()
        came.missing = receiver.missing_packets
    aside.settle(terminal)
    terminal.note(
        f"{counted(came.arrivals, 'event')}, {counted(came.problems, 'problem')},"
        f" {counted(came.missing, 'packet number')} missing"
    )
    is_short = args.count and came.arrivals < args.count
    return Exit.WRONG if (is_short or came.problems) and not ordered else Exit.OK


def _show(arrival: Arrival, terminal: Terminal) -> None:
    terminal.line(arrival_line(terminal, arrival))
    terminal.data(arrival_data(arrival))


def _show_fault(peer: str, why: str, terminal: Terminal) -> None:
    terminal.line(terminal.styled(f"{peer} sent {shown(why)}", Style.BAD))
    terminal.data({"peer": peer, "fault": why})


def _tell_where(args: Namespace, receiver: Receiver, terminal: Terminal) -> None:
    if args.http is not None:
        terminal.note(f"listening for HTTP POST on {receiver.http_url} (any path)")
    if args.tcp is not None:
        terminal.note(f"listening for TCP on {receiver.tcp_address}")
    if args.ftp is not None:
        terminal.note(f"listening for uploads on {receiver.ftp_url} (any user, any password)")
    if not args.no_folder:
        terminal.note(f"keeping events in {args.folder}")
