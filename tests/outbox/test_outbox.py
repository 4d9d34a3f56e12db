from __future__ import annotations

import os
import subprocess
import sys
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.model import EventKind
from cammra_edge.outbox import Dropped, Outbox, TakeRules
from tests.fakes import JPEG, NS, FakeClock, a_life, damage, file_of, new_event

if TYPE_CHECKING:
    from tests.outbox.conftest import Bench


def take_all(outbox: Outbox, profile_id: int = 1) -> list[tuple[int, int, str]]:
    """Deliver everything; (packet, vehicle, kind) of each, in the order it came."""
    taken = []
    while (delivery := outbox.take(profile_id)) is not None:
        taken.append((delivery.packet, delivery.event.vehicle_no, delivery.event.kind.value))
        outbox.done(delivery)
    return taken


def test_what_was_put_comes_out_whole_and_in_order(bench: Bench) -> None:
    new = new_event(image=JPEG)
    bench.outbox.put([new, new_event(2)])
    first = bench.outbox.take(1)
    second = bench.outbox.take(1)
    assert first is not None
    assert second is not None
    assert first.event == new.event
    assert first.images == new.images
    assert (first.packet, second.packet) == (1, 2)
    assert bench.outbox.take(1) is None


def test_each_profile_counts_its_own_packets(bench: Bench) -> None:
    bench.outbox.put([new_event(1, wanted_by=(1, 2)), new_event(2, wanted_by=(2,)), new_event(3)])
    assert [packet for packet, *_ in take_all(bench.outbox, 1)] == [1, 2]
    assert [packet for packet, *_ in take_all(bench.outbox, 2)] == [1, 2]
    bench.reopen().put([new_event(4, wanted_by=(2,))])
    assert take_all(bench.outbox, 2) == [(3, 4, "new")]


def test_a_crash_loses_nothing_that_was_put_and_a_resend_keeps_its_packet(bench: Bench) -> None:
    bench.outbox.put(a_life(1, image=JPEG))
    delivery = bench.outbox.take(1)
    assert delivery is not None
    bench.outbox.done(delivery)  # not committed yet: the crash forgets it
    again = bench.crash().take(1)
    assert again is not None
    assert (again.packet, again.event, again.images) == (
        delivery.packet,
        delivery.event,
        delivery.images,
    )
    bench.outbox.done(again)
    assert [kind for *_, kind in take_all(bench.outbox)] == ["reliable", "update", "lost"]


def test_settled_deliveries_stay_settled_once_committed(bench: Bench) -> None:
    bench.outbox.put(a_life(1))
    assert len(take_all(bench.outbox)) == 4
    bench.clock.advance(1)
    bench.outbox.tick()
    assert take_all(bench.crash()) == []


def test_what_was_settled_is_written_within_a_fifth_of_a_second_however_busy_the_worker(
    bench: Bench,
) -> None:
    """A far receiver: the worker never comes to rest, and few deliveries gather."""
    bench.outbox.put([new_event(n) for n in range(1, 7)])
    for _ in range(5):
        delivery = bench.outbox.take(1)
        assert delivery is not None
        bench.clock.advance(0.1)
        bench.outbox.done(delivery)
    assert [vehicle for _, vehicle, _ in take_all(bench.crash())] in ([5, 6], [4, 5, 6])


def test_a_busy_outbox_writes_what_was_settled_with_the_next_put(bench: Bench) -> None:
    bench.outbox.put([new_event(1)])
    take_all(bench.outbox)
    bench.outbox.put([new_event(2)])
    assert take_all(bench.crash()) == [(2, 2, "new")]


def test_an_event_put_again_after_a_replay_adds_nothing(bench: Bench) -> None:
    life = a_life(1)
    bench.outbox.put(life)
    assert bench.outbox.knows(life[0].event.event_id)
    assert not bench.outbox.knows("0" * 32)
    bench.outbox.put(life)
    assert len(take_all(bench.outbox)) == 4
    bench.reopen().put(life)
    assert take_all(bench.outbox) == []


def test_an_event_twice_in_one_batch_is_one(bench: Bench) -> None:
    bench.outbox.put([new_event(1), new_event(1)])
    assert len(take_all(bench.outbox)) == 1


