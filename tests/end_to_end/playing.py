"""Starts our command line as a process of its own, and looks at what real receivers got."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from cammra_edge.receiver import Arrival, Receiver
from tests.emulation import PATIENCE

WAIT_S = 100 * PATIENCE


def config(
    path: Path,
    url: str,
    *,
    outbox: Path,
    picture: str | None = "vehicle crop",
    without_plate: bool = False,
) -> Path:
    """A config with one profile that wants every event, in a fixed time zone."""
    path.write_text(
        "from pathlib import Path\n"
        "from cammra_edge import Device, Engine, HttpPost, OutboxSettings, Profile, TrackingSettings\n"
        "engine = Engine(\n"
        f"    tracking=TrackingSettings(vehicles_without_plate={without_plate}),\n"
        "    device=Device(serial='B8A44F960ACE', time_zone='Europe/Berlin'),\n"
        f"    profiles=[Profile('all', HttpPost({url!r}), device_id='E2E', image={picture!r},\n"
        "        two_images=True, events={'new', 'reliable', 'update', 'lost'})],\n"
        f"    outbox=OutboxSettings(path=Path({str(outbox)!r})))\n"
    )
    return path


def start(*words: str, cwd: Path) -> "subprocess.Popen[str]":
    """`cammra-edge …` as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "cammra_edge", *words],
        cwd=cwd,
        env={**os.environ, "TZ": "UTC"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: "subprocess.Popen[str]") -> str:
    """What it said, after it has ended well."""
    out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, f"exit {process.returncode}\n{out}\n{err}"
    return out


def told(receiver: Receiver) -> dict[str, tuple[bytes, list[bytes]]]:
    """What came, by event: the JSON and the pictures, byte for byte."""
    return {
        event.event_id: (event.raw, [picture.jpeg for picture in event.pictures])
        for event in receiver.events
    }


def by_vehicle(events: Iterable[Arrival]) -> dict[str, list[Arrival]]:
    """Events of each vehicle, in the order in which they came."""
    vehicles: dict[str, list[Arrival]] = {}
    for event in events:
        vehicles.setdefault(event.car_id, []).append(event)
    return vehicles


def assert_told_in_order(events: Iterable[Arrival]) -> None:
    """Exactly one New first, one Reliable, one Lost last, for every vehicle."""
    for car_id, of_vehicle in by_vehicle(events).items():
        kinds = [event.kind for event in of_vehicle]
        assert (kinds[0], kinds[-1]) == ("new", "lost"), f"vehicle {car_id}: {kinds}"
        assert [kinds.count(kind) for kind in ("new", "reliable", "lost")] == [1, 1, 1], (
            f"vehicle {car_id}: {kinds}"
        )
