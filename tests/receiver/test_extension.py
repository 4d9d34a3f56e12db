"""The member that is ours passes the receiver's contract; every rule of it is broken here once, and says so."""

from __future__ import annotations

import json

import pytest

from cammra_edge.cli.show import arrival_line
from cammra_edge.cli.terminal import Terminal
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.receiver.arrival import Arrival, Way
from cammra_edge.receiver.contract import problems
from cammra_edge.receiver.extension import event_id_of
from tests.payload.events import sent_members
from tests.receiver.samples import body

EVENT_ID = "0123456789abcdef0123456789abcdef"
REPEAT = {"count": "2", "first_seen": "5", "last_seen": "6"}


def own(**changes: object) -> dict[str, object]:
    members: dict[str, object] = sent_members()["cammra_edge"]
    return members | changes


def test_what_we_send_is_right() -> None:
    assert problems(body() | {"cammra_edge": own()}) == []
    assert problems(body() | {"cammra_edge": own(repeat=REPEAT, clock_synced=None)}) == []
    unknown = own(image_utc_ns="", last_seen="", reliable_by="", first_seen="-5", candidates=[])
    assert problems(body() | {"cammra_edge": unknown}) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"event_id": "12"}, "cammra_edge.event_id is '12': want 32 hex digits"),
        ({"schema": 1}, "cammra_edge.schema is 1: want a text"),
        ({"changed": "plate"}, "cammra_edge.changed is 'plate': want a list of texts"),
        ({"changed": [1]}, "cammra_edge.changed is [1]"),
        ({"previous_plate": None}, "cammra_edge.previous_plate is None: want a text"),
        ({"final": "true"}, "cammra_edge.final is 'true': want true or false"),
        ({"candidates": [{"text": "A"}]}, "cammra_edge.candidates is"),
        ({"candidates": [{"text": "A", "confidence": "1.5"}]}, "cammra_edge.candidates is"),
        ({"reliable_by": "luck"}, "cammra_edge.reliable_by is 'luck': want agreement, timeout"),
        ({"image_text": 7}, "cammra_edge.image_text is 7"),
        ({"image_utc_ns": 7}, "cammra_edge.image_utc_ns is 7"),
        ({"first_seen": ""}, "cammra_edge.first_seen is ''"),
        ({"last_seen": "now"}, "cammra_edge.last_seen is 'now'"),
        ({"repeat": {"count": "0"}}, "cammra_edge.repeat is"),
        ({"repeat": REPEAT | {"count": "0"}}, "cammra_edge.repeat is"),
        ({"clock_synced": "yes"}, "cammra_edge.clock_synced is 'yes'"),
        ({"more": "1"}, "cammra_edge: not in the contract: more"),
    ],
)
def test_a_member_that_is_wrong_is_named_with_its_value(
    changes: dict[str, object], why: str
) -> None:
    found = problems(body() | {"cammra_edge": own(**changes)})
    assert [line[: len(why)] for line in found] == [why]


def test_of_a_later_version_only_what_is_missing_is_told() -> None:
    later = own(schema="2", more="1", final="maybe")
    assert problems(body() | {"cammra_edge": later}) == []
    del later["repeat"]
    assert problems(body() | {"cammra_edge": later}) == ["cammra_edge: missing: repeat"]


def test_it_is_an_object_and_the_last_member() -> None:
    assert problems(body() | {"cammra_edge": []}) == ["cammra_edge is []: want an object"]
    assert problems({"cammra_edge": own(), **body()}) == ["cammra_edge is not the last member"]


def test_a_lost_that_is_not_final_is_told() -> None:
    lost = body(carState="lost", frame_timestamp="0")
    assert problems(lost | {"cammra_edge": own(final=True)}) == []
    found = problems(lost | {"cammra_edge": own(final=False)})
    assert found == ["cammra_edge.final is False: want true in lost"]


def test_the_event_s_id_is_known_without_a_header() -> None:
    assert event_id_of({"cammra_edge": own()}) == EVENT_ID
    assert event_id_of({"cammra_edge": own(event_id="x" * 32)}) == ""
    assert event_id_of({"cammra_edge": "x"}) == event_id_of({}) == ""


def test_listen_shows_why_a_plate_is_reliable_and_its_repeats(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import sys  # noqa: PLC0415 - as captured here

    members = body() | {"cammra_edge": own(repeat=REPEAT)}
    raw = json.dumps(members).encode()
    arrival = Arrival(number=1, way=Way.TCP, peer="", at_utc_ns=0, raw=raw, body=members)
    terminal = Terminal(sys.stdout, sys.stderr, clock=SYSTEM_CLOCK)
    terminal.line(arrival_line(terminal, arrival))
    assert "by agreement  repeats 2" in capsys.readouterr().out
