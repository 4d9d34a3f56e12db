"""Ten scenes as scripts of reads, each with what must be said of it, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cammra_edge.config import Region
from cammra_edge.model import PlateRead

if TYPE_CHECKING:
    from cammra_edge.model import Box

FIRST, SECOND, THIRD = "LB68HNC", "YS14KTD", "AO05WRG"
STEP_MS = 100


@dataclass(frozen=True, slots=True)
class Life:
    """What is said of one vehicle.

    Args:
        texts: All texts, in the order in which they are told; Reliable and Lost have the last one.
        from_ms: Its first read.
        lost_ms: When it is lost; `None` where that is not what the scene is about.
        ways: Region and direction, in the order in which they are told; empty where nothing depends on them.
        reliable_by: The reason of Reliable; empty where any will do.
    """

    texts: tuple[str, ...]
    from_ms: int = 0
    lost_ms: int | None = None
    ways: tuple[tuple[int, str], ...] = ()
    reliable_by: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Reads by their moment in ms, and what must come of them; `counted` is what counters count at least."""

    why: str
    lives: tuple[Life, ...]
    frames: dict[int, list[PlateRead]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)

    def see(
        self,
        ms: int,
        track: int,
        text: str | None,
        place: tuple[float, float, float],
        confidence: float = 0.9,
    ) -> None:
        """A vehicle with the middle of its plate at a place, and so high there."""
        plate, vehicle = boxes(*place)
        read = (
            PlateRead(track=track, vehicle=vehicle)
            if text is None
            else PlateRead(
                track=track, text=text, confidence=confidence, vehicle=vehicle, plate=plate
            )
        )
        self.frames.setdefault(ms, []).append(read)


def boxes(x: float, y: float, height_px: float) -> tuple[Box, Box]:
    """Of the plate and of the car around it."""
    width = 4 * height_px
    car_width, car_height = 3.5 * width, 3.2 * width
    return (
        (x - width / 2, y - height_px / 2, width, height_px),
        (x - car_width / 2, y - 0.72 * car_height, car_width, car_height),
    )


def tailgating() -> Scene:
    scene = Scene(
        "The tracker gives the number of the car that has left to the one behind it: far plate, box that jumps back.",
        (
            Life((FIRST,), lost_ms=1_900),
            Life((SECOND,), from_ms=2_200),
        ),
        counted={"taken_over": 1},
    )
    for at in range(20):
        scene.see(at * STEP_MS, 1, FIRST, (900, 400 + 30 * at, 20 + at))
    for at in range(20):
        scene.see(2_200 + at * STEP_MS, 1, SECOND, (900, 430 + 30 * at, 21 + at))
    return scene


def ids_swapped() -> Scene:
    scene = Scene(
        "Two cars pass each other and their numbers change sides: each stays the car that its plate says.",
        (Life((FIRST,)), Life((SECOND,))),
        counted={"rebound": 1},
    )
    for at in range(40):
        first, second = (1, 2) if at < 20 else (2, 1)
        scene.see(at * STEP_MS, first, FIRST, (500 + 20 * at, 500, 26))
        scene.see(at * STEP_MS, second, SECOND, (1_300 - 20 * at, 540, 28))
    return scene


def parked_with_flicker() -> Scene:
    minutes_ms, period_ms, clear_ms = 600_000, 12_000, 500
    scene = Scene(
        "The plate of a parked car is read for half a second of every twelve, its box is always there: it is present.",
        (Life((FIRST,)),),
    )
    for ms in range(0, minutes_ms, STEP_MS):
        text = FIRST if ms % period_ms < clear_ms else None
        scene.see(ms, 1, text, (900 + ms // STEP_MS % 3, 700 - ms // STEP_MS % 2, 30))
    return scene


def lorry_and_trailer() -> Scene:
    scene = Scene(
        "Two plates come in turn from one body that does not jump: one vehicle, with the plate that is surer.",
        (Life((FIRST,)),),
    )
    for at, sign in enumerate("AAAABAABBBAABAAABBAAAA"):
        y = 400 + 10 * at
        if sign == "A":
            scene.see(at * STEP_MS, 1, FIRST, (900, y, 30))
        else:
            scene.see(at * STEP_MS, 1, SECOND, (940, y - 60, 30), confidence=0.7)
    return scene


def motorcycles() -> Scene:
    scene = Scene(
        "One read or two are all there is of a motorcycle: it is told all the same, and reliable when time is up.",
        (
            Life((FIRST,), lost_ms=10_000, reliable_by="timeout"),
            Life((SECOND,), from_ms=300, lost_ms=10_400, reliable_by="timeout"),
        ),
    )
    scene.see(0, 1, FIRST, (500, 600, 22))
    scene.see(300, 2, SECOND, (1_200, 600, 22))
    scene.see(400, 2, SECOND, (1_200, 660, 25))
    return scene


def reversing() -> Scene:
    scene = Scene(
        "A car comes down the arrow, stands, and goes back: the same vehicle, which is told to have turned once.",
        (Life((FIRST,), ways=((1, "unknown"), (1, "in"), (1, "out"))),),
    )
    for at in range(90):
        y = 400 + 15 * (at if at < 30 else 30 if at < 60 else 90 - at)
        scene.see(at * STEP_MS, 1, FIRST, (900, y, 30))
    return scene


def plate_hidden_at_first() -> Scene:
    whole = "34A36837"
    scene = Scene(
        "What was read of a plate before all of it was seen is a part of it: no other vehicle.",
        (Life(("3A", whole)),),
    )
    for at in range(30):
        text = "3A" if at < 2 else whole
        scene.see(at * STEP_MS, 1, text, (900, 400 + 15 * at, 14 + at), 0.5 if at < 2 else 0.85)
    return scene


def wrong_first_read() -> Scene:
    scene = Scene(
        "One wrong read makes no vehicle, and leaves none behind: what follows at the same place is the same car.",
        (Life((SECOND, FIRST)),),
    )
    for at in range(30):
        text = SECOND if at == 0 else FIRST
        scene.see(at * STEP_MS, 1, text, (900, 400 + 12 * at, 16 + at))
    return scene


def u_turn() -> Scene:
    left = Region(
        roi_id=1, polygon=((0, 0), (0.5, 0), (0.5, 1), (0, 1)), arrow=((0.25, 0), (0.25, 1))
    )
    right = Region(
        roi_id=2, polygon=((0.5, 0), (1, 0), (1, 1), (0.5, 1)), arrow=((0.75, 1), (0.75, 0))
    )
    scene = Scene(
        "Down the left lane and up the right one: the other lane's arrow says nothing until it has been followed.",
        (Life((FIRST,), ways=((1, "unknown"), (1, "in"), (2, "unknown"), (2, "in"))),),
        rules={"regions": (left, right)},
    )
    for at in range(80):
        x = 600 if at < 30 else min(600 + 40 * (at - 30), 1_300)
        y = 300 + 20 * (at if at < 30 else 30 if at < 50 else 80 - at)
        scene.see(at * STEP_MS, 1, FIRST, (x, y, 30))
    return scene


def tracker_anew_in_a_queue() -> Scene:
    scene = Scene(
        "A tracker that starts anew has other numbers for the same cars: each goes on where it was expected.",
        (Life((FIRST,)), Life((SECOND,)), Life((THIRD,))),
        counted={"relinked": 3},
    )
    for at in range(60):
        for number, text in enumerate((FIRST, SECOND, THIRD)):
            track = number + (1 if at < 30 else 11)
            place = (900 - 10 * number, 900 - 250 * number + 2 * at, 30 - 6 * number)
            scene.see(at * STEP_MS, track, text, place)
    return scene
