"""A member of the FF JSON more is on the wire, where the vendor's order leaves room for it."""

from __future__ import annotations

import json
from dataclasses import replace

from cammra_edge import Device, HttpPost, Profile
from cammra_edge.message import Body
from cammra_edge.payload import render
from cammra_edge.receiver import contract
from tests.payload.events import BOUNDARY_KEY, EVENT


def test_it_is_on_the_wire() -> None:
    message = render(
        replace(EVENT, lane=3, images=()),
        {},
        profile=Profile("p", HttpPost("http://127.0.0.1:9/", multipart=False), image=None),
        profile_id=1,
        device=Device(serial="B8A44F960ACE"),
        packet=1,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Body)
    body = json.loads(message.content)
    assert body["laneID"] == "3"
    assert contract.problems(body) == []
