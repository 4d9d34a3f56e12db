"""The tables and timelines of `docs/ref/events.md` are true: every setting stands there, and every line is replayed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import (
    Engine,
    FrameTime,
    HttpPost,
    ListEntry,
    OutboxSettings,
    PlateList,
    PlateRead,
    Profile,
    Settings,
    TrackingSettings,
)
from cammra_edge.profile import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cammra_edge.model import Event

PAGE = (Path(__file__).parents[2] / "docs" / "ref" / "events.md").read_text(encoding="utf-8")
UTC_NS = 1_760_000_000_000_000_000
STEP_MS = 100
WIDTH, HEIGHT = 1920, 1080
LEFT_TO_THE_CAMERA = {"regions", "shots_per_track", "shot_budget_bytes", "plate_margin"}
"""What decides no event: where reads count, how many pixels are kept, and how a plate is cut out."""


@dataclass(frozen=True)
class Site:
    """What the camera sees, and who is told.

    `seen` gives the reads of each moment, in milliseconds; moments that it leaves out have none.
    """

    profile: Profile
    seen: Mapping[int, list[PlateRead]]
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    ends_ms: int = 30_000


def a_read(  # noqa: PLR0913 - what differs between scenes
    track: int,
    text: str | None,
    *,
    y: float = 500.0,
    x: float = 800.0,
    confidence: float = 0.9,
    plate_height: float = 40.0,
) -> PlateRead:
    plate = (x + 100, y + 150, 3.0 * plate_height, plate_height)
    return PlateRead(
        track=track,
        text=text,
        confidence=confidence if text else 0.0,
        vehicle=(x, y, 300.0, 250.0),
        plate=plate if text else None,
    )


def moments(begin_s: float, end_s: float) -> range:
    return range(round(begin_s * 1000), round(end_s * 1000), STEP_MS)


def seen_by(*parts: Iterator[tuple[int, PlateRead]]) -> dict[int, list[PlateRead]]:
    seen: dict[int, list[PlateRead]] = {}
    for at_ms, read in chain.from_iterable(parts):
        seen.setdefault(at_ms, []).append(read)
    return seen


def profile(**settings: Any) -> Profile:  # noqa: ANN401 - any setting
    return Profile("site", HttpPost("http://127.0.0.1:9/"), image=None, **settings)


def barrier() -> Site:
    def car() -> Iterator[tuple[int, PlateRead]]:
        for at_ms in moments(0, 2):
            yield at_ms, a_read(1, "1AB1234", y=200 + at_ms / 5)
        for at_ms in moments(2, 10):
            yield at_ms, a_read(1, "1AB1234" if at_ms % 1000 == 0 else None, y=600)
        for at_ms in moments(10, 11):
            yield at_ms, a_read(1, None, y=600 + (at_ms - 10_000) / 5)

    return Site(
        profile(
            events=["reliable"], directions=["in"], lists=["allow"], expires_s={"reliable": 5.0}
        ),
        seen_by(car()),
    )


def car_park() -> Site:
    def stay(track: int, begin_s: float, end_s: float) -> Iterator[tuple[int, PlateRead]]:
        for at_ms in moments(begin_s, end_s):
            is_read = (at_ms - round(begin_s * 1000)) % 12_000 < 500
            yield at_ms, a_read(track, "1AB1234" if is_read else None)

    return Site(
        profile(events=["reliable", "lost"], repeat_window_s=300),
        seen_by(stay(1, 0, 120), stay(2, 180, 240), stay(3, 3840, 3850)),
        ends_ms=3_880_000,
    )


def free_flow() -> Site:
    def first() -> Iterator[tuple[int, PlateRead]]:
        for at_ms in moments(0, 1):
            yield at_ms, a_read(1, "1AB1234", y=100 + at_ms / 4)
        for at_ms in moments(2, 3):
            yield at_ms, a_read(2, "1AB1234", y=100 + at_ms / 4)

    def second() -> Iterator[tuple[int, PlateRead]]:
        for at_ms in moments(3.6, 5):
            yield at_ms, a_read(2, "9XY8765", y=100 + (at_ms - 3600) / 4)

    return Site(profile(events=["lost"]), seen_by(first(), second()))


def toll_lane() -> Site:
    def car() -> Iterator[tuple[int, PlateRead]]:
        for at_ms in moments(0, 4):
            height = 14 + at_ms / 80
            text = "1A81234" if height < 20 else "1AB1234"
            yield (
                at_ms,
                a_read(1, text, y=100 + at_ms / 8, confidence=0.6, plate_height=height),
            )

    return Site(
        profile(events=["reliable", "lost"]),
        seen_by(car()),
        TrackingSettings(result_delay_s=0.5, reliable_plate_height=25, reliable_reads=20),
    )


SITES = {
    "barrier": barrier,
    "car park": car_park,
    "free flow": free_flow,
    "toll lane": toll_lane,
}
ALLOWED = PlateList("Residents", mode="allow", entries=[ListEntry("1AB1234")])


def events_of(site: Site, folder: Path) -> tuple[Event, ...]:
    settings = Settings(
        profiles=[site.profile],
        tracking=site.tracking,
        plate_lists=[ALLOWED],
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=folder / "outbox"),
    )
    engine = Engine(settings, stream_id="site")
    with engine.running(live=False, local_socket=False):
        for at_ms in range(0, site.ends_ms, STEP_MS):
            at = FrameTime(at_ms * 1_000_000, UTC_NS + at_ms * 1_000_000)
            engine.observe(None, site.seen.get(at_ms, []), at)
        engine.finish()
        assert engine._encoder.wait_until_below(1, 60)
        return engine.recent_events()


def line_of(event: Event, site: Site) -> str:
    keeps = site.profile.kept_back_by(event)
    fate = "→ sent" if keeps is None else f"kept back by {keeps}"
    for recalled in event.recalled:
        if recalled.verdict == "repeat":
            fate = f"kept back by {Filter.REPEAT_WINDOW_S}"
        elif recalled.repeat is not None:
            fate = f"→ sent, repeats {recalled.repeat.count}"
    at_s = (event.at_utc_ns - UTC_NS) / 1e9
    why = ", ".join(event.changed) or event.reliable_by or ""
    words = (
        f"{at_s:8.2f}  {event.kind.title():<8}  vehicle {event.car_id}  {event.plate.text:<7}"
        f"  {event.direction:<7}  {why:<9}  {fate}"
    )
    return words.rstrip()


@pytest.mark.parametrize("name", SITES)
def test_every_line_of_a_timeline_is_what_happens(name: str, tmp_path: Path) -> None:
    site = SITES[name]()
    lines = [line_of(event, site) for event in events_of(site, tmp_path)]
    block = PAGE.partition(f"<!-- {name} -->\n```\n")[2].partition("```")[0]
    assert block == "".join(f"{line}\n" for line in lines)


def rows_of(heading: str) -> dict[str, str]:
    """The second column of a section's table, by the first."""
    section = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section, re.MULTILINE))


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def test_every_setting_that_decides_an_event_stands_there_with_its_default() -> None:
    wanted = {
        one.name: shown(getattr(TrackingSettings(), one.name))
        for one in fields(TrackingSettings)
        if one.name not in LEFT_TO_THE_CAMERA
    }
    assert rows_of("## What decides when a vehicle says what") == wanted


def test_every_filter_stands_there_in_the_order_in_which_they_are_asked() -> None:
    rows = rows_of("## What a profile gets of it")
    assert list(rows)[: len(Filter)] == [*map(str, Filter)]
    for name in ("min_confidence", "repeat_window_s", "repeat_distance", "repeat_holds_new"):
        assert rows[name] == shown(getattr(profile(), name)), name
