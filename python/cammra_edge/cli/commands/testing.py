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
    from cammra_edge.profile import Profile

_PLATE = "AXIS1234"
_STYLES = {"ok": Style.GOOD, "failed": Style.BAD, "skipped": Style.DIM}


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("config", metavar="CONFIG.py", help="the script whose profiles are tried")
    parser.add_argument(
        "profile", nargs="*", metavar="PROFILE", help="by key or name; none is all of them"
    )
    parser.add_argument(
        "--plate", default=_PLATE, help=f"what the test event reports (default {_PLATE})"
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Try the profiles, one after another; nothing of it touches the queue."""
    settings = load_script(args.config).engine.settings
    profiles = [_profile(settings, text) for text in args.profile] or settings.profiles
    good = [_try(profile, settings, args.plate, terminal) for profile in profiles]
    return Exit.OK if all(good) else Exit.UNDELIVERED


def _profile(settings: Settings, text: str) -> Profile:
    by_name = {profile.name: profile for profile in settings.profiles}
    by_key = {profile.key: profile for profile in settings.profiles}
    profile = (by_name | by_key).get(text)
    if profile is None:
        raise ConfigError("PROFILE", text, f"one of {', '.join(by_key)}")
    return profile


def _try(profile: Profile, settings: Settings, plate: str, terminal: Terminal) -> bool:
    profile_id = settings.profiles.index(profile) + 1
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
                "profile": profile.key,
                "name": profile.name,
                "step": step.name,
                "state": step.state,
                "took_ms": step.took_ms,
                "detail": step.detail,
                "words": step.words,
                "remedy": step.remedy,
            }
        )
    return good