def test_of_one_vehicle_one_delivery_is_in_flight_and_others_pass(bench: Bench) -> None:
    bench.outbox.put([*a_life(1), new_event(2)])
    first = bench.outbox.take(1)
    other = bench.outbox.take(1)
    assert first is not None
    assert other is not None
    assert (first.event.vehicle_no, other.event.vehicle_no) == (1, 2)
    assert bench.outbox.take(1) is None
    bench.outbox.done(first)
    following = bench.outbox.take(1)
    assert following is not None
    assert following.event.kind is EventKind.RELIABLE


def test_a_postponed_delivery_keeps_its_place_and_holds_its_vehicle_only(bench: Bench) -> None:
    bench.outbox.put([*a_life(1), new_event(2)])
    first = bench.outbox.take(1)
    assert first is not None
    bench.outbox.postpone(first, due_mono_ns=bench.clock.mono_ns() + 5 * NS)
    assert [vehicle for _, vehicle, _ in take_all(bench.outbox)] == [2]
    assert bench.outbox.next_due(1) == bench.clock.mono_ns() + 5 * NS
    bench.clock.advance(5)
    again = bench.outbox.take(1)
    assert again is not None
    assert (again.packet, again.attempts) == (first.packet, 1)


def test_attempts_are_remembered_across_a_restart(bench: Bench) -> None:
    bench.outbox.put([new_event(1)])
    first = bench.outbox.take(1)
    assert first is not None
    bench.outbox.postpone(first, due_mono_ns=0)
    again = bench.reopen().take(1)
    assert again is not None
    assert again.attempts == 1
    assert bench.outbox.tally(1).retried == 1


def test_what_is_parked_lets_the_next_one_go_and_waits_for_a_person(bench: Bench) -> None:
    bench.outbox.put([new_event(1, image=JPEG), new_event(2)])
    refused = bench.outbox.take(1)
    assert refused is not None
    bench.outbox.park(refused, why="HTTP 413")
    assert [vehicle for _, vehicle, _ in take_all(bench.outbox)] == [2]
    (parked,) = bench.reopen().parking.listed(1)
    assert (parked.packet, parked.why, parked.event_id) == (1, "HTTP 413", refused.event.event_id)
    assert bench.outbox.waiting(1).parked == 1
    assert bench.outbox.tally(1).parked == 1
    assert take_all(bench.outbox) == []


def test_an_expired_event_is_passed_over_and_counted(bench: Bench) -> None:
    rules = TakeRules(expires_ns={"reliable": 5 * NS})
    bench.outbox.put(a_life(1)[1:3])
    bench.clock.advance(5.001)
    delivery = bench.outbox.take(1, rules)
    assert delivery is not None
    assert delivery.event.kind is EventKind.UPDATE
    assert bench.outbox.tally(1).expired == 1


@pytest.mark.parametrize("jump_days", [-1, 1, -20_000])
def test_a_wall_clock_that_jumps_expires_nothing(bench: Bench, jump_days: int) -> None:
    bench.outbox.put([new_event(1)])
    bench.clock.now_utc_ns += jump_days * 86_400 * NS
    outbox = bench.reopen()
    bench.clock.advance(1)
    delivery = outbox.take(1, TakeRules(expires_ns={"new": 5 * NS}))
    assert delivery is not None
    assert 1 * NS <= delivery.age_ns < 2 * NS


def test_time_switched_off_counts_only_where_the_clock_is_trusted(bench: Bench) -> None:
    bench.settings = replace(bench.settings, trust_clock=True)
    bench.outbox.put([new_event(1)])
    bench.outbox.close()
    bench.clock.now_utc_ns += 3600 * NS
    delivery = bench.open().take(1)
    assert delivery is not None
    assert delivery.age_ns == 3600 * NS


def test_events_and_images_go_with_their_last_delivery(bench: Bench) -> None:
    life = a_life(1, wanted_by=(1, 2), image=JPEG, image_key="shot")
    bench.outbox.put(life)
    held = bench.outbox.status()
    assert held.events == 4
    assert len(JPEG) < held.bytes < 4 * len(JPEG) + 4 * 2000
    take_all(bench.outbox, 1)
    assert bench.outbox.status().events == 4
    take_all(bench.outbox, 2)
    held = bench.outbox.status()
    assert (held.events, held.bytes) == (0, 0)
    held = bench.reopen().status()
    assert (held.events, held.bytes) == (0, 0)


