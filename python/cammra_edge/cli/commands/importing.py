"""`cammra-edge import`: a video or a folder of JPEGs and a tracker's table become a recording."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.playing import tell_faults
from cammra_edge.phrases import counted
from cammra_edge.recording.importer import ImportWishes, import_recording
from cammra_edge.recording.tracker_csv import BoxStyle

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
_FPS_MOST = 1000.0


def size_of(text: str) -> tuple[int, int]:
    """`1920x1080`."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r}: want WIDTHxHEIGHT")
    return (int(found[1]), int(found[2]))


def fps_of(text: str) -> float:
    """Frames a second."""
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 0.0 < fps <= _FPS_MOST:
        raise ArgumentTypeError(f"{text!r}: want frames a second, up to {_FPS_MOST:.0f}")
    return fps


def start_of(text: str) -> int:
    """A time in ISO 8601 as nanoseconds since 1970; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: want a time such as 2024-06-14T14:00:00Z") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("recording", type=Path, help="the folder to make")
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument("--video", type=Path, metavar="FILE", help="a video file; needs ffmpeg")
    pictures.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="a folder of JPEGs, in the order of their names",
    )
    parser.add_argument(
        "--table",
        type=Path,
        metavar="CSV",
        help="the tracker's table; columns are found by their names",
    )
    parser.add_argument(
        "--fps", type=fps_of, help="frames a second (default: the video's own, else 25)"
    )
    parser.add_argument(
        "--size", type=size_of, metavar="WxH", help="of a frame; only needed without pictures"
    )
    parser.add_argument(
        "--start", type=start_of, default=0, metavar="TIME", help="when it was taken (ISO 8601)"
    )
    parser.add_argument(
        "--country",
        default="",
        metavar="ISO3",
        help="of every plate, when the table has no such column",
    )
    parser.add_argument(
        "--boxes",
        type=BoxStyle,
        choices=list(BoxStyle),
        default=BoxStyle.CORNERS,
        help="what a box in one column means: two corners (xyxy, default) or corner and size (xywh)",
    )
    parser.add_argument("--source", default="", help="where it comes from; kept in the recording")
    parser.add_argument("--licence", default="", help="under which terms; kept in the recording")


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Import one recording."""
    wishes = ImportWishes(
        start_utc_ns=args.start,
        fps=args.fps,
        size=args.size,
        country=args.country,
        boxes=args.boxes,
        source=args.source,
        licence=args.licence,
    )
    with terminal.progress("importing frame", None) as bar:
        imported = import_recording(
            args.recording,
            table=args.table,
            pictures=args.video or args.pictures,
            wishes=wishes,
            progress=bar.advance,
        )
    tell_faults(terminal, imported.faults)
    recording = imported.recording
    terminal.line(
        f"{args.recording}: {counted(imported.frames, 'frame')} of {recording.width}x{recording.height},"
        f" {counted(imported.reads, 'read')}" + ("" if recording.frames_path else ", no pictures")
    )
    terminal.data(
        {
            "recording": str(args.recording),
            "frames": imported.frames,
            "reads": imported.reads,
            "skipped": imported.faults.count,
        }
    )
    return Exit.OK
