"""What cameras publish, made with a client that is not ours: events with their pictures, in reply mode."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import TYPE_CHECKING, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.servers import LOOPBACK, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "cammra/v1"


def event_body(plate: str = "BXY1234", **other: object) -> bytes:
    """As much of the FF JSON as a consumer reads."""
    event: dict[str, object] = {
        "packetCounter": "1",
        "capture_timestamp": "1790000000000",
        "plateUTF8": plate,
        "plateCountry": "DEU",
        "plateConfidence": "0.900000",
        "carState": "reliable",
        "carMoveDirection": "in",
        "carID": "7",
        **other,
    }
    return json.dumps(event).encode()


class Camera:
    """One device, which remembers what it was answered."""

    def __init__(self, port: int, device: str = "TEST-1", site: str = "north") -> None:
        self.answers: dict[str, list[dict[str, str]]] = {}
        self._topic = f"{PREFIX}/{site}/{device}"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, device, protocol=mqtt.MQTTv5)
        self._port = port
        self._subscribed = threading.Event()
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._answered

    def __enter__(self) -> Self:
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(LOOPBACK, self._port)
        self._client.loop_start()
        wait_until(self._subscribed.is_set, "the subscription")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, *_: object) -> None:
        self._client.subscribe(f"{self._topic}/reply", qos=1)

    def listens(self, topic: str, heard: list[str]) -> None:
        """Remember the topics of what is published there."""
        subscribed = threading.Event()
        self._client.message_callback_add(
            topic, lambda _client, _data, message: self._heard(message, heard)
        )
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.subscribe(topic, qos=1)
        wait_until(subscribed.is_set, "the subscription")

    def _heard(self, message: mqtt.MQTTMessage, heard: list[str]) -> None:
        heard.append(message.topic)
        if message.topic == f"{self._topic}/reply":
            self._answered(None, None, message)

    def _answered(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        answer = json.loads(message.payload)
        self.answers.setdefault(answer["key"], []).append(answer)

    def sends(  # noqa: PLR0913 - what an event is made of
        self,
        event_id: str,
        body: bytes | None = None,
        *,
        images: Mapping[str, bytes] | None = None,
        listed: Mapping[str, bytes] | None = None,
        kind: str = "reliable",
        reply_to: str | None = None,
    ) -> str:
        """An event after its pictures; returns the key that its answer bears.

        Args:
            event_id: Its id.
            body: What is sent; a usual event without it.
            images: Pictures, by kind.
            listed: Those that the event lists, where they are others.
            kind: The event's type.
            reply_to: Where the answer is wanted, if not where a camera's is; empty for nowhere.
        """
        for name, jpeg in (images or {}).items():
            self._client.publish(f"{self._topic}/image/{event_id}/{name}", jpeg, qos=1)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's has no types
        key = f"{event_id}-1"
        pictures = [
            {
                "kind": name,
                "bytes": len(jpeg),
                "sha256": hashlib.sha256(jpeg).hexdigest(),
                "topic": f"{self._topic}/image/{event_id}/{name}",
            }
            for name, jpeg in ((images if listed is None else listed) or {}).items()
        ]
        properties.UserProperty = [("ce_id", event_id), ("images", json.dumps(pictures))]
        topic = f"{self._topic}/reply" if reply_to is None else reply_to
        if topic:
            properties.ResponseTopic = topic
            properties.CorrelationData = key.encode()
        self._client.publish(
            f"{self._topic}/event/{kind}",
            event_body() if body is None else body,
            qos=1,
            properties=properties,
        )
        return key

    def answer(self, key: str) -> dict[str, str]:
        """The last answer to it."""
        wait_until(lambda: self.answers.get(key), f"an answer to {key}")
        return self.answers[key][-1]
