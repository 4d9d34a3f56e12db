"""`cammra-edge status`: how an outbox and its profiles stand; also as Prometheus text."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.playing import profile_line
from cammra_edge.cli.stands import show_source, stands_from
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.delivery.metrics import prometheus_text
from cammra_edge.errors import CammraError
from cammra_edge.phrases import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from cammra_edge.cli.stands import Stands
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.delivery import ProfileStatus
    from cammra_edge.engine.outlook import Outlook

TOKEN = "CAMMRA_TOKEN"  # noqa: S105 - the variable's name, not a secret
_ANSWER_S = 10.0


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)
    parser.add_argument(
        "--page",
        metavar="URL",
        help=f"ask the page of an engine elsewhere, with the API token in {TOKEN}",
    )
    parser.add_argument("--metrics", action="store_true", help="as Prometheus text")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Show one outbox's state."""
    if args.page:
        running, memory = True, None
        outbox, profiles, source = _asked(args.page)
        outlook: list[Outlook] = []
    else:
        with stored_at(args.where).reached() as store:
            running, memory = store.running, store.memory()
            outbox, profiles, source = store.status()
            outlook = [] if args.metrics else store.outlook()
    if args.metrics:
        terminal.line(prometheus_text(outbox, profiles).rstrip("\n"))
        return Exit.OK
    if outbox is not None:
        engine = "an engine runs on it" if running else "no engine runs on it"
        held = f"{counted(outbox.events, 'event')} held, {outbox.bytes / (1 << 20):.1f} MiB"
        terminal.line(f"{outbox.path}: {held}; {engine}")
        if outbox.trouble:
            terminal.line(terminal.styled(f"  not yet on disk: {shown(outbox.trouble)}", Style.BAD))
        if outbox.damage:
            lost = f"events known to be lost: {outbox.lost_events}"
            text = f"  damaged: {shown(outbox.damage)}; {lost}"
            terminal.line(terminal.styled(text, Style.BAD))
        if outbox.set_aside:
            terminal.line(terminal.styled(f"  {shown(outbox.set_aside)}", Style.NOTICE))
    if memory is not None and memory["texts_since"]:
        bound = f"; bounded by {memory['bound']}" if memory["bound"] else ""
        since = memory["pictures_since"]
        pictures = f"pictures since {_time(since)}" if since else "no pictures"
        texts = f"{counted(memory['events'], 'event')} since {_time(memory['texts_since'])}"
        terminal.line(f"  remembers {texts}, {pictures}{bound}")
    if source is not None:
        show_source(terminal, source)
    for profile in profiles:
        _show(terminal, profile, [one for one in outlook if one.profile == profile.key])
    terminal.data(
        {
            "running": running,
            "outbox": asdict(outbox) if outbox is not None else None,
            "source": source,
            "memory": memory,
            "profiles": [asdict(profile) for profile in profiles],
            "outlook": [asdict(one) for one in outlook],
        }
    )
    return Exit.OK


def _show(terminal: Terminal, profile: ProfileStatus, outlook: list[Outlook]) -> None:
    style = Style.GOOD if profile.settled and not profile.alarm else Style.NOTICE
    name = terminal.styled(shown(profile.name), style)
    terminal.line(f"  {name} ({profile.state}): {profile_line(profile)}")
    if profile.kept_back:
        terminal.line(f"    kept back by its filters: {_counts(profile.kept_back)}")
    for one in outlook:
        would = f"would have sent {one.would_send} of the latest {one.of} events"
        kept = f"; kept back: {_counts(one.kept_back)}" if one.kept_back else ""
        terminal.line(f"    {would}{kept}")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} by {keeps}" for keeps, count in counts.items())


def _time(text: str) -> str:
    """As `search` shows it."""
    return text.replace("T", " ", 1)


def _asked(url: str) -> Stands:
    import httpx  # noqa: PLC0415 - only this question needs it

    token = os.environ.get(TOKEN, "")
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/api/status",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=_ANSWER_S,
        )
        answer.raise_for_status()
        return stands_from(answer.json())
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        raise CammraError(
            f"{url} answers {code} {error.response.reason_phrase}; put a token made on the page in {TOKEN}"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, LookupError) as error:
        raise CammraError(f"{url}: {error}") from error
