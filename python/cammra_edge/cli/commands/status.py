"""`cammra-edge status`: how an outbox and its profiles stand; also as Prometheus text."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.playing import profile_line
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.delivery import ProfileStatus, stored_status
from cammra_edge.delivery.metrics import prometheus_text
from cammra_edge.errors import CammraError
from cammra_edge.outbox import OutboxStatus

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from _typeshed import DataclassInstance

    from cammra_edge.cli.terminal import Terminal

TOKEN = "CAMMRA_TOKEN"  # noqa: S105 - the variable's name, not a secret
_ANSWER_S = 10.0
_T = TypeVar("_T", bound="DataclassInstance")


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument(
        "--page",
        metavar="URL",
        help=f"ask a running engine's page instead, with the API token in {TOKEN}",
    )
    parser.add_argument("--metrics", action="store_true", help="as Prometheus text")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Show one outbox's state."""
    outbox, profiles = _asked(args.page) if args.page else _stored(args.where)
    if args.metrics:
        terminal.line(prometheus_text(outbox, profiles).rstrip("\n"))
        return Exit.OK
    if outbox is not None:
        terminal.line(f"{outbox.path}: {outbox.events} events, {outbox.bytes / (1 << 20):.1f} MiB")
        if outbox.trouble:
            terminal.line(terminal.styled(f"  not yet on disk: {shown(outbox.trouble)}", Style.BAD))
    for profile in profiles:
        style = Style.GOOD if profile.settled and not profile.alarm else Style.NOTICE
        name = terminal.styled(shown(profile.name), style)
        terminal.line(f"  {name} ({profile.state}): {profile_line(profile)}")
    terminal.data(
        {
            "outbox": asdict(outbox) if outbox is not None else None,
            "profiles": [asdict(profile) for profile in profiles],
        }
    )
    return Exit.OK


def _stored(where: Path) -> tuple[OutboxStatus, list[ProfileStatus]]:
    stored = stored_at(where)
    with stored.opened() as outbox:
        return outbox.status(), [
            stored_status(outbox, key, stored.name(key), stored.state(key))
            for key in stored.keys(outbox)
        ]


def _asked(url: str) -> tuple[OutboxStatus | None, list[ProfileStatus]]:
    import httpx  # noqa: PLC0415 - only this question needs it

    token = os.environ.get(TOKEN, "")
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/api/status",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=_ANSWER_S,
        )
        answer.raise_for_status()
        status = answer.json()
        outbox = status["outbox"]
        return (
            None if outbox is None else _read(OutboxStatus, outbox),
            [_read(ProfileStatus, profile) for profile in status["profiles"]],
        )
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        raise CammraError(
            f"{url} answers {code} {error.response.reason_phrase}; put a token made on the page in {TOKEN}"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, LookupError) as error:
        raise CammraError(f"{url}: {error}") from error


def _read(kind: type[_T], plain: dict[str, Any]) -> _T:
    """The value that was sent as JSON; what a newer version has besides is left out."""
    return kind(**{one.name: plain[one.name] for one in fields(kind) if one.name in plain})
