"""The outbox's folder goes away under the running engine: it is said, and what waits is written anew."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox
from tests.fakes import JPEG, FakeClock, a_life, crash, new_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.outbox.conftest import Bench


def remove_files(path: Path) -> None:
    for file in path.iterdir():
        if file.is_file():
            file.unlink()


def move_away(path: Path) -> None:
    path.rename(path.with_name("moved"))


def replace_by_an_empty_one(path: Path) -> None:
    move_away(path)
    path.mkdir()


def replace_by_another(path: Path) -> None:
    other = Outbox(_settings(path.with_name("other")), clock=FakeClock())
    other.put([new_event(100 + n, wanted_by=(1,), stream_id="other") for n in range(5)])
    other.close()
    move_away(path)
    path.with_name("other").rename(path)


def _settings(path: Path) -> OutboxSettings:
    return OutboxSettings(path=path)


WAYS = pytest.mark.parametrize(
    "lose",
    [remove_files, shutil.rmtree, move_away, replace_by_an_empty_one, replace_by_another],
)


def take_all(outbox: Outbox, *, stream_id: str = "run-1") -> list[tuple[int, int, str, int]]:
    taken = []
    while (delivery := outbox.take(1)) is not None:
        event = delivery.event
        if event.stream_id == stream_id:
            taken.append(
                (delivery.packet, event.vehicle_no, event.kind.value, len(delivery.images))
            )
        outbox.done(delivery)
    return taken


@WAYS
def test_what_waits_is_written_anew_and_numbers_go_on(
    bench: Bench, lose: Callable[[Path], None]
) -> None:
    outbox = bench.outbox
    outbox.put(a_life(1, image=JPEG, image_key="shot"))
    first = outbox.take(1)
    assert first is not None
    outbox.done(first)
    parked = outbox.take(1)
    assert parked is not None
    outbox.park(parked, why="HTTP 400")
    outbox.flush()
    lose(bench.path)
    outbox.put([new_event(2, image=JPEG)])
    for _ in range(3):
        bench.clock.advance(1.1)
        outbox.tick()
    assert outbox.status().durable
    outbox.put([new_event(3, image=JPEG)])
    outbox = bench.crash()
    assert [(row.packet, row.why) for row in outbox.parking.listed()] == [(2, "HTTP 400")]
    assert take_all(outbox) == [
        (3, 1, "update", 1),
        (4, 1, "lost", 1),
        (5, 2, "new", 1),
        (6, 3, "new", 1),
    ]
    assert outbox.tally(1).delivered >= 1
    assert outbox.car_id("run-1", 7) > 3


@WAYS
def test_it_is_noticed_without_an_event_and_said(
    bench: Bench, lose: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    bench.outbox.put([new_event(1)])
    lose(bench.path)
    bench.outbox._look()  # as the watch calls it
    assert "outbox cannot write" in caplog.text
    bench.clock.advance(1.1)
    bench.outbox.tick()
    assert bench.outbox.status().durable
    assert take_all(bench.crash()) == [(1, 1, "new", 0)]


@WAYS
def test_what_was_known_is_still_known(bench: Bench, lose: Callable[[Path], None]) -> None:
    life = a_life(1)
    bench.outbox.put(life)
    assert len(take_all(bench.outbox)) == 4
    key = bench.outbox.boundary_key
    lose(bench.path)
    bench.outbox._look()
    bench.clock.advance(1.1)
    bench.outbox.tick()
    outbox = bench.crash()
    assert outbox.boundary_key == key
    outbox.put(life)
    assert take_all(outbox) == []
    outbox.put([new_event(2, kind=EventKind.LOST)])
    assert take_all(outbox) == [(5, 2, "lost", 0)]


def test_a_card_that_is_put_back_as_it_was_repeats_and_loses_nothing(bench: Bench) -> None:
    bench.outbox.put([new_event(1), new_event(2)])
    away = bench.path.with_name("card")
    bench.path.rename(away)
    bench.outbox._look()
    delivery = bench.outbox.take(1)
    assert delivery is not None
    bench.outbox.done(delivery)
    bench.outbox.put([new_event(3)])
    if bench.path.exists():
        shutil.rmtree(bench.path)
    away.rename(bench.path)
    for _ in range(3):
        bench.clock.advance(1.1)
        bench.outbox.tick()
    assert bench.outbox.status().durable
    crash(bench.outbox)
    assert [vehicle for _, vehicle, *_ in take_all(bench.open())] == [2, 3]
