"""`cammra-edge parked …`: what no receiver will take as it is, for a person to decide about."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style, shown

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.stored import Stored
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.outbox import Outbox, Parked

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
        terminal.error("--seq is not given: `parked list` shows the numbers")
        return Exit.USAGE
    if args.what == "discard" and args.seq is None and not args.all:
        terminal.error("discard is for good: name one with --seq, or say --all")
        return Exit.USAGE
    stored = stored_at(args.where)
    with stored.opened() as outbox:
        profile_id = None
        if args.profile is not None:
            key = stored.key(outbox, "--profile", args.profile)
            profile_id = outbox.profile_ids().get(key, 0)
        if args.what in {"list", "show"}:
            keys = {number: key for key, number in outbox.profile_ids().items()}
            rows = [
                (keys.get(row.profile_id, ""), row)
                for row in outbox.parking.listed(profile_id)
                if args.seq in {None, row.seq}
            ]
            if args.what == "list":
                return _list(rows, stored, terminal)
            return _show(rows, stored, outbox, terminal)
        if args.what == "export":
            count = outbox.parking.export(args.to, profile_id)
            done = f"{count} written to {args.to}"
        elif args.what == "retry":
            count = outbox.parking.retry(profile_id, args.seq)
            done = f"{count} wait again; they are tried when an engine runs on this outbox"
        else:
            count = outbox.parking.discard(profile_id, args.seq)
            done = f"{count} discarded"
    terminal.line(done)
    terminal.data({args.what: count})
    return Exit.OK


def _list(rows: list[tuple[str, Parked]], stored: Stored, terminal: Terminal) -> Exit:
    for key, row in rows:
        at = datetime.fromtimestamp(row.parked_utc_ns / 1e9, tz=UTC).astimezone()
        name = terminal.styled(shown(stored.name(key)), Style.BOLD)
        terminal.line(
            f"{row.seq:>8}  {at:%Y-%m-%d %H:%M:%S}  {name}  {row.kind}  packet {row.packet}"
            f"  {row.attempts} tries  {shown(row.why)}"
        )
        terminal.data({"profile": key, "name": stored.name(key), **asdict(row)})
    if not rows:
        terminal.line("nothing is parked")
    return Exit.OK


def _show(
    rows: list[tuple[str, Parked]], stored: Stored, outbox: Outbox, terminal: Terminal
) -> Exit:
    found = [
        (key, row, delivery)
        for key, row in rows
        if (delivery := outbox.parking.show(row.profile_id, row.seq))
    ]
    if not found:
        terminal.error("there is no such delivery among the parked")
        return Exit.USAGE
    for key, row, delivery in found:
        event = delivery.event
        terminal.line(
            f"{shown(stored.name(key))}, packet {row.packet}, {row.attempts} tries: {shown(row.why)}"
        )
        if row.words:
            terminal.line(f"  the receiver says: {shown(row.words)}")
        terminal.line(
            f"  {event.kind} of vehicle {event.car_id}, {shown(event.plate.text)}, {event.direction}"
        )
        terminal.line(f"  event {event.event_id}, {len(delivery.images)} pictures")
        terminal.data(
            {
                "seq": row.seq,
                "event_id": event.event_id,
                "kind": event.kind,
                "plate": event.plate.text,
            }
        )
    return Exit.OK
