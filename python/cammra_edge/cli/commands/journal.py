"""`cammra-edge journal`: the latest tries of a running engine, and with `--bytes` what was sent and answered."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cammra_edge.cli.asking import RefusedError, engine_on, path_of
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.reached import Asked, key_of
from cammra_edge.cli.stored import add_where, how_many, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.errors import OutboxError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.asking import RunningEngine
    from cammra_edge.cli.terminal import Terminal

_NOT_THERE = 404
_MOST = 1000


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument("--profile", metavar="KEY|NAME", help="only this profile's")
    parser.add_argument(
        "--limit", type=how_many, metavar="N", default=20, help="at most so many (20)"
    )
    parser.add_argument(
        "--bytes",
        action="store_true",
        help="also the beginning of each request and answer, where it is kept: without pictures and secrets",
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Show the latest tries, oldest first."""
    path = stored_at(args.where).settings.path
    engine = engine_on(path)
    if engine is None:
        raise OutboxError(
            f"{path}: no engine runs on it, and only a running one remembers its tries"
        )
    with closing(engine):
        profiles = Asked(engine).status()[1]
        key = key_of(profiles, "--profile", args.profile) if args.profile is not None else None
        names = {profile.key: profile.name for profile in profiles}
        tries = engine.ask("GET", path_of("journal"), profile=key, limit=min(args.limit, _MOST))
        for entry in reversed(tries):
            told = _bytes(engine, entry) if args.bytes and entry["kept"] else {}
            _show(terminal, entry, names.get(entry["profile"], entry["profile"]), told)
    if not tries:
        terminal.line("nothing was tried since the engine began")
    return Exit.OK


def _bytes(engine: RunningEngine, entry: dict[str, Any]) -> dict[str, str]:
    try:
        told: dict[str, str] = engine.ask(
            "GET", path_of("journal", entry["event"], entry["serial"])
        )
    except RefusedError as error:
        if error.status != _NOT_THERE:
            raise
        return {}  # forgotten just now
    return told


def _show(terminal: Terminal, entry: dict[str, Any], name: str, told: dict[str, str]) -> None:
    at = datetime.fromtimestamp(entry["at"] / 1e3, tz=UTC).astimezone()
    outcome = entry["outcome"]
    style = Style.GOOD if outcome == "delivered" else Style.NOTICE
    terminal.line(
        f"{at:%Y-%m-%d %H:%M:%S}  {terminal.styled(outcome, style)}  {shown(name)}  {shown(entry['plate'])}"
        f"  {entry['kind']}  packet {entry['packet']}  try {entry['number']}  {entry['took_ms']} ms"
        f"  {shown(entry['why'])}"
    )
    if entry["words"]:
        terminal.line(f"  the receiver says: {shown(entry['words'])}")
    for sign, part in ((">", "request"), ("<", "answer")):
        for line in told.get(part, "").splitlines():
            terminal.line(f"  {sign} {shown(line)}")
    terminal.data(entry | told)
