"""A consumer in reply mode made with a client that is not ours, which answers as it is told to."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.servers import LOOPBACK, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    Answers = Callable[[str, int], list[dict[str, str]]]

BY = "collectors"


def says_ok(key: str, time_no: int) -> list[dict[str, str]]:
    """The answers of a good consumer to the n-th message with a key."""
    del time_no
    return [{"key": key, "by": BY, "result": "ok", "why": ""}]


class PahoConsumer:
    """Subscribes with a session that outlives its connection, and keeps the keys of what came.

    Args:
        port: The broker's.
        answers: What it says to a key that comes for the n-th time.
    """

    def __init__(self, port: int, answers: Answers = says_ok) -> None:
        self.came: list[str] = []
        """The id of each event, in order, repeats included."""
        self._answers = answers
        self._port = port
        self._times: dict[str, int] = {}
        self._subscribed = threading.Event()
        self._client: mqtt.Client = self._new_client()

    def _new_client(self) -> mqtt.Client:
        """A client whose loop has not run yet: a loop that starts twice leaves the sockets of the first."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "consumer", protocol=mqtt.MQTTv5)
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._connected
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._message
        return client

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()

    def come_back(self) -> None:
        """Connect, to the session of before where the broker has it."""
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's has no types
        session.SessionExpiryInterval = 3600
        self._subscribed.clear()
        self._client = self._new_client()
        self._client.connect(
            LOOPBACK, self._port, keepalive=5, clean_start=False, properties=session
        )
        self._client.loop_start()
        wait_until(self._subscribed.is_set, "the subscription")

    def go_away(self) -> None:
        """Be away; the session stays."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def ids(self) -> set[str]:
        """Every event once."""
        return set(self.came)

    def _connected(self, *_: object) -> None:
        self._client.subscribe("cammra/v1/+/+/event/+", qos=1)

    def _message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        properties = message.properties
        said = dict(getattr(properties, "UserProperty", []))
        self.came.append(said["ce_id"])
        topic = getattr(properties, "ResponseTopic", "")
        if not topic:
            return
        key = properties.CorrelationData.decode()  # type: ignore[union-attr] # a message of version 5 has them
        self._times[key] = self._times.get(key, 0) + 1
        for answer in self._answers(key, self._times[key]):
            self._client.publish(topic, json.dumps(answer), qos=1)
