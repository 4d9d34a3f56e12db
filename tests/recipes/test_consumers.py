"""The recipes' consumers, in Python and in Go, between a real Mosquitto and a real PostgreSQL."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.engines import RECIPES, Broker, Database, database
from tests.paho_cameras import Camera, event_body
from tests.servers import SLACK_S, require_program, wait_until
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Command = Callable[[Broker, Database, str], list[str]]

JPEG = b"\xff\xd8" + bytes(2_000) + b"\xff\xd9"
BY = "collectors"


def python_consumer(broker: Broker, store: Database, name: str) -> list[str]:
    script = str(RECIPES / "consumer" / "consumer.py")
    addresses = ["--broker", broker.address, "--database", store.url]
    return [sys.executable, script, *addresses, "--by", BY, "--id", name]


def go_consumer(broker: Broker, store: Database, name: str) -> list[str]:
    addresses = ["-broker", f"mqtt://{broker.address}", "-database", store.url]
    return [str(built()), *addresses, "-by", BY, "-id", name]


@cache
def built() -> Path:
    """The consumer in Go; what Go has built before it only looks at."""
    go, program = require_program("go", apt="golang-go"), CACHE / "recipe-consumer"
    with one_at_a_time("recipe-consumer"):
        command = [go, "build", "-buildvcs=false", "-o", str(program), "."]
        subprocess.run(command, cwd=RECIPES / "consumer", check=True, capture_output=True)
    return program


@contextlib.contextmanager
def consumer(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "consumer.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    with database() as found:
        found.run(RECIPES / "postgresql" / "schema.sql")
        yield found


@pytest.fixture
def store(server: Database) -> Database:
    server.rows("TRUNCATE event, image")
    return server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as found:
        yield found


def ids(store: Database) -> set[object]:
    return {event_id for (event_id,) in store.rows("SELECT event_id FROM event")}


def is_there(camera: Camera, number: int = 0) -> None:
    """Until a consumer answers: before it has subscribed, nobody gets anything."""
    give_up = time.monotonic() + SLACK_S
    while not camera.answers:
        assert time.monotonic() < give_up, "no consumer answers"
        camera.sends(f"first-{number}")
        time.sleep(0.2)


@pytest.mark.parametrize("command", [python_consumer, go_consumer], ids=["python", "go"])
def test_an_answer_comes_after_the_commit_of_event_and_pictures(
    command: Command, broker: Broker, store: Database, tmp_path: Path
) -> None:
    with consumer(command(broker, store, "one"), tmp_path), Camera(broker.port) as camera:
        is_there(camera)
        key = camera.sends("a", images={"plate": JPEG, "vehicle": JPEG * 2})
        told = camera.answer(key)
        assert (told["by"], told["result"]) == (BY, "ok")
        row = "SELECT site, device, kind, plate, body->>'carID' FROM event WHERE event_id = 'a'"
        assert store.rows(row) == [("north", "TEST-1", "reliable", "BXY1234", "7")]
        kept = "SELECT kind, length(jpeg) FROM image ORDER BY kind"
        assert store.rows(kept) == [("plate", len(JPEG)), ("vehicle", 2 * len(JPEG))]
        camera.answers.clear()
        assert camera.answer(camera.sends("a"))["result"] == "ok", "a repeat"
        assert ids(store) - {"first-0"} == {"a"}


@pytest.mark.parametrize("command", [python_consumer, go_consumer], ids=["python", "go"])
def test_what_cannot_be_stored_is_refused_and_harms_no_neighbour(
    command: Command, broker: Broker, store: Database, tmp_path: Path
) -> None:
    with consumer(command(broker, store, "one"), tmp_path), Camera(broker.port) as camera:
        is_there(camera)
        wrong = {
            "no-json": b"\xff\xfe{",
            "no-object": b"[1, 2]",
            "no-time": event_body(capture_timestamp="soon"),
            "nul": event_body("A\0B"),
            "year": event_body(capture_timestamp="9" * 30),
            "huge": event_body(carID="9" * 30),
        }
        refused = {name: camera.sends(name, body) for name, body in wrong.items()}
        good = camera.sends("good")
        assert camera.answer(good)["result"] == "ok"
        for name, key in refused.items():
            told = camera.answer(key)
            assert (told["result"], bool(told["why"])) == ("refuse", True), name
        assert ids(store) - {"first-0"} == {"good"}


@pytest.mark.parametrize("command", [python_consumer, go_consumer], ids=["python", "go"])
def test_an_event_without_its_picture_is_asked_for_again(
    command: Command, broker: Broker, store: Database, tmp_path: Path
) -> None:
    with consumer(command(broker, store, "one"), tmp_path), Camera(broker.port) as camera:
        is_there(camera)
        key = camera.sends("a", listed={"plate": JPEG})
        assert camera.answer(key)["result"] == "retry"
        camera.answers.clear()
        assert "a" not in ids(store)
        key = camera.sends("a", images={"plate": JPEG})
        assert camera.answer(key)["result"] == "ok"
        assert "a" in ids(store)
        camera.sends("plain", listed={"plate": b"never sent"}, reply_to="")
        wait_until(lambda: "plain" in ids(store), "an event that asks for no answer")


def test_several_share_the_load_and_nothing_answered_is_lost_when_all_are_killed(
    broker: Broker, store: Database, tmp_path: Path
) -> None:
    """Kills a consumer, then the broker with all that it had in memory; the camera repeats what has no answer."""
    commands = [make(broker, store, make.__name__) for make in (python_consumer, go_consumer)]
    with contextlib.ExitStack() as stack, Camera(broker.port) as camera:
        running = [stack.enter_context(consumer(command, tmp_path)) for command in commands]
        is_there(camera)
        said = {f"event-{number:03d}": f"event-{number:03d}-1" for number in range(300)}

        def unanswered() -> list[str]:
            return [
                event_id
                for event_id, key in said.items()
                if all(answer["result"] != "ok" for answer in camera.answers.get(key, []))
            ]

        for turn in range(100):
            for event_id in unanswered():
                camera.sends(event_id, images={"plate": JPEG} if event_id.endswith("7") else None)
            if turn == 0:
                wait_until(lambda: len(unanswered()) < 250, "the first answers")
                running[0].kill()
                running[0].wait()
                running[0] = stack.enter_context(consumer(commands[0], tmp_path))
            if turn == 1:
                broker.kill()
                broker.start()
            time.sleep(1)
            if not unanswered():
                break
        assert unanswered() == []
        assert set(said) <= ids(store)
        assert store.number("SELECT count(*) FROM image") == 30
    assert (tmp_path / "consumer.log").stat().st_size < 100_000, "nobody complains for ever"
