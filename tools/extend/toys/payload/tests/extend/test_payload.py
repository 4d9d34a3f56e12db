"""A payload more is rendered for the profile that asks for it."""

from __future__ import annotations

from cammra_edge import Counts, Device, Profile
from cammra_edge.message import Body
from cammra_edge.payload import render
from tests.payload.events import BOUNDARY_KEY, EVENT


def test_an_event_becomes_a_count() -> None:
    message = render(
        EVENT,
        {},
        profile=Profile("statistics", Counts("127.0.0.1:9", stem="gate.")),
        profile_id=1,
        device=Device(),
        packet=1,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Body)
    assert message.content == f"gate.{EVENT.kind}.{EVENT.direction} 1\n".encode()
