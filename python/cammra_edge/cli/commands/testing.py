"""`cammra-edge test`: tries profiles out, step by step, through their real payload and sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.trial import trial

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.config import Settings

_PLATE = "AXIS1234"
_STYLES = {"ok": Style.GOOD, "failed": Style.BAD, "skipped": Style.DIM}


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("config", metavar="CONFIG.py", help="the script whose profiles are tried")
    parser.add_argument(
        "profile", nargs="*", metavar="PROFILE", help="by name or number; none is all of them"
    )
    parser.add_argument(
        "--plate", default=_PLATE, help=f"what the test event reports (default {_PLATE})"
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Try the profiles, one after another; nothing of it touches the queue."""
    settings = load_script(args.config).engine.settings
    chosen = _chosen(settings, args.profile)
    good = [_try(settings, profile_id, args.plate, terminal) for profile_id in chosen]
    return Exit.OK if all(good) else Exit.UNDELIVERED


def _chosen(settings: Settings, wanted: list[str]) -> list[int]:
    names = [profile.name for profile in settings.profiles]
    every = list(range(1, len(names) + 1))
    chosen = []
    for text in wanted:
        if text in names:
            chosen.append(names.index(text) + 1)
        elif text in map(str, every):
            chosen.append(int(text))
        else:
            raise ConfigError("PROFILE", text, f"one of {', '.join(names)}, or its number")
    return chosen or every


def _try(settings: Settings, profile_id: int, plate: str, terminal: Terminal) -> bool:
    profile = settings.profiles[profile_id - 1]
    terminal.line(terminal.styled(profile.name, Style.BOLD))
    good = True
    steps = trial(
        profile, profile_id=profile_id, device=settings.device, plate=plate, clock=SYSTEM_CLOCK
    )
    for step in steps:
        if step.state == "running":
            continue
        good = good and step.state != "failed"
        word = terminal.styled(f"{step.state:<7}", _STYLES.get(step.state, Style.DIM))
        terminal.line(
            f"  {step.name:<7} {word} {step.took_ms:7.1f} ms  {shown(step.detail)}".rstrip()
        )
        if step.words:
            terminal.line(f"                             the receiver says: {shown(step.words)}")
        if step.remedy:
            terminal.line(f"                             {shown(step.remedy)}")
        terminal.data(
            {
                "profile": profile.name,
                "step": step.name,
                "state": step.state,
                "took_ms": step.took_ms,
                "detail": step.detail,
                "words": step.words,
                "remedy": step.remedy,
            }
        )
    return good
