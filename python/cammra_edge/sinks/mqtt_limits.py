"""What a broker says to a connection that is opened. Held by `tests/sinks/test_mqtt_exchange.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from cammra_edge.framing import MqttPacket

MOST_AT_ONCE: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the broker said with its CONNACK; 0 where it said nothing."""

    receive_maximum: int = MOST_AT_ONCE
    largest_bytes: int = 0
    keep_alive_s: int = 0
    at_least_once: bool = True
    keeps: bool = True

    @classmethod
    def told_in(cls, packet: MqttPacket) -> Self:
        """What a CONNACK says."""
        return cls(
            receive_maximum=packet.number("receive_maximum") or MOST_AT_ONCE,
            largest_bytes=packet.number("maximum_packet_size") or 0,
            keep_alive_s=packet.number("server_keep_alive") or 0,
            at_least_once=packet.number("maximum_qos") != 0,
            keeps=packet.number("retain_available") != 0,
        )
