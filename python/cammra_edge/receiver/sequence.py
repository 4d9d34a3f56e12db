"""Checks each event against those before it: order per vehicle, packet numbers, repeats.

Invariants, held by `tests/receiver/test_sequence.py`:

1. Per vehicle: New first and once, Reliable once, Lost once and last. What a profile does not send is not missed.
2. A packet number comes once. The same bytes again are a repeat, which is allowed; other bytes are not.
   The event of a Test is exempt: it may come any number of times.
3. Memory is bounded: the oldest vehicles and packets are forgotten.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from cammra_edge.receiver.contract import Member, is_test

if TYPE_CHECKING:
    from cammra_edge.receiver.arrival import Arrival

MAX_VEHICLES = 100_000
MAX_PACKETS = 100_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Vehicle:
    seen: list[str] = field(default_factory=list)
    new_captured: str = ""


@dataclass(slots=True)
class _Sender:
    first: int = 0
    last: int = 0
    packets: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    count: int = 0


class Sequence:
    """Remembers what arrived."""

    def __init__(self) -> None:
        self._vehicles: OrderedDict[tuple[str, str, str], _Vehicle] = OrderedDict()
        self._senders: OrderedDict[tuple[str, str], _Sender] = OrderedDict()
        self._packet_of_event: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def take(self, arrival: Arrival) -> tuple[bool, list[str]]:
        """Whether this event is a repeat, and what is wrong with its place among the others."""
        if is_test(arrival.body):
            return False, []
        digest = hashlib.blake2b(arrival.raw, digest_size=16).digest()
        sender = self._senders.setdefault(arrival.sender, _Sender())
        known = sender.packets.get(arrival.packet)
        if known == digest:
            return True, []
        wrong: list[str] = []
        if known is not None:
            wrong.append(f"packet {arrival.packet} came before with another content")
        elif arrival.packet:
            sender.first = min(sender.first or arrival.packet, arrival.packet)
            sender.last = max(sender.last, arrival.packet)
            sender.count += 1
        _remember(sender.packets, arrival.packet, digest, MAX_PACKETS)
        wrong += self._event_id(arrival)
        wrong += self._order(arrival)
        return False, wrong

    def missing_packets(self) -> dict[tuple[str, str], int]:
        """How many packet numbers are missing between the first and the last of each device and profile."""
        return {
            name: sender.last - sender.first + 1 - sender.count
            for name, sender in self._senders.items()
            if sender.count
        }

    def _event_id(self, arrival: Arrival) -> list[str]:
        if not arrival.event_id:
            return []
        name = (*arrival.sender, arrival.event_id)
        before = self._packet_of_event.get(name)
        _remember(self._packet_of_event, name, arrival.packet, MAX_PACKETS)
        if before in (None, arrival.packet):
            return []
        return [
            f"X-Event-Id {arrival.event_id} came as packet {before} before, now as {arrival.packet}"
        ]

    def _order(self, arrival: Arrival) -> list[str]:
        if not arrival.car_id:
            return []
        name = (*arrival.sender, arrival.car_id)
        vehicle = self._vehicles.get(name) or _Vehicle()
        _remember(self._vehicles, name, vehicle, MAX_VEHICLES)
        seen, kind = vehicle.seen, arrival.kind
        wrong: list[str] = []
        who = f"vehicle {arrival.car_id}"
        if kind in seen and kind != "update":
            wrong.append(f"{kind} of {who} comes a second time")
        elif seen and kind == "new":
            wrong.append(f"new of {who} comes after {seen[-1]}")
        elif "lost" in seen:
            wrong.append(f"{kind} of {who} comes after lost")
        captured = arrival.text(Member.CAPTURE_TIMESTAMP)
        if kind == "new":
            vehicle.new_captured = captured
        elif kind == "lost" and vehicle.new_captured not in ("", captured):
            wrong.append(f"lost of {who} has another {Member.CAPTURE_TIMESTAMP} than its new")
        # Only which kinds came matters, so a vehicle's many updates need one entry.
        if kind not in seen:
            seen.append(kind)
        return wrong


def _remember(store: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    store[key] = value
    store.move_to_end(key)
    while len(store) > most:
        store.popitem(last=False)
