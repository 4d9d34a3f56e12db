"""`cammra-edge parked …`: what no receiver will take as it is, for a person to decide about."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.reached import key_of
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.phrases import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Mapping

    from cammra_edge.cli.reached import ParkedRow, ParkedWhole
    from cammra_edge.cli.terminal import Terminal

_VERBS = ("list", "show", "retry", "discard", "export")


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "what",
        choices=_VERBS,
        help="list them, show one, let them be tried again, let them go, write them to files",
    )
    add_where(parser)
    parser.add_argument("--profile", metavar="KEY|NAME", help="only this profile's")
    parser.add_argument(
        "--seq", type=int, metavar="N", help="only this one, by the number that `list` shows"
    )
    parser.add_argument(
        "--to", type=Path, metavar="DIR", default=Path("parked"), help="where `export` writes"
    )
    parser.add_argument("--all", action="store_true", help="yes, `discard` all of them")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Do one thing with the parked deliveries."""
    if args.what == "show" and args.seq is None:
        raise UsageError("--seq is not given: `parked list` shows the numbers")
    if args.what == "discard" and args.seq is None and not args.all:
        raise UsageError("discard is for good: name one with --seq, or say --all")
    writes = args.what in {"retry", "discard"}
    with stored_at(args.where).reached(write=writes) as store:
        key = None
        if args.profile is not None:
            key = key_of(store.status()[1], "--profile", args.profile)
        if args.what == "list":
            return _list(store.parked(key), terminal)
        if args.what == "show":
            names = {profile.key: profile.name for profile in store.status()[1]}
            return _show(list(store.parked_whole(key, args.seq)), names, terminal)
        if args.what == "export":
            count = _export(args.to, store.parked_whole(key, args.seq))
            done = f"{count} written to {args.to}"
        elif args.what == "retry":
            count = store.retry(key, args.seq)
            when = "at once" if store.running else "when an engine runs on this outbox"
            done = f"{count} wait again; they are tried {when}"
        else:
            count = store.discard(key, args.seq)
            done = f"{count} discarded"
    terminal.line(done)
    terminal.data({args.what: count})
    return Exit.OK


def _export(folder: Path, found: Iterable[ParkedWhole]) -> int:
    count = 0
    for whole in found:
        whole.export.write(folder)
        count += 1
    return count


def _list(rows: list[ParkedRow], terminal: Terminal) -> Exit:
    for row in rows:
        at = datetime.fromtimestamp(row.parked_utc_ns / 1e9, tz=UTC).astimezone()
        name = terminal.styled(shown(row.name), Style.BOLD)
        terminal.line(
            f"{row.seq:>8}  {at:%Y-%m-%d %H:%M:%S}  {name}  {row.kind}  packet {row.packet}"
            f"  {counted(row.attempts, 'try', 'tries')}  {shown(row.why)}"
        )
        terminal.data(asdict(row))
    if not rows:
        terminal.line("nothing is parked")
    return Exit.OK


def _show(found: list[ParkedWhole], names: Mapping[str, str], terminal: Terminal) -> Exit:
    if not found:
        raise UsageError("there is no such delivery among the parked")
    for whole in found:
        row, event = whole.row, whole.event
        name = shown(names.get(whole.profile, whole.profile))
        terminal.line(
            f"{name}, packet {row.packet}, {counted(row.attempts, 'try', 'tries')}: {shown(row.why)}"
        )
        if row.words:
            terminal.line(f"  the receiver says: {shown(row.words)}")
        terminal.line(
            f"  {event.kind} of vehicle {event.car_id}, {shown(event.plate.text)}, {event.direction}"
        )
        terminal.line(f"  event {event.event_id}, {counted(len(whole.export.images), 'picture')}")
        terminal.data(
            {
                "profile": whole.profile,
                "seq": row.seq,
                "event_id": event.event_id,
                "kind": event.kind,
                "plate": event.plate.text,
            }
        )
    return Exit.OK
