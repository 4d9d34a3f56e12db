"""`cammra-edge status`: how an outbox and its profiles stand; also as Prometheus text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.playing import profile_line
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.delivery.metrics import prometheus_text
from cammra_edge.errors import CammraError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.stored import Stored
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.outbox import Outbox

TOKEN = "CAMMRA_TOKEN"  # noqa: S105 - the variable's name, not a secret
_NS_PER_S = 1e9
_ANSWER_S = 10.0
_NOT_RUNNING: dict[str, object] = {
    "state": "not running",
    "why": "",
    "alarm": False,
    "in_flight": 0,
    "sent_bytes": 0,
    "last_success_utc_ns": 0,
    "last_error_utc_ns": 0,
    "last_error": "",
    "latency_p50_ms": 0.0,
    "latency_p95_ms": 0.0,
    "latency_p99_ms": 0.0,
}


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
    if args.page is None:
        stored = stored_at(args.where)
        with stored.opened() as outbox:
            whole, profiles = dict(outbox.status()), _profiles(stored, outbox)
    else:
        told = _asked(args.page)
        whole, profiles = dict(told.get("outbox") or {}), list(told.get("profiles") or [])
    if args.metrics:
        terminal.line(prometheus_text(whole, profiles).rstrip("\n"))
        return Exit.OK
    terminal.line(
        f"{whole.get('path', args.where)}: {whole.get('events', 0)} events, {whole.get('bytes', 0) / (1 << 20):.1f} MiB"
    )
    if whole.get("trouble"):
        terminal.line(
            terminal.styled(f"  not yet on disk: {shown(str(whole['trouble']))}", Style.BAD)
        )
    for profile in profiles:
        good = not (
            profile.get("queue_events") or profile.get("parked_now") or profile.get("alarm")
        )
        name = terminal.styled(shown(str(profile["name"])), Style.GOOD if good else Style.NOTICE)
        terminal.line(f"  {name} ({profile['state']}): {profile_line(profile)}")
    terminal.data({"outbox": whole, "profiles": profiles})
    return Exit.OK


def _profiles(stored: Stored, outbox: Outbox) -> list[dict[str, Any]]:
    rows = []
    for profile_id in stored.profile_ids(outbox):
        waiting, tally = outbox.waiting(profile_id), outbox.tally(profile_id)
        rows.append(
            {
                "profile_id": profile_id,
                "name": stored.name(profile_id),
                **_NOT_RUNNING,
                "queue_events": waiting.events,
                "queue_bytes": waiting.size_bytes,
                "oldest_age_s": round(waiting.oldest_age_ns / _NS_PER_S, 3),
                "parked_now": waiting.parked,
                "put": tally.put,
                "delivered": tally.delivered,
                "retried": tally.retried,
                "parked": tally.parked,
                "expired": tally.expired,
                "dropped": dict(tally.dropped),
            }
        )
    return rows


def _asked(url: str) -> dict[str, Any]:
    import httpx  # noqa: PLC0415 - only this question needs it

    token = os.environ.get(TOKEN, "")
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/api/status",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=_ANSWER_S,
        )
        answer.raise_for_status()
        told = answer.json()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise CammraError(
            f"{url} answers {status} {error.response.reason_phrase}; a token made on the page belongs into {TOKEN}"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise CammraError(f"{url}: {error}") from error
    return told if isinstance(told, dict) else {}
