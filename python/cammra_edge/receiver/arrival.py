"""What arrived: one event with its pictures, and what is wrong with it, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cammra_edge.receiver.contract import Member

if TYPE_CHECKING:
    from collections.abc import Mapping


class Way(StrEnum):
    """How an event arrived."""

    MULTIPART = "HTTP multipart"
    HTTP_JSON = "HTTP JSON"
    TCP = "TCP"
    FTP = "FTP"
    MQTT = "MQTT"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an event.

    Args:
        name: Its file name; empty where pictures travel inside the JSON.
        kind: `vehicle`, `frame` or `plate`, as far as the message says.
        jpeg: Its bytes.
        part: Name of its multipart part.
        width: In pixels; 0 when it is no JPEG.
        height: In pixels; 0 when it is no JPEG.
    """

    name: str
    kind: str
    jpeg: bytes
    part: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One event as it arrived.

    Args:
        number: Counts what arrived, from 1.
        way: How it arrived.
        peer: Address of the sender.
        at_utc_ns: When it arrived.
        raw: The JSON's bytes, as sent.
        body: The JSON's members.
        pictures: In the order of the message.
        event_id: From the header `X-Event-Id`, or the sender's own member, where there is one.
        attempt: From the header `X-Attempt`, where there is one.
        problems: What is wrong with it; empty when it is as the contract wants it.
        repeat: True when the same bytes with the same packet number came before.
    """

    number: int
    way: Way
    peer: str
    at_utc_ns: int
    raw: bytes
    body: Mapping[str, object]
    pictures: tuple[Picture, ...] = ()
    event_id: str = ""
    attempt: str = ""
    problems: tuple[str, ...] = field(default=())
    repeat: bool = False

    def text(self, name: str) -> str:
        """A member as text; empty when it is missing or no text."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    @property
    def kind(self) -> str:
        """The event type: new, reliable, update or lost."""
        return self.text(Member.CAR_STATE)

    @property
    def plate(self) -> str:
        """The plate."""
        return self.text(Member.PLATE_UTF8) or self.text(Member.PLATE_TEXT)

    @property
    def car_id(self) -> str:
        """The vehicle's number."""
        return self.text(Member.CAR_ID)

    @property
    def direction(self) -> str:
        """In, out or unknown."""
        return self.text(Member.CAR_MOVE_DIRECTION)

    @property
    def packet(self) -> int:
        """The packet number; 0 when there is none."""
        text = self.text(Member.PACKET_COUNTER)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0  # noqa: PLR2004 - 64 bits

    @property
    def sender(self) -> tuple[str, str]:
        """Device ID and profile: whose packet numbers these are."""
        return (self.text(Member.SENSOR_PROVIDER_ID), self.text(Member.PROFILE_ID))