def test_two_events_of_one_shot_share_its_picture(bench: Bench) -> None:
    bench.outbox.put(a_life(1, image=bytes(100_000), image_key="shot"))
    assert 100_000 <= bench.outbox.status().bytes < 200_000
    taken = []
    while (delivery := bench.outbox.take(1)) is not None:
        taken.append(delivery.images)
        bench.outbox.done(delivery)
    assert taken == [{"shot": bytes(100_000)}] * 4


def test_an_image_of_an_open_vehicle_stays_for_its_lost(bench: Bench) -> None:
    bench.outbox.put([new_event(1, image=JPEG, image_key="shot")])
    take_all(bench.outbox)
    (left,) = bench.crash().open_vehicles(other_than="run-2")
    assert left.held_image_keys == ("shot",)
    lost = new_event(1, 2, kind=EventKind.LOST, image_key="shot")
    bench.outbox.put([lost])
    # The crash forgot that New was delivered; it comes again, then Lost with the held image.
    first = bench.outbox.take(1)
    assert first is not None
    bench.outbox.done(first)
    delivery = bench.outbox.take(1)
    assert delivery is not None
    assert delivery.event.kind is EventKind.LOST
    assert delivery.images == {"shot": JPEG}
    bench.outbox.done(delivery)
    bench.outbox.flush()
    assert bench.outbox.open_vehicles() == []
    assert bench.outbox.status().bytes == 0


def test_vehicles_of_the_stream_that_goes_on_are_not_given_up(bench: Bench) -> None:
    bench.outbox.put([new_event(1), new_event(2, stream_id="run-2", car_id=7)])
    assert [left.event.car_id for left in bench.crash().open_vehicles(other_than="run-2")] == [1]


def test_car_ids_count_on_across_restarts_and_stay_with_their_vehicle(bench: Bench) -> None:
    outbox = bench.outbox
    assert [outbox.car_id("a", 1), outbox.car_id("a", 2), outbox.car_id("a", 1)] == [1, 2, 1]
    outbox.put([new_event(n, stream_id="a", car_id=outbox.car_id("a", n)) for n in (1, 2)])
    outbox = bench.crash()
    assert [outbox.car_id("a", 2), outbox.car_id("b", 1), outbox.car_id("a", 3)] == [2, 3, 4]


def test_a_missing_image_is_said_and_the_rest_of_the_event_goes(bench: Bench) -> None:
    bench.outbox.put([new_event(1, image_key="never-came")])
    delivery = bench.outbox.take(1)
    assert delivery is not None
    assert delivery.event.images == ()
    assert delivery.event.missing[0].why == "its picture did not reach the outbox"


def test_a_damaged_image_is_not_sent(bench: Bench) -> None:
    bench.outbox.put([new_event(1, image=JPEG)])
    damage(bench.outbox, bench.outbox._store.ledger.image(1))
    delivery = bench.outbox.take(1)
    assert delivery is not None
    assert delivery.images == {}
    assert delivery.event.missing[0].why == "its picture is damaged on disk"


def test_a_damaged_event_is_counted_and_the_next_goes(bench: Bench) -> None:
    bench.outbox.put([new_event(1), new_event(2)])
    damage(bench.outbox, bench.outbox._store.ledger.place(1))
    assert [vehicle for _, vehicle, _ in take_all(bench.outbox)] == [2]
    assert bench.outbox.tally(1).dropped == {Dropped.DAMAGED.value: 1}
    assert bench.outbox.waiting(1).events == 0
    assert take_all(bench.reopen()) == []
    assert bench.outbox.tally(1).dropped == {Dropped.DAMAGED.value: 1}


