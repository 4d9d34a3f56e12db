"""The near end of a queue, without a ledger."""

from __future__ import annotations

from cammra_edge.outbox.lane import LIVE_KEPT, LOOK_AHEAD, Lane, TakeRules
from cammra_edge.outbox.rows import DeliveryRow
from tests.fakes import NS

IN_ORDER = TakeRules()
LIVE = TakeRules(live_first=True)
LIVE_ONLY = TakeRules(live_only=True)


def row(seq: int, car_id: int, *, kind: str = "update", stored_ns: int = 0) -> DeliveryRow:
    return DeliveryRow(seq, 1, seq, 0, car_id, kind, stored_ns, 100)


def pick(lane: Lane, rules: TakeRules = IN_ORDER, *, now_ns: int = 0) -> int | None:
    entry = lane.pick(now_mono_ns=now_ns, now_ns=now_ns, rules=rules, load_vehicle=lambda _: None)
    if entry is None:
        return None
    lane.send(entry)
    return entry.row.seq


def test_the_oldest_goes_first_and_one_of_each_vehicle_flies() -> None:
    lane = Lane()
    lane.load([row(1, 7), row(2, 7), row(3, 8), row(4, 9)])
    assert [pick(lane), pick(lane), pick(lane), pick(lane)] == [1, 3, 4, None]
    lane.drop(1)
    assert pick(lane) == 2


def test_a_delivery_that_waits_holds_its_own_vehicle_only() -> None:
    lane = Lane()
    lane.load([row(1, 7), row(2, 7), row(3, 8)])
    lane.entries[1].due_mono_ns = 5 * NS
    assert [pick(lane), pick(lane)] == [3, None]
    assert lane.next_due(IN_ORDER, 0) == 5 * NS
    assert pick(lane, now_ns=5 * NS) == 1


def test_more_is_loaded_when_everything_at_hand_waits_for_a_retry() -> None:
    lane = Lane()
    lane.load(row(seq, 7) for seq in range(1, LOOK_AHEAD + 1))
    assert not lane.wants_rows()
    lane.entries[1].due_mono_ns = 5 * NS
    assert lane.wants_rows()
    lane.load([row(LOOK_AHEAD + 1, 8)])
    assert pick(lane) == LOOK_AHEAD + 1


def test_live_first_takes_the_newest_vehicle_and_its_oldest_delivery() -> None:
    lane = Lane()
    backlog = [row(1, 7), row(2, 8)]
    fresh = [row(3, 7, stored_ns=60 * NS), row(4, 9, stored_ns=61 * NS)]
    lane.load(backlog)
    for one in fresh:
        lane.put(one)
    lane.load(fresh)
    taken = [pick(lane, LIVE, now_ns=62 * NS) for _ in range(4)]
    assert taken == [4, 1, 2, None]
    lane.drop(1)
    assert pick(lane, LIVE, now_ns=62 * NS) == 3


def test_what_is_no_longer_live_waits_for_its_turn() -> None:
    lane = Lane()
    lane.load([row(1, 7), row(2, 8)])
    lane.put(row(2, 8, stored_ns=0))
    assert pick(lane, LIVE, now_ns=11 * NS) == 1


def test_what_is_remembered_as_live_is_bounded_and_forgets_what_is_settled() -> None:
    lane = Lane()
    for seq in range(1, LIVE_KEPT * 2):
        lane.put(row(seq, seq))
    assert len(lane._live) == LIVE_KEPT
    lane.drop(LIVE_KEPT * 2 - 1)
    assert len(lane._live) == LIVE_KEPT - 1


def test_a_reset_keeps_what_flies_or_waits_and_reads_the_rest_anew() -> None:
    lane = Lane()
    lane.load([row(1, 7), row(2, 8), row(3, 9)])
    pick(lane)
    lane.entries[2].attempts = 1
    lane.cursor = 3
    lane.reset()
    assert lane.wants_rows()
    assert list(lane.entries) == [1, 2]
    assert lane.cursor == 0
    lane.load([row(1, 7), row(2, 8), row(3, 9)])
    assert [pick(lane), pick(lane), pick(lane)] == [2, 3, None]


def test_a_lane_is_empty_once_all_that_waits_was_loaded_and_is_settled() -> None:
    lane = Lane()
    assert not lane.is_empty  # nobody has looked yet
    lane.exhausted = True
    assert lane.is_empty
    assert lane.next_due(IN_ORDER, 0) is None
    lane.put(row(1, 7))
    assert not lane.is_empty
    lane.drop(1)
    assert lane.is_empty
    lane.reset()
    assert not lane.is_empty  # something else may have come into the backlog


def test_what_comes_in_while_all_is_at_hand_need_not_be_loaded() -> None:
    lane = Lane()
    lane.load([row(1, 7)])
    lane.put(row(2, 8))
    assert list(lane.entries) == [1], "there may be others before it"
    lane.exhausted = True
    for seq in range(3, LOOK_AHEAD + 4):
        lane.put(row(seq, seq))
    assert list(lane.entries) == [1, *range(3, LOOK_AHEAD + 2)], "a stretch, however many wait"
    assert lane.cursor == LOOK_AHEAD + 1
    assert not lane.exhausted
    lane.reset()
    lane.exhausted = True
    lane.put(row(LOOK_AHEAD + 9, 7))
    assert not lane.exhausted, "what the lane knows is stale"


def test_live_only_leaves_the_backlog_and_its_vehicles_alone() -> None:
    lane = Lane()
    old = [row(1, 7), row(2, 8)]
    fresh = [row(seq, car_id, stored_ns=60 * NS) for seq, car_id in ((3, 7), (4, 9), (5, 10))]
    lane.load(old)
    for one in fresh:
        lane.put(one)
    lane.load(fresh)
    taken = [pick(lane, LIVE_ONLY, now_ns=62 * NS) for _ in range(3)]
    assert taken == [4, 5, None], "vehicle 7 has something older waiting"
    assert lane.next_due(LIVE_ONLY, 62 * NS) is None
    assert lane.next_due(IN_ORDER, 62 * NS) == 0
    lane.drop(1)
    assert pick(lane, LIVE_ONLY, now_ns=62 * NS) == 3


def test_what_was_live_is_backlog_once_it_is_older() -> None:
    lane = Lane()
    lane.load([])
    lane.exhausted = True
    lane.put(row(1, 7, stored_ns=0))
    assert lane.next_due(LIVE_ONLY, 10 * NS) == 0
    assert pick(lane, LIVE_ONLY, now_ns=10 * NS + 1) is None
    assert pick(lane, LIVE_ONLY, now_ns=10 * NS) == 1
