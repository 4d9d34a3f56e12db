"""`cammra-edge check`: checks a config script and explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.explain import profile_lines, warnings
from cammra_edge.cli.script import load_script
from cammra_edge.cli.terminal import Style
from cammra_edge.config import Durability

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.config import Settings


_SURVIVED = {
    Durability.POWER: "a power cut",
    Durability.PROCESS: "a crash of the program, but not a power cut",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "config", metavar="CONFIG.py", help="the script to check; it is run, but nothing is sent"
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Check one script."""
    script = load_script(args.config)
    settings = script.engine.settings
    explained = {profile.key: profile_lines(profile) for profile in settings.profiles}
    doubts = list(warnings(settings))
    for number, profile in enumerate(settings.profiles, start=1):
        first, *others = explained[profile.key]
        terminal.line(f"{number} {terminal.styled(profile.name, Style.BOLD)} {first}")
        for line in others:
            terminal.line(f"    {line}")
    for line in _around(settings, has_source=script.source is not None):
        terminal.line(line)
    for doubt in doubts:
        terminal.line(f"{terminal.styled('look again', Style.NOTICE)}: {doubt}")
    terminal.line(terminal.styled(f"{script.path} is good", Style.GOOD))
    terminal.data(
        {"config": str(script.path), "good": True, "profiles": explained, "warnings": doubts}
    )
    return Exit.OK


def _around(settings: Settings, *, has_source: bool) -> list[str]:
    tracking, outbox = settings.tracking, settings.outbox
    count = len(tracking.regions)
    regions = f"{count} region{'s' * (count > 1)}" if count else "the whole frame, arrow down"
    reliable = (
        f"Reliable after {tracking.reliable_reads} equal reads with {tracking.reliable_support:.0%} of the weight of"
        f" all, or {tracking.reliable_after_s:g} s; Lost after {tracking.lost_after_s:g} s; reads count in {regions}."
    )
    waiting = (
        f"Events wait in {outbox.path} (at most {outbox.max_bytes / (1 << 20):.0f} MiB, {outbox.max_events} events;"
        f" they survive {_SURVIVED[outbox.durability]})."
    )
    source = (
        "The script has a source: `cammra-edge run` starts it."
        if has_source
        else "The script has no source: it feeds frames itself."
    )
    return [reliable, waiting, source]
