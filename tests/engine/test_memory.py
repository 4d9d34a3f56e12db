"""What an engine remembers: found, shown after a restart, and forgotten when told, on the disk and in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import (
    CammraError,
    ConfigError,
    Engine,
    EventKind,
    EventQuery,
    EventState,
    FrameFormat,
    FrameTime,
    HttpPost,
    ImageKind,
    OutboxSettings,
    PlateRead,
    Profile,
    Settings,
)
from cammra_edge.delivery import journal
from cammra_edge.receiver import Receiver
from cammra_edge.receiver.receiver import Answer
from tests.emulation import PATIENCE
from tests.servers import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.outbox import FoundEvent

WIDTH, HEIGHT = 640, 360
FRAME = memoryview(bytes([128]) * (WIDTH * HEIGHT)).cast("B", (HEIGHT, WIDTH))
PATIENCE_S = 60.0 * PATIENCE
AT_NS = 1_700_000_000_000_000_000


def engine_of(folder: Path, *profiles: Profile, **outbox: Any) -> Engine:  # noqa: ANN401 - any setting
    return Engine(
        Settings(
            profiles=profiles,
            frame_format=FrameFormat.GRAY8,
            frame_size=(WIDTH, HEIGHT),
            outbox=OutboxSettings(path=folder / "outbox", **outbox),
        )
    )


def pass_by(engine: Engine, *plates: str, frame: memoryview | None = FRAME) -> None:
    """Each plate passes once; all of them have left then."""
    for number, text in enumerate(plates, start=1):
        for step in range(5):
            read = PlateRead(
                track=number,
                text=text,
                confidence=0.9,
                vehicle=(200.0, 60.0 + 20 * step, 160.0, 120.0),
                plate=(240.0, 140.0 + 20 * step, 60.0, 16.0),
            )
            ms = (number * 100 + step) * 40_000_000
            engine.observe(frame, [read], FrameTime(ms, AT_NS + ms))
    engine.finish()
    assert engine.drain(PATIENCE_S)


def kinds_of(found: FoundEvent) -> list[ImageKind]:
    return [image.spec.kind for image in found.event.images if image.image_key in found.image_keys]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def test_an_event_that_nobody_wants_is_remembered_with_its_plate(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    with engine.running(live=False):
        pass_by(engine, "1AB1234", "2CD5678")
        found = engine.search(EventQuery(plate="1ab 1234")).events
        assert {one.event.plate.text for one in found} == {"1AB1234"}
        assert {one.event.kind for one in found} >= {EventKind.NEW, EventKind.LOST}
        assert {one.states for one in found} == {(EventState.UNWANTED,)}
        assert all(kinds_of(one) == [ImageKind.PLATE_CROP] for one in found)
        picture = engine.history_image(found[0].seq, found[0].image_keys[0])
        assert picture is not None
        assert picture[:2] == b"\xff\xd8"
        assert len(engine.search().events) > len(found)


def test_receivers_get_what_they_asked_for_and_no_more(receiver: Receiver, tmp_path: Path) -> None:
    profile = Profile("gate", HttpPost(receiver.http_url), events={"reliable"})
    engine = engine_of(tmp_path, profile)
    with engine.running(live=False):
        pass_by(engine, "1AB1234")
        (found,) = engine.search(EventQuery(kinds={"reliable"})).events
    assert kinds_of(found) == [ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP]
    assert found.states == (EventState.DELIVERED,)
    (arrival,) = receiver.events
    assert [picture.kind for picture in arrival.pictures] == ["vehicle"]
    assert receiver.problems == []


def test_a_plate_that_a_profile_asks_for_is_encoded_once(
    receiver: Receiver, tmp_path: Path
) -> None:
    profile = Profile("gate", HttpPost(receiver.http_url), events={"reliable"}, two_images=True)
    engine = engine_of(tmp_path, profile)
    with engine.running(live=False):
        pass_by(engine, "1AB1234")
        (found,) = engine.search(EventQuery(kinds={"reliable"})).events
    assert kinds_of(found) == [ImageKind.VEHICLE_CROP, ImageKind.PLATE_CROP]


def test_a_picture_of_the_memory_s_own_wish_is_never_missed(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    with engine.running(live=False):
        pass_by(engine, "1AB1234", frame=None)
        assert all(one.event.missing == () for one in engine.search().events)


@pytest.mark.parametrize(
    "outbox", [{"history_days": 0}, {"history_bytes": 0}, {"history_image": None}]
)
def test_without_a_memory_or_its_wish_no_picture_is_made(
    tmp_path: Path, outbox: dict[str, object]
) -> None:
    engine = engine_of(tmp_path, **outbox)
    with engine.running(live=False):
        pass_by(engine, "1AB1234")
        assert all(event.images == () for event in engine.recent_events())


def test_after_a_restart_the_latest_events_are_there_with_their_pictures(
    receiver: Receiver, tmp_path: Path
) -> None:
    profile = Profile("gate", HttpPost(receiver.http_url), events={"lost"}, image=None)
    first = engine_of(tmp_path, profile)
    with first.running(live=False):
        pass_by(first, "1AB1234")
        before = first.recent_events()
    second = engine_of(tmp_path, profile)
    with second.running(live=False):
        assert second.recent_events() == before
        assert sum(second.status().events.values()) == 0
        pictures = {image.image_key for event in before for image in event.images}
        assert pictures
        for image_key in pictures:
            picture = second.operator.picture(image_key)
            assert picture is not None
            assert picture[:2] == b"\xff\xd8"
        outcomes = second.outcomes_of([event.event_id for event in before])
        assert outcomes[before[-1].event_id] == {"gate": EventState.DELIVERED}
        assert outcomes[before[0].event_id] == {}
        pass_by(second, "2CD5678")
        assert second.recent_events()[: len(before)] == before
        assert second.recent_events()[-1].plate.text == "2CD5678"
    with second.running(live=False):
        latest = second.recent_events()
        assert len({event.event_id for event in latest}) == len(latest)


def test_what_has_left_the_journal_is_not_taken_for_waiting(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT", 1)
    profile = Profile("gate", HttpPost(receiver.http_url), events={"lost"}, image=None)
    engine = engine_of(tmp_path, profile)
    with engine.running(live=False):
        pass_by(engine, "1AB1234", "2CD5678")
        ids = [event.event_id for event in engine.recent_events() if event.kind is EventKind.LOST]
        assert len(ids) == 2
        delivered = {"gate": EventState.DELIVERED}
        wait_until(
            lambda: engine.outcomes_of(ids) == dict.fromkeys(ids, delivered), "both are delivered"
        )
        assert len(engine.operator.journal()["gate"]) == 1


def test_what_is_erased_is_gone_everywhere(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    with engine.running(live=False):
        pass_by(engine, "1AB1234", "2CD5678")
        pictures = [
            image.image_key
            for event in engine.recent_events()
            if event.plate.text == "1AB1234"
            for image in event.images
        ]
        assert pictures
        erased = engine.erase(plate="1ab-1234")
        assert erased.events == len(pictures)
        assert erased.pictures
        assert engine.search(EventQuery(plate="1AB1234")).events == ()
        assert {event.plate.text for event in engine.recent_events()} == {"2CD5678"}
        assert [engine.operator.picture(image_key) for image_key in set(pictures)] == [None] * len(
            set(pictures)
        )
        engine.erase(everything=True)
        assert engine.recent_events() == ()
        assert engine.search().events == ()
    held = b"".join(path.read_bytes() for path in (tmp_path / "outbox").glob("*.log"))
    assert b"1AB1234" not in held
    assert b"2CD5678" not in held


def test_what_receivers_said_of_it_is_forgotten(receiver: Receiver, tmp_path: Path) -> None:
    profile = Profile("gate", HttpPost(receiver.http_url), events={"lost"})
    engine = engine_of(tmp_path, profile)
    receiver.answer(Answer(status=413, body=b"no car 1AB-1234"))
    with engine.running(live=False):
        pass_by(engine, "1AB1234")
        (entry,) = engine.operator.journal()["gate"]
        assert "1AB-1234" in entry.words
        engine.erase(plate="1AB1234", undelivered=True)
        (entry,) = engine.operator.journal()["gate"]
        assert (entry.words, entry.outcome) == ("", "parked")
        assert engine.operator.parked() == {"gate": []}


def test_what_waits_is_kept_and_named_unless_it_is_to_go_too(tmp_path: Path) -> None:
    profile = Profile("gate", HttpPost(f"http://127.0.0.1:{free_port()}/"), events={"lost"})
    engine = engine_of(tmp_path, profile)
    with engine.running(live=False):
        for number, plate in enumerate(("1AB1234", "2CD5678")):
            engine.observe(
                FRAME,
                [
                    PlateRead(
                        track=number, text=plate, confidence=0.9, plate=(240.0, 140.0, 60.0, 16.0)
                    )
                ],
                FrameTime(number * 10**9, AT_NS + number * 10**9),
            )
        engine.finish()
        assert not engine.drain(0.5)
        assert engine.erase(everything=True).waiting == (("gate", 2),)
        assert [one.event.kind for one in engine.search().events] == [EventKind.LOST] * 2
        assert {event.kind for event in engine.recent_events()} == {EventKind.LOST}
        assert engine.erase(plate="1AB1234", undelivered=True).waiting == ()
        assert {event.plate.text for event in engine.recent_events()} == {"2CD5678"}
        (left,) = engine.search().events
        assert left.event.plate.text == "2CD5678"


def test_what_does_not_go_together_is_named(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    with engine.running(live=False), pytest.raises(ConfigError, match="plate"):
        engine.erase(plate="1AB1234", everything=True)


def test_an_engine_that_does_not_run_says_so(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    for ask in (engine.search, lambda: engine.erase(everything=True)):
        with pytest.raises(CammraError, match="does not run"):
            ask()
    with pytest.raises(CammraError, match="does not run"):
        engine.history_image(1, "a")
