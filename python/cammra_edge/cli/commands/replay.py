"""`cammra-edge replay`: a recorded stream through the real engine, to real receivers."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.commands.listen import HTTP_PORT
from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.playing import add_speed, play, profile_line, settings_for, tell_faults
from cammra_edge.cli.script import load_script
from cammra_edge.cli.settling import settle
from cammra_edge.cli.terminal import Style
from cammra_edge.config import Settings
from cammra_edge.engine import Engine
from cammra_edge.model import EventKind
from cammra_edge.phrases import counted
from cammra_edge.profile import HttpPost, Profile, Tcp
from cammra_edge.recording import Recording

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from cammra_edge.cli.playing import Played
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.delivery import ProfileStatus

_WAIT_S = 60.0
_HERE = f"http://127.0.0.1:{HTTP_PORT}/"


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("recording", type=Path, help="the recording's folder")
    parser.add_argument(
        "--config", type=Path, metavar="CONFIG.py", help="whose profiles get the events"
    )
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="URL",
        help=f"without --config: a receiver, http://… or tcp://… (default {_HERE}, where `listen` is); may be repeated",
    )
    add_speed(parser, "1")
    parser.add_argument(
        "--outbox",
        type=Path,
        metavar="PATH",
        help="where events wait (default: the config's; without --config one that is thrown away)",
    )
    parser.add_argument(
        "--loops", type=int, default=1, metavar="N", help="play it N times; 0 without end"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=_WAIT_S,
        metavar="S",
        help=f"how long receivers may take to get the rest at the end (default {_WAIT_S:.0f} s)",
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Replay one recording."""
    if args.config is not None and args.to:
        raise UsageError("--to and --config exclude each other: the config says where events go")
    if args.loops < 0:
        raise UsageError(f"--loops is {args.loops}: want 0 or more")
    recording = Recording.open(args.recording)
    with ExitStack() as stack:
        if args.config is not None:
            settings = load_script(args.config).engine.settings
        else:
            profiles = _profiles(args.to or [_HERE], recording.stream_id())
            for url, profile in zip(args.to, profiles, strict=False):
                if "://" not in url:
                    terminal.note(f"--to {url} is taken as {profile.protocol.endpoint()}")
            settings = Settings(profiles=profiles, max_profiles=max(3, len(args.to)))
        outbox = args.outbox
        if outbox is None and args.config is None:
            outbox = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cammra-replay-")))
                / "outbox"
            )
        if outbox is not None:
            settings = replace(settings, outbox=replace(settings.outbox, path=outbox))
        engine = Engine(settings_for(settings, recording), stream_id=recording.stream_id())
        stack.enter_context(engine.running(live=False))
        before = {profile.key: profile for profile in engine.status().profiles}
        loops = args.loops or None
        size_bytes = recording.size_bytes() * (loops or 1)
        with terminal.progress("replaying", size_bytes) as bar:
            played = play(recording, engine, speed=args.speed, loops=loops, progress=bar.advance)
        tell_faults(terminal, played.faults)
        drained = settle(engine, terminal, args.wait)
        return _tell(engine, before, played, terminal, drained=drained)


def _profiles(urls: list[str], stream_id: str) -> tuple[Profile, ...]:
    # Each recording is a device of its own: its outbox begins at vehicle 1 and packet 1, and a receiver that has seen
    # another one meanwhile is not told the same numbers twice.
    device_id = f"replay-{stream_id[:8]}"
    return tuple(
        Profile(
            f"receiver {number}",
            Tcp(url.removeprefix("tcp://")) if url.startswith("tcp://") else HttpPost(url),
            device_id=device_id,
            events=frozenset(EventKind),
            two_images=True,
        )
        for number, url in enumerate(urls, start=1)
    )


def _known(profile: ProfileStatus, before: ProfileStatus, told: int) -> int:
    """How many of the events told the outbox had already, from an earlier replay."""
    kept_back = sum(profile.kept_back.values()) - sum(before.kept_back.values())
    return max(told - (profile.put - before.put) - kept_back, 0)


def _tell(
    engine: Engine,
    before: Mapping[str, ProfileStatus],
    played: Played,
    terminal: Terminal,
    *,
    drained: bool,
) -> Exit:
    status = engine.status()
    told = sum(status.events.values())
    known = {
        profile.key: _known(profile, before.get(profile.key, profile), told)
        for profile in status.profiles
    }
    terminal.line(
        f"{counted(played.frames, 'frame')}, {counted(played.reads, 'read')}, {played.length_ns / 1e9:.1f} s: "
        + ", ".join(f"{count} {kind}" for kind, count in status.events.items())
    )
    if played.reads and not told:
        terminal.note("no vehicle was told: none of the reads has a text inside a region")
    for profile in status.profiles:
        name = terminal.styled(profile.name, Style.GOOD if profile.settled else Style.BAD)
        terminal.line(f"  {name}: {profile_line(profile)}")
        if known[profile.key]:
            sent = profile.delivered - before.get(profile.key, profile).delivered
            terminal.line(f"    {known[profile.key]} known already, {sent} sent")
        elif told and not profile.put:
            terminal.line("    nothing sent: the profile wants none of these events")
    terminal.data(
        {
            "frames": played.frames,
            "reads": played.reads,
            "skipped": played.faults.count,
            "drained": drained,
            "events": dict(status.events),
            "profiles": [
                asdict(profile) | {"known": known[profile.key]} for profile in status.profiles
            ],
        }
    )
    parked = any(profile.parked_now for profile in status.profiles)
    return Exit.OK if drained and not parked else Exit.UNDELIVERED
