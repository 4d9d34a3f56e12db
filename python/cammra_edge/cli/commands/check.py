"""`cammra-edge check`: checks a config script and explains it."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.camera import VideoSource
from cammra_edge.cli.exits import Exit, UsageError
from cammra_edge.cli.explain import presence_lines, profile_lines, warnings
from cammra_edge.cli.script import load_script
from cammra_edge.cli.stands import show_source
from cammra_edge.cli.terminal import Style
from cammra_edge.config import Durability
from cammra_edge.errors import CammraError
from cammra_edge.files import PRIVATE_FILE
from cammra_edge.imaging import encode_image
from cammra_edge.model import ImageKind, ImageSpec

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.camera.look import Look
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
    looking = parser.add_mutually_exclusive_group()
    looking.add_argument(
        "--no-source",
        action="store_true",
        help="do not open the camera or film that the script names",
    )
    looking.add_argument(
        "--picture",
        type=Path,
        metavar="JPG",
        help="a new file for a picture of what the camera or film shows",
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Check one script."""
    script = load_script(args.config)
    if args.picture is not None and os.path.lexists(args.picture):
        raise UsageError(f"{args.picture} is there already: name a new file")
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
    look = None
    if isinstance(script.source, VideoSource) and not args.no_source:
        look = script.source.look()
        show_source(terminal, asdict(look.status))
    picture = None
    if args.picture is not None:
        picture = _kept(args.picture, script.source, look, libjpeg_turbo=settings.libjpeg_turbo)
    if picture is not None:
        terminal.line(f"  see {picture}")
    terminal.line(terminal.styled(f"{script.path} is good", Style.GOOD))
    terminal.data(
        {
            "config": str(script.path),
            "good": True,
            "profiles": explained,
            "warnings": doubts,
            "source": None if look is None else asdict(look.status),
            "picture": None if picture is None else str(picture),
        }
    )
    return Exit.OK


def _kept(path: Path, source: object, look: Look | None, *, libjpeg_turbo: bool) -> Path | None:
    """Keep the picture in a new file; `None` where there is none, which the source's own lines have said."""
    if look is None or not isinstance(source, VideoSource):
        raise UsageError("--picture: the script names no VideoSource, so there is no picture")
    if look.frame is None:
        return None
    spec = ImageSpec(kind=ImageKind.FULL_FRAME)
    jpeg = encode_image(look.frame, source.frame_format, spec, libjpeg_turbo=libjpeg_turbo).jpeg
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as out:
            out.write(jpeg)
    except OSError as error:
        raise CammraError(f"{path}: {error.strerror}") from error
    return path


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
    return [*presence_lines(settings), reliable, waiting, source]