def test_an_event_that_was_cut_off_is_said_to_be_lost_and_its_number_is_not_given_again(
    bench: Bench,
) -> None:
    bench.outbox.put([new_event(1)])
    bench.outbox.put([new_event(2)])
    place = bench.outbox._store.ledger.place(2)
    assert place is not None
    file = file_of(bench.outbox, place[0])
    bench.outbox.close()
    with file.open("r+b") as segment:
        segment.truncate(place[1] + 100)
    assert [vehicle for _, vehicle, _ in take_all(bench.open())] == [1]
    status = bench.outbox.status()
    assert status.lost_events == 1
    assert status.damage
    bench.outbox.put([new_event(3)])
    assert take_all(bench.outbox) == [(3, 3, "new")]


def test_a_second_process_is_refused_by_name(bench: Bench) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom cammra_edge.config import OutboxSettings\n"
        "from cammra_edge.outbox import Outbox\nfrom tests.fakes import FakeClock\n"
        "Outbox(OutboxSettings(path=Path(sys.argv[1])), clock=FakeClock())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(bench.path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert told.returncode != 0
    assert f"held by process {os.getpid()}: one engine at a time" in told.stderr
    bench.outbox.put([new_event(1)])
    assert len(take_all(bench.outbox)) == 1


def test_a_newer_log_is_refused_and_left_alone(bench: Bench) -> None:
    bench.outbox.put([new_event(1)])
    (segment,) = bench.outbox._store.log.numbers()
    file = file_of(bench.outbox, segment)
    bench.outbox.close()
    whole = file.read_bytes()
    length = int.from_bytes(whole[8:12], "little")
    payload = (99).to_bytes(2, "little") + whole[18 : 16 + length]
    head = bytes(16) + bytes(8) + bytes(8) + whole[4:5] + whole[8:12]
    crc = zlib.crc32(head + payload).to_bytes(4, "little")
    newer = whole[:12] + crc + payload + whole[16 + length :]
    file.write_bytes(newer)
    with pytest.raises(OutboxError, match="a newer cammra_edge wrote this outbox"):
        Outbox(bench.settings, clock=FakeClock())
    assert file.read_bytes() == newer
    file.write_bytes(whole)
    assert len(take_all(bench.open())) == 1


def test_old_event_ids_are_forgotten_within_the_bound(bench: Bench) -> None:
    bench.settings = replace(bench.settings, known_events=1000)
    outbox = bench.reopen()
    for first in range(1, 3001, 50):
        outbox.put(
            [new_event(n, kind=EventKind.LOST, wanted_by=()) for n in range(first, first + 50)]
        )
    known = sum(outbox.knows(new_event(n).event.event_id) for n in range(1, 3001))
    assert 1000 <= known <= 1000 + 1024
    assert outbox.knows(new_event(3000).event.event_id)
    assert not outbox.knows(new_event(1).event.event_id)
    assert bench.reopen().car_id("run-1", 1) == 3001


def test_the_queue_of_a_profile_that_is_off_grows_no_older_than_the_bound(bench: Bench) -> None:
    bench.settings = replace(bench.settings, max_age_s=60.0)
    bench.reopen().put([new_event(n) for n in (1, 2)])
    bench.clock.advance(61)
    for first in range(100, 1300, 100):
        bench.outbox.put([new_event(n, wanted_by=(2,)) for n in range(first, first + 100)])
    assert bench.outbox.waiting(1).events == 0
    assert bench.outbox.tally(1).dropped == {Dropped.TOO_OLD.value: 2}


def test_the_boundary_key_is_kept_and_differs_between_outboxes(bench: Bench) -> None:
    key = bench.outbox.boundary_key
    assert len(key) == 32
    assert bench.reopen().boundary_key == key


def test_a_long_expired_backlog_is_passed_over_in_short_stretches(bench: Bench) -> None:
    bench.outbox.put([new_event(n) for n in range(1, 601)])
    bench.clock.advance(10)
    bench.outbox.put([new_event(601)])
    rules = TakeRules(expires_ns={"new": 5 * NS})
    answers = []
    while (delivery := bench.outbox.take(1, rules)) is None:
        due_ns = bench.outbox.next_due(1)
        assert due_ns is not None
        assert due_ns <= bench.clock.mono_ns()
        answers.append(bench.outbox.tally(1).expired)
    assert answers == [256, 512]
    assert delivery.event.vehicle_no == 601
