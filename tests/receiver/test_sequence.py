"""What `receiver.sequence` promises about order, packet numbers and repeats."""

import pytest

from cammra_edge.receiver import sequence
from cammra_edge.receiver.arrival import Arrival, Way
from cammra_edge.receiver.sequence import Sequence
from tests.receiver.samples import body, encoded


def _arrival(
    kind: str, packet: int, car: int = 1, event_id: str = "", **changes: object
) -> Arrival:
    members = body(carState=kind, packetCounter=str(packet), carID=str(car), **changes)
    return Arrival(
        number=packet,
        way=Way.TCP,
        peer="p",
        at_utc_ns=0,
        raw=encoded(members),
        body=members,
        event_id=event_id,
    )


def _told(*arrivals: Arrival) -> list[str]:
    book = Sequence()
    return [why for arrival in arrivals for why in book.take(arrival)[1]]


def test_a_vehicles_events_in_order_are_right() -> None:
    kinds = ["new", "update", "reliable", "update", "update", "lost"]
    assert _told(*(_arrival(kind, packet) for packet, kind in enumerate(kinds, start=1))) == []


@pytest.mark.parametrize("kinds", [["reliable"], ["update", "lost"], ["lost"], ["new", "lost"]])
def test_what_a_profile_does_not_send_is_not_missed(kinds: list[str]) -> None:
    assert _told(*(_arrival(kind, packet) for packet, kind in enumerate(kinds, start=1))) == []


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        (["new", "new"], "new of vehicle 1 comes a second time"),
        (["reliable", "new"], "new of vehicle 1 comes after reliable"),
        (["lost", "update"], "update of vehicle 1 comes after lost"),
        (["reliable", "reliable"], "reliable of vehicle 1 comes a second time"),
        (["lost", "lost"], "lost of vehicle 1 comes a second time"),
    ],
)
def test_another_order_is_told(kinds: list[str], why: str) -> None:
    assert _told(*(_arrival(kind, packet) for packet, kind in enumerate(kinds, start=1))) == [why]


def test_vehicles_and_profiles_do_not_mix() -> None:
    assert _told(_arrival("lost", 1, car=1), _arrival("new", 2, car=2)) == []
    assert _told(_arrival("lost", 1), _arrival("new", 1, profileID="3")) == []


def test_the_same_bytes_again_are_a_repeat_and_other_bytes_are_wrong() -> None:
    book = Sequence()
    assert book.take(_arrival("new", 1)) == (False, [])
    assert book.take(_arrival("new", 1)) == (True, [])
    repeat, wrong = book.take(_arrival("reliable", 1))
    assert not repeat
    assert wrong == ["packet 1 came before with another content"]


def test_packets_that_did_not_come_are_counted() -> None:
    book = Sequence()
    for packet in (7, 3, 4, 4, 9):
        book.take(_arrival("update", packet))
    assert book.missing_packets() == {("defaultID", "2"): 3}


def test_an_event_that_comes_with_another_number_is_told() -> None:
    assert _told(_arrival("new", 1, event_id="e1"), _arrival("new", 2, car=2, event_id="e1")) == [
        "X-Event-Id e1 came as packet 1 before, now as 2"
    ]


def test_lost_tells_the_time_of_new() -> None:
    assert _told(_arrival("new", 1), _arrival("lost", 2, capture_timestamp="1702297625508")) == [
        "lost of vehicle 1 has another capture_timestamp than its new"
    ]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "MAX_VEHICLES", 3)
    monkeypatch.setattr(sequence, "MAX_PACKETS", 3)
    book = Sequence()
    for car in range(1, 6):
        book.take(_arrival("new", car, car=car))
    assert len(book._vehicles) == 3
    assert len(book._senders["defaultID", "2"].packets) == 3
