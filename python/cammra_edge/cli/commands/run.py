"""`cammra-edge run`: a config script's engine, fed by the source it names."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from cammra_edge.camera import VideoSource
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.notify import of_this_process
from cammra_edge.cli.paging import add_page, page_of
from cammra_edge.cli.playing import add_speed, play, profile_line, settings_for, tell_faults
from cammra_edge.cli.script import ScriptError, load_script
from cammra_edge.cli.service import served
from cammra_edge.cli.settling import send_rest, settle
from cammra_edge.cli.stopping import heard, held
from cammra_edge.engine import Engine
from cammra_edge.pulse import Pulse
from cammra_edge.recording import Recording

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from cammra_edge.cli.script import Script
    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.web.serve import ServedPage

_DRAIN_S = 30.0
_REST_S = 0.5
_END = object()
_TRIPLE = 3


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "config", metavar="CONFIG.py", help="a script that defines `engine` and `source`"
    )
    add_speed(parser, "1")
    add_page(parser)
    parser.add_argument(
        "--deny-local",
        action="store_true",
        help="send nothing to this machine itself or its link, whatever script and page say",
    )
    parser.add_argument(
        "--no-socket",
        action="store_true",
        help="do not listen for other commands of this user (status, parked, test …)",
    )


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Run until the source ends, or somebody stops it."""
    script = load_script(args.config)
    if args.deny_local:
        script.engine.apply(replace(script.engine.settings, deny_local=True))
    if script.source is None:
        raise ScriptError(
            f"{script.path}: names no source; set `source` to what yields (frame, reads, at), or to a"
            " Recording, or feed frames yourself and start the script with python"
        )
    if isinstance(script.source, Recording):
        return _play(script.source, script, args, terminal)
    source = script.source() if callable(script.source) else script.source
    if not isinstance(source, Iterable):
        raise ScriptError(
            f"{script.path}: source is a {type(source).__name__}: want what yields (frame, reads, at)"
        )
    engine, is_live = script.engine, _fitted(script.engine, source)
    # From the first frame on a signal is heard where something is waited for; all else is done to its end.
    with held(), ExitStack() as stack:
        with heard():
            page = stack.enter_context(page_of(engine, args.page, terminal, hosts=args.host))
            stack.enter_context(engine.running(live=is_live, local_socket=not args.no_socket))
        pulse = source.pulse if isinstance(source, VideoSource) and is_live else Pulse()
        stack.enter_context(served(engine, _pulses(page) | {"source": pulse}, of_this_process()))
        try:
            with heard():
                terminal.note(f"running {script.path}; Ctrl-C ends it")
                if why := engine.status().local_socket_trouble:
                    terminal.note(f"other commands cannot reach it, as there is no socket: {why}")
            for frame, reads, at in _entries(source, script, pulse):
                engine.observe(frame, reads, at)
                if not is_live:
                    with heard():
                        engine.wait_for_room()
            engine.finish()
            with heard():
                settle(engine, terminal, _DRAIN_S)
        except KeyboardInterrupt:
            engine.finish()
            return _stopped(engine, terminal)
        return _tell(engine, terminal)


def _entries(
    source: Iterable[object], script: Script, pulse: Pulse
) -> Iterator[tuple[Any, Any, Any]]:
    """What the source yields; a signal is heard while it is asked for the next."""
    entries = iter(source)
    try:
        while True:
            if not isinstance(source, VideoSource):
                pulse.rest()  # nobody can tell whether it waits for a camera or hangs
            with heard():
                entry = next(entries, _END)
            pulse.beat()
            if entry is _END:
                return
            if not isinstance(entry, tuple) or len(entry) != _TRIPLE:
                raise ScriptError(
                    f"{script.path}: source yields {entry!r:.60}: want (frame, reads, at)"
                )
            yield entry
    finally:
        pulse.rest()
        if isinstance(entries, Generator):
            entries.close()


def _pulses(page: ServedPage | None) -> dict[str, Pulse]:
    return {} if page is None else {"page": page.pulse}


def _stopped(engine: Engine, terminal: Terminal) -> Exit:
    """Send what goes out at once; the rest waits. Nobody may be there to read what is said of it."""
    with suppress(OSError):
        terminal.note("stopping; what is not delivered yet waits in the outbox")
    send_rest(engine, _REST_S)
    with suppress(OSError):
        _tell(engine, terminal)
    return Exit.OK


def _fitted(engine: Engine, source: Iterable[object]) -> bool:
    """Take over what the source says of its frames; returns whether they come by the machine's time."""
    if not isinstance(source, VideoSource):
        return True
    engine.apply(replace(engine.settings, frame_format=source.frame_format))
    engine.source_status = source.status
    return source.is_live


def _play(recording: Recording, script: Script, args: Namespace, terminal: Terminal) -> Exit:
    settings = settings_for(script.engine.settings, recording)
    engine = Engine(
        settings, stream_id=recording.stream_id(), image_encoder=script.engine.image_encoder
    )
    with held(), ExitStack() as stack:
        with heard():
            page = stack.enter_context(page_of(engine, args.page, terminal, hosts=args.host))
            stack.enter_context(engine.running(live=False, local_socket=not args.no_socket))
        stack.enter_context(served(engine, _pulses(page), of_this_process()))
        try:
            with heard():
                with terminal.progress("playing", recording.size_bytes()) as bar:
                    played = play(recording, engine, speed=args.speed, progress=bar.advance)
                tell_faults(terminal, played.faults)
                settle(engine, terminal, _DRAIN_S)
        except KeyboardInterrupt:
            return _stopped(engine, terminal)
        return _tell(engine, terminal)


def _tell(engine: Engine, terminal: Terminal) -> Exit:
    status = engine.status()
    for profile in status.profiles:
        terminal.line(f"{profile.name}: {profile_line(profile)}")
    terminal.data(
        {
            "events": dict(status.events),
            "profiles": [asdict(profile) for profile in status.profiles],
        }
    )
    left = not all(profile.settled for profile in status.profiles)
    return Exit.UNDELIVERED if left else Exit.OK
