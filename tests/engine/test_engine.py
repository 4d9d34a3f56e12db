"""The event path as a recogniser and a receiver see it, with real workers and a real receiver."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import (
    ConfigError,
    Engine,
    FrameFormat,
    FrameTime,
    HttpPost,
    Mqtt,
    OutboxSettings,
    PlateRead,
    Profile,
    Settings,
    TrackingSettings,
)
from cammra_edge.receiver import Receiver
from tests.emulation import PATIENCE
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WIDTH, HEIGHT = 640, 360
GREY = bytes([128]) * (WIDTH * HEIGHT)
PATIENCE_S = 60.0 * PATIENCE
ALL = ("new", "reliable", "update", "lost")


def grey_frame() -> memoryview:
    return memoryview(GREY).cast("B", (HEIGHT, WIDTH))


def a_read(text: str = "1AB1234", *, track: int = 1, y: float = 100.0) -> PlateRead:
    return PlateRead(
        track=track,
        text=text,
        confidence=0.9,
        vehicle=(200.0, y, 160.0, 120.0),
        plate=(240.0, y + 80.0, 60.0, 16.0),
        country="CZE",
    )


def at(milliseconds: int) -> FrameTime:
    return FrameTime(milliseconds * 1_000_000, 1_700_000_000_000_000_000 + milliseconds * 1_000_000)


def settings_for(receiver: Receiver, folder: Path, **profile: object) -> Settings:
    return Settings(
        profiles=[Profile("gate", HttpPost(receiver.http_url), events=ALL, **profile)],  # type: ignore[arg-type] # a test's own choice of fields
        frame_format=FrameFormat.GRAY8,
        frame_size=(WIDTH, HEIGHT),
        outbox=OutboxSettings(path=folder / "outbox.db"),
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def states(receiver: Receiver) -> list[object]:
    return [arrival.body["carState"] for arrival in receiver.events]


def test_a_vehicle_says_new_reliable_and_lost_with_both_pictures(
    receiver: Receiver, tmp_path: Path
) -> None:
    engine = Engine(settings_for(receiver, tmp_path, two_images=True))
    with engine.running(live=False):
        for step in range(10):
            engine.observe(grey_frame(), [a_read(y=100.0 + 8 * step)], at(40 * step))
        engine.finish()
        assert engine.drain(PATIENCE_S)
    assert states(receiver)[0] == "new"
    assert states(receiver)[-1] == "lost"
    assert states(receiver).count("reliable") == 1
    assert all(len(arrival.pictures) == 2 for arrival in receiver.events)
    assert receiver.problems == []


def test_a_picture_is_encoded_for_no_event_that_goes_without(
    receiver: Receiver, tmp_path: Path
) -> None:
    settings = settings_for(receiver, tmp_path)
    to_a_broker = replace(
        settings.profiles[0], protocol=Mqtt("mqtt://127.0.0.1:9", images="reliable and lost")
    )
    quiet = replace(settings.outbox, history_image=None)
    engine = Engine(replace(settings, profiles=[to_a_broker], outbox=quiet))
    with engine.running(live=False):
        engine.observe(grey_frame(), [a_read()], at(0))
        engine.finish()
    pictured = {event.kind.value: len(event.images) for event in engine.recent_events()}
    assert pictured == {"new": 0, "reliable": 1, "lost": 1}


def test_a_broken_frame_costs_its_picture_and_no_read(receiver: Receiver, tmp_path: Path) -> None:
    engine = Engine(settings_for(receiver, tmp_path))
    with engine.running(live=False):
        engine.observe(b"short", [a_read()], at(0))
        engine.finish()
        assert engine.drain(PATIENCE_S)
        status = engine.status()
    assert states(receiver) == ["new", "reliable", "lost"]
    assert receiver.events[0].body["plateText"] == "1AB1234"
    assert status.broken_frames == 1
    assert "frame" in status.last_refusal
    assert engine.recent_events()[0].missing


def test_a_read_of_the_wrong_type_costs_no_other_read(receiver: Receiver, tmp_path: Path) -> None:
    engine = Engine(settings_for(receiver, tmp_path))
    broken = replace(a_read("2AB2222", track=2), confidence="high")  # type: ignore[arg-type] # wrong on purpose
    with engine.running(live=False):
        engine.observe(grey_frame(), [broken, a_read()], at(0))
        engine.finish()
        assert engine.drain(PATIENCE_S)
        status = engine.status()
    assert [arrival.body["plateText"] for arrival in receiver.events] == ["1AB1234"] * 3
    assert status.broken_reads == 1
    assert "confidence" in status.last_refusal


def test_timers_fire_on_a_live_stream_when_no_frame_comes(
    receiver: Receiver, tmp_path: Path
) -> None:
    clock = FakeClock()
    engine = Engine(settings_for(receiver, tmp_path), clock=clock)
    with engine.running(live=True):
        engine.observe(grey_frame(), [a_read()], at(0))
        clock.advance(60.0)
        assert receiver.wait_for(lambda: len(receiver.events) >= 3, PATIENCE_S)
    assert states(receiver) == ["new", "reliable", "lost"]


def test_a_result_delay_is_over_in_time_although_no_second_frame_comes(
    receiver: Receiver, tmp_path: Path
) -> None:
    settings = settings_for(receiver, tmp_path)
    engine = Engine(replace(settings, tracking=TrackingSettings(result_delay_s=0.05)))
    with engine.running(live=True):
        while not vars(engine._encoder._changed)["_waiters"]:  # nothing is due: its thread sleeps
            time.sleep(0.001)
        engine.observe(grey_frame(), [a_read()], at(0))
        assert receiver.wait_for(lambda: bool(receiver.events), PATIENCE_S)
        assert states(receiver)[0] == "new"  # Reliable may be due in the same second


CRASH = """
import os, sys
from tests.engine.test_engine import *
from cammra_edge import Engine
from cammra_edge.receiver import Receiver
from pathlib import Path

