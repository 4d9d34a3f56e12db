"""Who reads from a broker with code that is not ours: paho, gmqtt and `mosquitto_sub`; and what they must have read."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

import gmqtt
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers import LOOPBACK, SLACK_S, require_program, wait_until

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

EVERYTHING: Final = "#"
MAY_BE_RETAINED: Final = re.compile(r"cammra/v1/[^/]+/[^/]+/(state|health)|homeassistant/.+/config")


@dataclass(frozen=True)
class Read:
    """One message as a client gave it."""

    topic: str
    payload: bytes
    is_retained: bool
    content_type: str
    said: dict[str, str]
    """Its user properties."""


class Reader(Protocol):
    """Reads everything from when it is entered on."""

    read: list[Read]

    def __init__(self, port: int) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *of: object) -> None: ...


class PahoReader:
    """Eclipse's client in Python."""

    def __init__(self, port: int) -> None:
        self.read: list[Read] = []
        self.raw: list[paho.MQTTMessage] = []
        """The same as paho has it, with all its properties."""
        self._port = port
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)

    def __enter__(self) -> Self:
        subscribed = threading.Event()
        self._client.on_message = self._message
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect(LOOPBACK, self._port)
        self._client.subscribe(EVERYTHING, qos=1)
        self._client.loop_start()
        wait_until(subscribed.is_set, "paho's subscription")
        return self

    def __exit__(self, *of: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _message(self, _client: object, _data: object, got: paho.MQTTMessage) -> None:
        self.raw.append(got)
        properties = vars(got.properties)
        said = dict(properties.get("UserProperty", []))
        kind = properties.get("ContentType", "")
        self.read.append(Read(got.topic, bytes(got.payload), got.retain, kind, said))


class GmqttReader:
    """A client of asyncio's, which shares no code with paho."""

    def __init__(self, port: int) -> None:
        self.read: list[Read] = []
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(SLACK_S)
        return self

    def __exit__(self, *of: object) -> None:
        asyncio.run_coroutine_threadsafe(self._client.disconnect(), self._loop).result(SLACK_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self) -> None:
        subscribed = asyncio.Event()
        self._client = gmqtt.Client("gmqtt-reader")
        self._client.on_message = self._message
        self._client.on_subscribe = lambda *_: subscribed.set()
        await self._client.connect(LOOPBACK, self._port)
        self._client.subscribe(EVERYTHING, qos=1)
        await subscribed.wait()

    def _message(
        self, _client: object, topic: str, payload: bytes, _qos: int, properties: dict[str, object]
    ) -> int:
        said = properties.get("user_property", [])
        kinds = properties.get("content_type", [""])
        assert isinstance(said, list)
        assert isinstance(kinds, list)
        retained = bool(properties["retain"])
        self.read.append(Read(topic, bytes(payload), retained, kinds[0], dict(said)))
        return 0


class MosquittoReader:
    """Mosquitto's own client, which writes a line for each message."""

    FORMAT: Final = r"read\t%t\t%r\t%C\t%x\t%P"

    def __init__(self, port: int) -> None:
        self.read: list[Read] = []
        self._port = port
        self._subscribed = threading.Event()

    def __enter__(self) -> Self:
        program = require_program("mosquitto_sub", apt="mosquitto-clients")
        # Into a pipe it would write only when a block is full.
        command = [
            "stdbuf",
            "-oL",
            program,
            "-d",
            "-V",
            "mqttv5",
            "-h",
            LOOPBACK,
            "-p",
            str(self._port),
        ]
        command += ["-t", EVERYTHING, "-q", "1", "-F", self.FORMAT]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._lines, daemon=True)
        self._thread.start()
        try:
            wait_until(self._subscribed.is_set, "mosquitto_sub's subscription")
        except TimeoutError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *of: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _lines(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("Subscribed"):
                self._subscribed.set()
            if line.startswith("read\t"):
                _, topic, retained, kind, payload, said = line.rstrip("\n").split("\t", 5)
                # `name:value`, with blanks between them, which a value may have too.
                found = dict(re.findall(r"(\w+):(\[.*?\](?= |$)|\S*)", said))
                one = Read(topic, bytes.fromhex(payload), retained == "1", kind, found)
                self.read.append(one)


READERS: Final[Sequence[type[Reader]]] = (PahoReader, GmqttReader, MosquittoReader)


def events_of(read: Sequence[Read]) -> list[Read]:
    """Without pictures and what stands beside events."""
    return [one for one in read if "/event/" in one.topic]


def complaints(read: Sequence[Read], *, events: int, plates: Collection[str]) -> Iterator[str]:
    """What is not as it has to be: every event, order per vehicle, pictures first, no plate in a topic, none retained.

    Args:
        read: In the order in which it came; repeats are no fault.
        events: How many were said.
        plates: Of those who passed.
    """
    came: set[str] = set()
    packets: dict[str, int] = {}
    pictures: dict[str, str] = {}
    for one in read:
        if any(plate in one.topic for plate in plates):
            yield f"a plate in the topic {one.topic}"
        if "/image/" in one.topic:
            pictures[one.topic] = hashlib.sha256(one.payload).hexdigest()
        if "/event/" not in one.topic or one.said["ce_id"] in came:
            continue
        came.add(one.said["ce_id"])
        event = json.loads(one.payload)
        vehicle, packet = (
            f"{one.topic.rsplit('/', 2)[0]} {event['carID']}",
            int(event["packetCounter"]),
        )
        if packet < packets.get(vehicle, 0):
            yield f"packet {packet} came after {packets[vehicle]} of the same vehicle"
        packets[vehicle] = packet
        for listed in json.loads(one.said.get("images", "[]")):
            if pictures.get(listed["topic"]) != listed["sha256"]:
                yield f"an event came before its picture {listed['kind']}"
    if len(came) != events:
        yield f"{len(came)} of {events} events were read"


def retained(port: int) -> list[str]:
    """The topics of all that a broker keeps for those who come later."""
    with PahoReader(port) as late:
        mark = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        mark.connect(LOOPBACK, port)
        mark.loop_start()
        mark.publish("readers/mark", b"", qos=1)
        wait_until(lambda: any(one.topic == "readers/mark" for one in late.read), "the mark")
        mark.disconnect()
        mark.loop_stop()
        return [one.topic for one in late.read if one.is_retained]
