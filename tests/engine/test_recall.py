"""Repeats on the whole way: kept back from whom remembers plates, over restarts too, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile, Settings
from cammra_edge.outbox import EventQuery
from cammra_edge.receiver import Receiver
from tests.emulation import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 60.0 * PATIENCE
UTC_NS = 1_760_000_000_000_000_000
MS = 1_000_000
ALL = ("new", "reliable", "update", "lost")
Frame = tuple[int, PlateRead | None]


def profile(url: str, name: str = "gate", **settings: Any) -> Profile:  # noqa: ANN401 - any setting
    wanted = {"events": ALL, "image": None, "repeat_window_s": 300, "extended": True}
    return Profile(name, HttpPost(url), **(wanted | settings))


def engine_of(folder: Path, *profiles: Profile, **outbox: Any) -> Engine:  # noqa: ANN401 - as above
    settings = Settings(
        max_profiles=4, profiles=profiles, outbox=OutboxSettings(path=folder / "outbox", **outbox)
    )
    return Engine(settings, stream_id="recording")


def a_visit(track: int, came_s: float, left_s: float, text: str = "1AB1234") -> list[Frame]:
    """A vehicle that is read four times a second, and 11 s without it, a tick each second."""
    came, left = round(came_s * 1000), round(left_s * 1000)
    read = PlateRead(
        track=track,
        text=text,
        confidence=0.9,
        vehicle=(200, 100, 160, 120),
        plate=(240, 180, 60, 16),
    )
    there: list[Frame] = [(at_ms, read) for at_ms in range(came, left + 1, 250)]
    return there + [(left + after_ms, None) for after_ms in range(1000, 11_000, 1000)]


def play(engine: Engine, frames: list[Frame]) -> None:
    for at_ms, read in frames:
        at = FrameTime(at_ms * MS, UTC_NS + at_ms * MS)
        engine.observe(None, [] if read is None else [read], at)


def told(receiver: Receiver) -> list[tuple[str, str]]:
    return [(event.car_id, event.kind) for event in receiver.events]


def kinds_of(receiver: Receiver, car_id: str) -> list[str]:
    """What was told of one vehicle, whose events alone come in order."""
    return [kind for car, kind in told(receiver) if car == car_id]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.mark.parametrize(
    ("back_after_s", "cars"), [(9, ["1"]), (11, ["1"]), (290, ["1"]), (300, ["1", "2"])]
)
def test_who_leaves_and_comes_back(
    receiver: Receiver, tmp_path: Path, back_after_s: float, cars: list[str]
) -> None:
    engine = engine_of(tmp_path, profile(receiver.http_url, repeat_holds_new=True))
    visit = a_visit(1, 0, 10)
    again = a_visit(1 if back_after_s < 10 else 2, 10 + back_after_s, 20 + back_after_s)
    frames = [(at_ms, read) for at_ms, read in visit if at_ms < again[0][0]] + again
    with engine.running(live=False, local_socket=False):
        play(engine, frames)
        engine.finish()
        assert engine.drain(PATIENCE_S)
        (status,) = engine.status().profiles
    assert list(dict.fromkeys(car for car, _ in told(receiver))) == cars
    assert [kind for car, kind in told(receiver) if car == "1"] == ["new", "reliable", "lost"]
    is_repeat = back_after_s in {11, 290}
    assert dict(status.kept_back) == ({"repeat_window_s": 2} if is_repeat else {})
    assert dict(status.dropped) == ({"repeat": 1} if is_repeat else {})
    assert receiver.problems == []


def test_a_plate_that_flickers_for_ten_minutes_is_told_once(
    receiver: Receiver, tmp_path: Path
) -> None:
    """A parked car, a recogniser without boxes: its plate can be read for half a second of every twelve."""
    engine = engine_of(
        tmp_path, profile(receiver.http_url, repeat_holds_new=True, events=("new", "lost"))
    )
    read = PlateRead(track=1, text="1AB1234", confidence=0.9)
    frames: list[Frame] = [
        (second * 1000 + part, read if second % 12 == 0 and part <= 500 else None)
        for second in range(600)
        for part in (0, 250, 500, 750)
    ]
    with engine.running(live=False, local_socket=False):
        play(engine, frames)
        engine.finish()
        assert engine.drain(PATIENCE_S)
        status = engine.status()
    assert status.events["new"] == 50
    assert told(receiver) == [("1", "new"), ("1", "lost")]
    assert dict(status.profiles[0].kept_back) == {"events": 50, "repeat_window_s": 49}
    assert dict(status.profiles[0].dropped) == {"repeat": 49}


def test_each_profile_has_a_memory_of_its_own(receiver: Receiver, tmp_path: Path) -> None:
    url = receiver.http_url
    engine = engine_of(
        tmp_path,
        profile(url, "holds", repeat_holds_new=True, device_id="holds"),
        profile(url, "tells", device_id="tells"),
        profile(url, "sure", events=("reliable", "lost"), device_id="sure"),
        profile(url, "all", repeat_window_s=0, device_id="all"),
    )
    with engine.running(live=False, local_socket=False):
        play(engine, a_visit(1, 0, 5) + a_visit(2, 30, 35))
        engine.finish()
        assert engine.drain(PATIENCE_S)
    found = {
        device: sorted(
            f"{event.car_id} {event.kind}" for event in receiver.events if event.sender[0] == device
        )
        for device in ("holds", "tells", "sure", "all")
    }
    whole = sorted(f"{car} {kind}" for car in "12" for kind in ("new", "reliable", "lost"))
    assert found == {
        "holds": ["1 lost", "1 new", "1 reliable"],
        "tells": whole,  # a New goes, and then all of its vehicle
        "sure": ["1 lost", "1 reliable"],
        "all": whole,
    }


def test_a_new_is_held_until_its_vehicle_is_reliable(receiver: Receiver, tmp_path: Path) -> None:
    engine = engine_of(tmp_path, profile(receiver.http_url, repeat_holds_new=True))
    with engine.running(live=False, local_socket=False):
        play(engine, a_visit(1, 0, 0)[:1])
        engine._encoder.wait_until_below(1)
        assert engine.status().profiles[0].queue_events == 1
        assert told(receiver) == []
        play(engine, a_visit(1, 0.25, 5))
        engine.finish()
        assert engine.drain(PATIENCE_S)
    assert told(receiver) == [("1", "new"), ("1", "reliable"), ("1", "lost")]


FRAMES = (
    a_visit(1, 0, 3)
    + a_visit(2, 14, 16, "2XY9876")
    + a_visit(3, 30, 33)
    + a_visit(4, 50, 52)
    + a_visit(5, 360, 363)
    + a_visit(6, 380, 383)
)


def arrived(receiver: Receiver) -> dict[str, bytes]:
    return {event.event_id: event.raw for event in receiver.events}


@pytest.mark.parametrize("holds_new", [True, False])
@pytest.mark.parametrize("history_days", [7, 0])
def test_neither_a_restart_nor_a_second_replay_changes_a_decision(
    receiver: Receiver, tmp_path: Path, *, holds_new: bool, history_days: float
) -> None:
    """Stopped wherever it may be, and played again from its beginning: the same bytes arrive, and nothing more."""

    def settings(listening: Receiver) -> Profile:
        events = ALL if holds_new else ("reliable", "lost")
        return profile(listening.http_url, repeat_holds_new=holds_new, events=events)

    def played(folder: Path, listening: Receiver, frames: list[Frame], *, whole: bool) -> Any:  # noqa: ANN401 - a status
        engine = engine_of(folder, settings(listening), history_days=history_days)
        with engine.running(live=False, local_socket=False):
            play(engine, frames)
            if whole:
                engine.finish()
                assert engine.drain(PATIENCE_S)
            return engine.status().profiles[0]

    wanted = played(tmp_path / "whole", receiver, FRAMES, whole=True)
    assert {event.car_id for event in receiver.events} == {"1", "2", "5"}
    for end in range(1, len(FRAMES), 11):
        with Receiver() as other:
            folder = tmp_path / str(end)
            played(folder, other, FRAMES[:end], whole=False)
            status = played(folder, other, FRAMES, whole=True)
            assert arrived(other) == arrived(receiver)
            assert (status.kept_back, status.dropped) == (wanted.kept_back, wanted.dropped)
            again = played(folder, other, FRAMES, whole=True)
            assert arrived(other) == arrived(receiver)
            assert (again.kept_back, again.put) == (wanted.kept_back, wanted.put)
            assert other.problems == []


def test_a_vehicle_that_was_left_open_is_decided_at_the_next_start(
    receiver: Receiver, tmp_path: Path
) -> None:
    gate = profile(receiver.http_url, repeat_holds_new=True)
    engine = engine_of(tmp_path, gate)
    with engine.running(live=False, local_socket=False):
        play(engine, a_visit(1, 0, 5))
        play(engine, a_visit(2, 30, 30)[:1])  # a repeat, whose New is held
    engine = Engine(engine.settings, stream_id="another")
    with engine.running(live=False, local_socket=False):
        assert engine.drain(PATIENCE_S)
        (status,) = engine.status().profiles
    assert [car for car, _ in told(receiver)] == ["1", "1", "1"]
    assert dict(status.dropped) == {"repeat": 1}
    assert dict(status.kept_back) == {"repeat_window_s": 2}  # its Reliable and its Lost


def test_a_new_is_decided_by_its_vehicle_s_reliable_though_that_is_not_wanted(
    receiver: Receiver, tmp_path: Path
) -> None:
    engine = engine_of(tmp_path, profile(receiver.http_url, repeat_holds_new=True, events=["new"]))
    with engine.running(live=False, local_socket=False):
        play(engine, a_visit(1, 0, 5) + a_visit(2, 30, 35) + a_visit(3, 400, 402)[:9])
        assert engine.drain(PATIENCE_S)
        (status,) = engine.status().profiles
    assert told(receiver) == [("1", "new"), ("3", "new")]
    repeats = [event.body["cammra_edge"]["repeat"] for event in receiver.events]  # type: ignore[index]
    assert [repeat and repeat["count"] for repeat in repeats] == [None, "1"]
    assert dict(status.dropped) == {"repeat": 1}


@pytest.mark.parametrize("change", [{"repeat_window_s": 0}, {"repeat_holds_new": False}])
def test_what_is_held_goes_at_once_when_the_profile_holds_it_no_more(
    receiver: Receiver, tmp_path: Path, change: dict[str, Any]
) -> None:
    """And with it everything of its vehicle, though that is a repeat."""
    engine = engine_of(tmp_path, profile(receiver.http_url, repeat_holds_new=True))
    with engine.running(live=False, local_socket=False):
        play(engine, a_visit(1, 0, 5) + a_visit(2, 30, 30)[:1])
        engine._encoder.wait_until_below(1)
        changed = profile(receiver.http_url, **({"repeat_holds_new": True} | change))
        engine.apply(Settings(profiles=(changed,), outbox=engine.settings.outbox))
        assert engine.drain(PATIENCE_S)
        assert kinds_of(receiver, "2") == ["new"]
        play(engine, a_visit(2, 30.25, 35))
        engine.finish()
        assert engine.drain(PATIENCE_S)
    assert kinds_of(receiver, "2") == ["new", "reliable", "lost"]
    assert kinds_of(receiver, "1") == ["new", "reliable", "lost"]


def test_an_erased_plate_is_told_again(receiver: Receiver, tmp_path: Path) -> None:
    engine = engine_of(tmp_path, profile(receiver.http_url, events=("reliable",)))
    with engine.running(live=False, local_socket=False):
        play(engine, a_visit(1, 0, 5))
        assert engine.drain(PATIENCE_S)
        engine.erase(plate="1AB1234")
        assert engine.search(EventQuery(plate="1AB1234")).events == ()
        play(engine, a_visit(2, 30, 35))
        engine.finish()
        assert engine.drain(PATIENCE_S)
    assert told(receiver) == [("1", "reliable"), ("2", "reliable")]
