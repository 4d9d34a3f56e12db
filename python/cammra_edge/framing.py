"""The framing door: bytes for the wire and the disk, put together in Rust.

`EventForm`, `HttpAnswer`, `Mqtt…`, `crc32`, `mqtt_…` and `multipart_body` are described in `_native.pyi`.
"""

from cammra_edge._native import (
    EventForm,
    HttpAnswer,
    MqttDecoder,
    MqttPacket,
    crc32,
    mqtt_connect,
    mqtt_disconnect,
    mqtt_ping,
    mqtt_puback,
    mqtt_publish,
    mqtt_subscribe,
    multipart_body,
)

__all__ = [
    "EventForm",
    "HttpAnswer",
    "MqttDecoder",
    "MqttPacket",
    "crc32",
    "mqtt_connect",
    "mqtt_disconnect",
    "mqtt_ping",
    "mqtt_puback",
    "mqtt_publish",
    "mqtt_subscribe",
    "multipart_body",
]
