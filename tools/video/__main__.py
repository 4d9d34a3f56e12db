"""Film, server, source, recogniser, engine, receiver, sheet; exit code 0 means that every vehicle arrived as drawn."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.sheet import draw_sheet, write_sheet
from cammra_edge.cli.show import arrival_line
from cammra_edge.cli.terminal import Terminal
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.receiver import Receiver
from tools.video import film
from tools.video.serving import ServingError, free_port, rtsp_server
from tools.video.watching import Watcher, missing, watch

if TYPE_CHECKING:
    from cammra_edge.camera import SourceStatus


_WATCHED = 0.93
"""So much of the film; then nothing drives any more, and at its very end the server ends the stream."""


def main(argv: list[str] | None = None) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="make run-video", description=__doc__)
    parser.add_argument("--sheet", type=Path, default=Path("video-events.png"), metavar="PNG")
    args = parser.parse_args(argv)
    terminal = Terminal(sys.stdout, sys.stderr, clock=SYSTEM_CLOCK)
    with tempfile.TemporaryDirectory(prefix="cammra-video-") as folder:
        try:
            return _run(Path(folder), args.sheet, terminal)
        except ServingError as error:
            terminal.error(str(error))
            return 1


def _run(folder: Path, sheet: Path, terminal: Terminal) -> int:
    path = folder / "scene.mp4"
    with (
        rtsp_server(path, free_port()) as address,
        Receiver(on_arrival=lambda event: terminal.line(arrival_line(terminal, event))) as receiver,
    ):
        watcher = Watcher()
        read_s = watcher.read_s()
        slower = film.slower_for(read_s)
        with terminal.progress("drawing the film", film.FRAMES) as bar:
            film.draw(path, slower, progress=bar.advance)
        most_s = film.length_s(slower) * _WATCHED
        terminal.note(
            f"a camera is served at {address}; RapidOCR takes {read_s:.1f} s for a picture, so vehicles drive"
            f" {slower} times as slow, and this takes {most_s:.0f} s"
        )
        status = watch(address, watcher, receiver, folder / "outbox", most_s=most_s)
    write_sheet(
        sheet,
        draw_sheet(
            receiver.events,
            watcher.picture(),
            "What arrived at the receiver, read from an RTSP stream",
            _beside(status),
        ),
    )
    wrong = missing(receiver)
    for why in wrong:
        terminal.error(why)
    if not wrong:
        terminal.line(
            f"everything arrived: {len(receiver.events)} events, every vehicle as it was drawn"
        )
    terminal.line(f"see {sheet}")
    return 1 if wrong else 0


def _beside(status: SourceStatus) -> list[str]:
    """What stands beside the picture on the sheet."""
    return [
        "* new at the first read of a vehicle.",
        "* reliable when enough reads agree, or the timer says so.",
        "* update when plate, direction or another attribute has changed.",
        "* lost when it has not been read for 10 s.",
        (
            f"The demo's scene as a film of {status.width}x{status.height} in H.264, sent by GStreamer's RTSP server,"
            f" opened by VideoSource, and read by RapidOCR without a network. Of {status.pictures} pictures it took the"
            f" newest each time; {status.skipped_frames} were passed over. Pushed by HTTP POST."
        ),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
