"""Plays a recorded stream through an engine: what `replay`, `demo` and `run` share."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cammra_edge.cli.stopping import held
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.model import FrameFormat
from cammra_edge.recording import Faults, paced

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.config import Settings
    from cammra_edge.delivery import ProfileStatus
    from cammra_edge.engine import Engine
    from cammra_edge.recording import Recording

MAX_SPEED = 1000.0


@dataclass(slots=True)
class Played:
    """What was played."""

    frames: int = 0
    reads: int = 0
    length_ns: int = 0
    faults: Faults = field(default_factory=Faults)


def settings_for(settings: Settings, recording: Recording) -> Settings:
    """The settings with the recording's frames in place of the camera's."""
    return replace(
        settings, frame_format=FrameFormat.JPEG, frame_size=(recording.width, recording.height)
    )


def play(
    recording: Recording,
    engine: Engine,
    *,
    speed: float | None,
    loops: int | None = 1,
    progress: Callable[[int], object] | None = None,
) -> Played:
    """Hand every frame to a running engine, then say that the stream has ended.

    Args:
        recording: What to play.
        engine: Runs already.
        speed: 1.0 is as fast as it was taken; `None` as fast as it goes.
        loops: How often; `None` without end.
        progress: Called with the bytes read since the last call.
    """
    played = Played()
    frames = recording.frames(loops=loops, faults=played.faults, progress=progress)
    for frame in paced(frames, speed, clock=SYSTEM_CLOCK):
        with held():
            engine.observe(frame.jpeg, frame.reads, frame.at)
        if speed is None:
            engine.wait_for_room()
        played.frames += 1
        played.reads += len(frame.reads)
        played.length_ns = frame.at.mono_ns
    engine.finish()
    return played


def speed_of(text: str) -> float | None:
    """`max`, or how many times as fast as it was taken (`4`, `0.5`, `4x`)."""
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= MAX_SPEED:
        raise ArgumentTypeError(f"{text!r}: want a number above 0, up to {MAX_SPEED:.0f}, or max")
    return speed


def add_speed(parser: argparse.ArgumentParser, default: str) -> None:
    """The option `--speed`."""
    parser.add_argument(
        "--speed",
        type=speed_of,
        default=default,
        metavar="N|max",
        help=f"times as fast as it was taken, or max (default {default})",
    )


def tell_faults(terminal: Terminal, faults: Faults) -> None:
    """What was skipped in the recording."""
    for why in faults.told:
        terminal.note(f"skipped: {why}")
    if faults.count > len(faults.told):
        terminal.note(f"skipped: {faults.count - len(faults.told)} more")


def profile_line(profile: ProfileStatus) -> str:
    """What became of one profile's deliveries."""
    counts = (
        (profile.retried, "tried again"),
        (profile.queue_events, "waiting"),
        (profile.parked_now, "parked"),
        (profile.expired, "expired"),
    )
    words = [f"{profile.delivered} delivered"]
    words += [f"{count} {word}" for count, word in counts if count]
    if profile.latency_p50_ms and profile.delivered:
        words.append(f"typically in {profile.latency_p50_ms:.0f} ms")
    why = "" if profile.settled else profile.last_error
    return ", ".join(words) + (f"; {why}" if why else "")
