"""The consumer of `listen --mqtt`, with a real Mosquitto and a client that is not ours as the camera."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

import pytest
from paho.mqtt import publish

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.profile import Endpoint, Tls
from cammra_edge.receiver import Answer, Receiver, Way
from cammra_edge.receiver.subscriber import Subscriber, Subscription
from tests.certificates import issue
from tests.engines import Broker
from tests.paho_cameras import Camera
from tests.receiver.samples import body, encoded, jpeg
from tests.servers import LOOPBACK, SLACK_S, Scripted, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

PLATE = jpeg(120, 28)


class Listener:
    """A receiver behind a subscriber, and what it says of its connection."""

    def __init__(self, port: int, folder: Path | None = None, **settings: object) -> None:
        self.receiver = Receiver(http=None, folder=folder)
        self.told: list[str] = []
        scheme = str(settings.pop("scheme", "mqtt"))
        self.subscriber = Subscriber(
            Subscription(
                endpoint=Endpoint(scheme, LOOPBACK, port),
                **({"by": "listen"} | settings),  # type: ignore[arg-type]
            ),
            self.receiver,
            tell=self.told.append,
            clock=SYSTEM_CLOCK,
            draw=lambda: 0.0,
        )

    def __enter__(self) -> Self:
        self.subscriber.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.subscriber.close()
        self.receiver.close()

    def says(self, words: str) -> None:
        """Until it does."""
        wait_until(lambda: any(words in one for one in list(self.told)), f"{words!r}: {self.told}")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as found:
        yield found


def event(number: int) -> bytes:
    return encoded(body(packetCounter=str(number), carID=str(number)))


def with_plate(number: int) -> bytes:
    names = [f"/x?name=20231211142706_413731lp_HWR6677_{number}.jpg"]
    return encoded(
        body(
            packetCounter=str(number),
            carID=str(number),
            imageType="plate",
            imagesURI=names,
            plateCoordinatesRelative=[1, 1, 100, 20],
        )
    )


def test_ok_is_answered_once_event_and_pictures_lie_in_the_folder(
    broker: Broker, tmp_path: Path
) -> None:
    folder = tmp_path / "received"
    with Listener(broker.port, folder) as listener, Camera(broker.port) as camera:
        listener.says("subscribed")
        key = camera.sends("e1", with_plate(1), images={"plate": PLATE})
        told = camera.answer(key)
        assert told == {"key": key, "by": "listen", "result": "ok", "why": ""}
        assert {path.suffix for path in folder.iterdir()} == {".jpg", ".json"}
        (arrival,) = listener.receiver.arrivals
        assert (arrival.way, arrival.event_id) == (Way.MQTT, "e1")
        assert arrival.pictures[0].jpeg == PLATE
        assert arrival.problems == ()
        camera.answers.clear()
        camera.sends("e1", with_plate(1), images={"plate": PLATE})
        assert camera.answer(key)["result"] == "ok"
        assert [arrival.repeat for arrival in listener.receiver.arrivals] == [False, True]


def test_a_picture_that_is_missing_or_another_one_is_asked_for_again(broker: Broker) -> None:
    with Listener(broker.port) as listener, Camera(broker.port) as camera:
        listener.says("subscribed")
        key = camera.sends("e1", with_plate(1), listed={"plate": PLATE})
        told = camera.answer(key)
        assert (told["result"], told["why"]) == ("retry", "picture 'plate' has not come")
        key = camera.sends(
            "e2", with_plate(2), images={"plate": PLATE[:-1]}, listed={"plate": PLATE}
        )
        told = camera.answer(key)
        assert (told["result"], "SHA-256" in told["why"]) == ("retry", True)
        assert listener.receiver.arrivals == []
        camera.answers.clear()
        camera.sends("e2", with_plate(2), images={"plate": PLATE})
        assert camera.answer(key)["result"] == "ok"


def test_what_is_no_event_is_refused_and_told(broker: Broker) -> None:
    with Listener(broker.port) as listener, Camera(broker.port) as camera:
        listener.says("subscribed")
        told = camera.answer(camera.sends("e1", b"{not json"))
        assert (told["result"], bool(told["why"])) == ("refuse", True)
        (problem,) = listener.receiver.problems
        assert "no event" in problem
        assert camera.answer(camera.sends("e2", event(2)))["result"] == "ok"


@pytest.mark.parametrize(
    ("status", "result"), [(503, "retry"), (429, "retry"), (404, "refuse"), (422, "refuse")]
)
def test_it_can_be_told_to_refuse(broker: Broker, status: int, result: str) -> None:
    with Listener(broker.port) as listener, Camera(broker.port) as camera:
        listener.says("subscribed")
        listener.receiver.answer(Answer(status), times=1)
        key = camera.sends("e1", with_plate(1), images={"plate": PLATE})
        assert camera.answer(key)["result"] == result
        assert listener.receiver.arrivals == []
        assert camera.answer(camera.sends("e2", event(2)))["result"] == "ok"


def test_a_folder_that_cannot_keep_it_is_no_ok(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "received"
    with Listener(broker.port, folder) as listener, Camera(broker.port) as camera:
        listener.says("subscribed")
        folder.rmdir()
        assert camera.answer(camera.sends("e1", event(1)))["result"] == "retry"
        folder.mkdir()
        assert camera.answer(camera.sends("e2", event(2)))["result"] == "ok"


@pytest.mark.parametrize("topic", ["", "somebody/else/reply", "cammra/v1/north/TEST-1/event/new"])
def test_an_answer_goes_to_answers_topics_only(broker: Broker, topic: str) -> None:
    heard: list[str] = []
    with Listener(broker.port) as listener, Camera(broker.port) as camera:
        listener.says("subscribed")
        camera.listens("#", heard)
        camera.sends("e1", event(1), reply_to=topic)
        assert camera.answer(camera.sends("e2", event(2)))["result"] == "ok"
        assert len(listener.receiver.arrivals) == 2
        wait_until(
            lambda: any(one.endswith("TEST-1/reply") for one in heard), "the second one's answer"
        )
        others = [one for one in heard if not one.endswith("TEST-1/reply")]
        assert others == ["cammra/v1/north/TEST-1/event/reliable"] * 2


def test_listeners_of_one_name_share_events_and_each_has_the_pictures(broker: Broker) -> None:
    with (
        Listener(broker.port) as one,
        Listener(broker.port) as other,
        Camera(broker.port) as camera,
    ):
        one.says("subscribed")
        other.says("subscribed")
        keys = [camera.sends(f"e{n}", with_plate(n), images={"plate": PLATE}) for n in range(1, 21)]
        assert {camera.answer(key)["result"] for key in keys} == {"ok"}
        counts = [len(listener.receiver.arrivals) for listener in (one, other)]
        assert sum(counts) == 20
        assert min(counts) > 0


def test_it_comes_back_after_the_broker_was_killed(broker: Broker) -> None:
    with Listener(broker.port) as listener:
        listener.says("subscribed")
        broker.kill()
        listener.says("refuses the connection")
        listener.told.clear()
        broker.start()
        listener.says("subscribed")
        with Camera(broker.port) as camera:
            assert camera.answer(camera.sends("e1", event(1)))["result"] == "ok"


def test_a_broker_that_refuses_is_told_in_words_and_tried_again(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch()
    command = ["mosquitto_passwd", "-b", str(passwords), "collector", "secret"]
    settings = ("allow_anonymous false", f"password_file {passwords}")
    with Broker(tmp_path, ()) as first:  # so that the program is there
        first.kill()
        subprocess.run(command, check=True, capture_output=True)
        first.settings = settings
        first.start()
        with Listener(first.port, user="collector", password="wrong") as listener:
            listener.says("answers connack with reason 0x87")
            assert "wrong" not in " ".join(listener.told)
        with Listener(first.port, user="collector", password="secret") as listener:
            listener.says("subscribed")


def test_over_tls_it_believes_its_own_authority_only(tmp_path: Path) -> None:
    authority = issue("authority", authority=True)
    path = issue("broker", by=authority).write(tmp_path / "broker.pem")
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.pem)
    settings = ("allow_anonymous true", f"certfile {path}", f"keyfile {path}")
    with Broker(tmp_path, settings) as broker:
        with Listener(broker.port, scheme="mqtts") as listener:
            listener.says("authority")
        trust = Tls(ca_file=str(trusted))
        with Listener(broker.port, scheme="mqtts", tls=trust) as listener:
            listener.says("subscribed")


@pytest.mark.parametrize(
    "content",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x03\x00\x80\x00", b"\xf0\x00", b"\x00" * 50],
)
def test_a_server_that_is_no_broker_ends_nothing(content: bytes) -> None:
    again = threading.Event()

    def script(connection: socket.socket, number: int, _: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(content)
        if number:
            again.set()

    with Scripted(script) as server, Listener(server.port):
        assert again.wait(SLACK_S)


def test_the_command_takes_events_from_a_broker(broker: Broker, tmp_path: Path) -> None:
    words = ["--http", "off", "--tcp", "off", "--mqtt", f"mqtt://{broker.address}", "--count", "1"]
    command = [sys.executable, "-m", "cammra_edge", "listen", *words, "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    with process, Camera(broker.port) as camera:
        assert process.stderr is not None
        while "subscribed" not in process.stderr.readline():
            pass
        key = camera.sends("e1", with_plate(1), images={"plate": PLATE})
        out, err = process.communicate(timeout=60)
        assert camera.answer(key)["result"] == "ok"
    assert process.returncode == 0, err
    assert json.loads(out)["to"] == "MQTT"
    assert len(list((tmp_path / "cammra-received").iterdir())) == 2


def test_cameras_are_told_by_what_they_say_of_themselves(broker: Broker) -> None:
    def says(kind: str, said: object) -> None:
        topic = f"cammra/v1/north/CAM/{kind}"
        publish.single(
            topic, json.dumps(said), qos=1, retain=True, hostname=LOOPBACK, port=broker.port
        )

    says("state", {"online": True, "boot": "a"})
    with Listener(broker.port) as listener:
        listener.says("north/CAM is there")
        says("health", {"reasons": ["source_gone"]})
        listener.says("north/CAM fails: source_gone")
        says("state", {"online": True, "boot": "b"})
        listener.says("north/CAM was started anew")