with Receiver() as receiver:
    engine = Engine(settings_for(receiver, Path(sys.argv[1])))
    engine.start(live=False)
    engine.observe(grey_frame(), [a_read()], at(0))
    assert engine.drain(60)
    os._exit(0)
"""


def test_a_vehicle_left_open_by_a_crash_says_what_it_still_has_to_say_at_the_next_start(
    receiver: Receiver, tmp_path: Path
) -> None:
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert crashed.returncode == 0, crashed.stderr
    engine = Engine(settings_for(receiver, tmp_path))
    with engine.running(live=False):
        engine.observe(grey_frame(), [a_read("2AB2222")], at(0))
        engine.finish()
        assert engine.drain(PATIENCE_S)
    by_car: dict[object, list[object]] = {}
    for arrival in receiver.events:
        by_car.setdefault(arrival.body["carID"], []).append(arrival.body["carState"])
    # What the crashed process had no time to settle may come again; the last words come once.
    assert by_car["1"] in (["reliable", "lost"], ["new", "reliable", "lost"])
    assert by_car["2"] == ["new", "reliable", "lost"]


def test_a_replay_that_is_stopped_goes_on_where_it_was(receiver: Receiver, tmp_path: Path) -> None:
    reads = [([a_read(y=100.0 + 8 * step)], at(40 * step)) for step in range(10)]
    for frames in (reads[:4], reads):
        engine = Engine(settings_for(receiver, tmp_path), stream_id="recording")
        with engine.running(live=False):
            for read, time in frames:
                engine.observe(None, read, time)
            if frames is reads:
                engine.finish()
            assert engine.drain(PATIENCE_S)
    assert states(receiver)[0] == "new"
    assert states(receiver).index("lost") == len(states(receiver)) - 1
    assert receiver.problems == []


def test_a_live_stream_that_is_stopped_says_lost(receiver: Receiver, tmp_path: Path) -> None:
    engine = Engine(settings_for(receiver, tmp_path))
    with engine.running():
        engine.observe(None, [a_read()], at(0))
    with Engine(settings_for(receiver, tmp_path)).running() as again:
        assert again.drain(PATIENCE_S)
    assert states(receiver) == ["new", "reliable", "lost"]


def test_other_settings_are_taken_over_without_losing_an_event(
    receiver: Receiver, tmp_path: Path
) -> None:
    with Receiver() as other:
        first = settings_for(receiver, tmp_path)
        second = replace(first, profiles=settings_for(other, tmp_path).profiles)
        engine = Engine(first)
        with engine.running(live=False):
            for number in range(40):
                read = a_read(f"CAR{number}", track=number, y=100.0 + 300.0 * number)
                engine.observe(None, [read], at(40 * number))
                if number == 20:
                    engine.apply(second)
            engine.finish()
            assert engine.drain(PATIENCE_S)
        news = {
            arrival.body["plateText"]
            for arrival in (*receiver.events, *other.events)
            if arrival.body["carState"] == "new"
        }
        assert news == {f"CAR{number}" for number in range(40)}
        assert {"CAR30", "CAR39"} <= {arrival.body["plateText"] for arrival in other.events}
        packets = [arrival.body["packetCounter"] for arrival in (*receiver.events, *other.events)]
        assert len(set(packets)) == len(packets) == 120


def test_only_what_a_profile_asked_for_reaches_it(receiver: Receiver, tmp_path: Path) -> None:
    settings = settings_for(receiver, tmp_path)
    filtered = Profile("gate", HttpPost(receiver.http_url), events={"new"}, min_confidence=0.95)
    engine = Engine(replace(settings, profiles=[filtered]))
    with engine.running(live=False):
        engine.observe(None, [a_read()], at(0))
        engine.observe(None, [replace(a_read("2AB2222", track=2), confidence=0.97)], at(540))
        engine.finish()
        assert engine.drain(PATIENCE_S)
        assert engine.status().unwanted == 5
    assert [arrival.body["plateText"] for arrival in receiver.events] == ["2AB2222"]


def test_more_profiles_than_the_page_has_need_to_be_asked_for(tmp_path: Path) -> None:
    four = [Profile(f"p{number}", HttpPost("http://127.0.0.1:9")) for number in range(4)]
    with pytest.raises(ConfigError, match=r"profiles is '4 profiles': want at most 3"):
        Engine(profiles=four)
    engine = Engine(
        profiles=four, max_profiles=4, outbox=OutboxSettings(path=tmp_path / "outbox.db")
    )
    assert len(engine.settings.profiles) == 4


def test_tracking_settings_out_of_range_are_named() -> None:
    with pytest.raises(ConfigError, match="lost_after_s"):
        Engine(tracking=TrackingSettings(lost_after_s=-1.0))
