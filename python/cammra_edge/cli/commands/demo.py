"""`cammra-edge demo`: a drawn scene through the real engine to receivers of our own.

With `--once` it is the acceptance test of a fresh machine: exit code 0 means that New, Reliable and
Lost of every vehicle, an Update at least, their pictures and the plates as drawn have arrived over HTTP
and over TCP, and that nothing about them breaks the contract.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.aside import Aside
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.paging import add_page, page_of
from cammra_edge.cli.playing import add_speed, play, profile_line, settings_for
from cammra_edge.cli.sheet import draw_sheet, write_sheet
from cammra_edge.cli.show import arrival_data, arrival_line
from cammra_edge.cli.terminal import Style
from cammra_edge.config import OutboxSettings, Settings
from cammra_edge.engine import Engine
from cammra_edge.model import Device, EventKind, ImageKind
from cammra_edge.profile import HttpPost, Profile, Tcp
from cammra_edge.receiver import Arrival, Receiver
from cammra_edge.receiver.contract import Member
from cammra_edge.recording.scene import VISITS, Scene

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.recording import Recording

_WAIT_S = 60.0
_SEED = 7
_SCENE_FRAME = 73
_LOOPBACK = ("127.0.0.1", 0)
_KEPT = 1000
_ONCE_EACH = ("new", "reliable", "lost")


@dataclass(frozen=True, slots=True)
class _Place:
    """One of the demo's receivers."""

    name: str
    receiver: Receiver


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "--once", action="store_true", help="end when every expected event has arrived"
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        default=Path("demo-events.png"),
        metavar="PNG",
        help="where to draw what arrived",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the scene's recording and what arrived"
    )
    parser.add_argument("--seed", type=int, default=_SEED, help="of the scene's random details")
    add_speed(parser, "4")
    add_page(parser)


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Draw, replay, show; then check what arrived."""
    with ExitStack() as stack:
        aside = stack.enter_context(Aside(lambda: None))
        keep = args.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cammra-demo-"))
        )
        scene = Scene(args.seed)
        with terminal.progress("drawing the scene", scene.frames_total) as bar:
            recording = scene.record(keep / "scene", progress=bar.advance)
        places = [
            _Place(
                "barrier",
                stack.enter_context(
                    _receiver("barrier", terminal, aside, http=True, keep=args.keep)
                ),
            ),
            _Place(
                "traffic centre",
                stack.enter_context(
                    _receiver("traffic centre", terminal, aside, http=False, keep=args.keep)
                ),
            ),
        ]
        terminal.note(
            f"two receivers listen: barrier (HTTP) and traffic centre (TCP); {len(VISITS)} vehicles are coming"
        )
        engine = Engine(
            settings_for(_settings(places, keep / "outbox"), recording),
            stream_id=recording.stream_id(),
        )
        page = None if args.once else args.page
        with (
            page_of(engine, page, terminal, hosts=args.host, folder=keep / "page"),
            engine.running(live=False),
        ):
            play(recording, engine, speed=args.speed, loops=1 if args.once else None)
            engine.drain(_WAIT_S)
            status = engine.status()
            _wait_for_all(places, {profile.name: profile.delivered for profile in status.profiles})
        aside.__exit__()
        aside.settle(terminal)
        return _tell(args, terminal, recording, places, list(map(profile_line, status.profiles)))


def _receiver(
    name: str, terminal: Terminal, aside: Aside, *, http: bool, keep: Path | None
) -> Receiver:
    def show(arrival: Arrival) -> None:
        terminal.line(arrival_line(terminal, arrival, to=name))
        terminal.data(arrival_data(arrival, to=name))

    return Receiver(
        http=_LOOPBACK if http else None,
        tcp=None if http else _LOOPBACK,
        folder=keep / name.replace(" ", "-") if keep is not None else None,
        on_arrival=lambda arrival: aside.put(partial(show, arrival)),
        keep=_KEPT,
    )


def _settings(places: Sequence[_Place], outbox: Path) -> Settings:
    barrier, centre = (place.receiver for place in places)
    return Settings(
        device=Device(serial="B8A44F960ACE", model="cammra_edge demo", ip="127.0.0.1"),
        profiles=(
            Profile(
                places[0].name,
                HttpPost(barrier.http_url),
                device_id="GATE-1",
                events=frozenset(EventKind),
                image=ImageKind.VEHICLE_CROP,
                two_images=True,
            ),
            Profile(
                places[1].name,
                Tcp(centre.tcp_address),
                device_id="GATE-1",
                events=frozenset(EventKind),
                image=ImageKind.DOWNSIZED_FRAME,
            ),
        ),
        outbox=OutboxSettings(path=outbox),
    )


def _wait_for_all(places: Sequence[_Place], delivered: dict[str, int]) -> None:
    # Over TCP "delivered" is what the peer's kernel has; the receiver itself may be a moment behind.
    for place in places:
        _wait_for(place.receiver, delivered[place.name])


def _wait_for(receiver: Receiver, count: int) -> None:
    receiver.wait_for(lambda: len(receiver.events) >= count, _WAIT_S)


def _tell(
    args: Namespace,
    terminal: Terminal,
    recording: Recording,
    places: Sequence[_Place],
    delivered: Sequence[str],
) -> Exit:
    wrong = [f"{place.name}: {why}" for place in places for why in missing(place.receiver)]
    events = places[0].receiver.events
    frames = (
        frame.jpeg for number, frame in enumerate(recording.frames()) if number == _SCENE_FRAME
    )
    write_sheet(
        args.sheet,
        draw_sheet(
            events, next(frames, None), "What arrived at the barrier's receiver", _beside(events)
        ),
    )
    for place, line in zip(places, delivered, strict=True):
        terminal.line(f"{terminal.styled(place.name, Style.BOLD)}: {line}")
    for why in wrong:
        terminal.error(why)
    if not wrong:
        count = sum(len(place.receiver.events) for place in places)
        terminal.line(
            terminal.styled("everything arrived", Style.GOOD)
            + f": {count} events of {len(VISITS)} vehicles at 2 receivers, with their pictures, nothing wrong with any"
        )
    terminal.line(f"see {args.sheet}")
    terminal.data({"wrong": wrong, "sheet": str(args.sheet)})
    return Exit.WRONG if wrong else Exit.OK


def missing(receiver: Receiver) -> list[str]:
    """What a receiver of the whole scene should have and has not, and what is wrong with what it has."""
    wrong = list(receiver.problems)
    events = receiver.events
    by_plate: dict[str, list[Arrival]] = {}
    last_text = {event.car_id: event.plate for event in events}
    for event in events:
        by_plate.setdefault(last_text[event.car_id], []).append(event)
    for visit in VISITS:
        plate = visit.look.text
        wrong += wrong_with(by_plate.pop(plate, []), plate, visit.direction)
    wrong += [f"{plate} was never there" for plate in by_plate]
    if not any(event.kind == "update" for event in events):
        wrong.append("no update came")
    if receiver.missing_packets:
        wrong.append(f"{receiver.missing_packets} packet numbers are missing")
    return wrong


def wrong_with(events: Sequence[Arrival], plate: str, direction: str) -> Iterator[str]:
    """What is wrong with the events of one vehicle, which wears this plate and goes that way."""
    kinds = [event.kind for event in events]
    for kind in _ONCE_EACH:
        if kinds.count(kind) != 1:
            yield f"{kind} of {plate} came {kinds.count(kind)} times"
    for event in events:
        if not event.pictures:
            yield f"{event.kind} of {plate} has no picture"
    if events and events[-1].direction != direction:
        yield f"{plate} goes {direction}, told as {events[-1].direction}"


def _beside(events: Sequence[Arrival]) -> list[str]:
    """What stands beside the scene on the sheet."""
    new = {event.car_id: event for event in events if event.kind == "new"}
    waits = sorted(
        int(event.text(Member.CAPTURE_TIMESTAMP))
        - int(new[event.car_id].text(Member.CAPTURE_TIMESTAMP))
        for event in events
        if event.kind == "reliable" and event.car_id in new
    )
    typical = f"typically {waits[len(waits) // 2] / 1000:.2f} s after it." if waits else ""
    summary = (
        f"{len(new)} vehicles, {len(events)} events, each pushed by HTTP POST as the vendor's multipart: JSON,"
        " vehicle crop, license plate crop. The scene is drawn; plates and makes are invented."
    )
    return [
        "* new at the first read of a vehicle.",
        f"* reliable when enough reads agree and the direction is known: {typical}",
        "* update when plate, direction or another attribute has changed.",
        "* lost when it has not been read for 10 s, still with the picture that shows what the text says.",
        summary,
    ]
