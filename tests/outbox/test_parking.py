from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox import Dropped
from cammra_edge.outbox.exported import export_of
from tests.fakes import JPEG, a_life, fall_ill, new_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outbox.conftest import Bench


def park_all(bench: Bench) -> None:
    for profile_id in (1, 2):
        while (delivery := bench.outbox.take(profile_id)) is not None:
            bench.outbox.park(delivery, why="HTTP 422: no such camera")


def a_bench_with_three_parked(bench: Bench) -> None:
    bench.outbox.put(
        [new_event(1, image=JPEG), new_event(2, image=JPEG), new_event(3, wanted_by=(2,))]
    )
    park_all(bench)


def test_one_can_be_shown_whole(bench: Bench) -> None:
    a_bench_with_three_parked(bench)
    row = bench.outbox.parking.listed(1)[1]
    shown = bench.outbox.parking.show(1, row.seq)
    assert shown is not None
    assert (shown.event.vehicle_no, shown.packet, list(shown.images.values())) == (2, 2, [JPEG])
    assert bench.outbox.parking.show(2, row.seq) is None


def test_one_or_all_are_tried_again_with_their_old_packets(bench: Bench) -> None:
    a_bench_with_three_parked(bench)
    bench.outbox.put([new_event(4)])
    woken: list[int] = []
    bench.outbox.listen(1, lambda: woken.append(1))
    assert bench.outbox.parking.retry(1, bench.outbox.parking.listed(1)[0].seq) == 1
    assert woken == [1]
    first = bench.outbox.take(1)
    assert first is not None
    assert (first.packet, first.attempts) == (1, 1)
    bench.outbox.done(first)
    assert bench.outbox.parking.retry() == 2
    assert bench.outbox.waiting(1).parked == 0
    assert [bench.outbox.waiting(no).events for no in (1, 2)] == [2, 1]


def test_one_tried_again_waits_for_what_its_vehicle_has_in_flight(bench: Bench) -> None:
    outbox = bench.outbox
    outbox.put(a_life(1)[:2])
    first = outbox.take(1)
    assert first is not None
    outbox.park(first, why="HTTP 413")
    flying = outbox.take(1)
    assert flying is not None
    assert outbox.parking.retry(1) == 1
    assert outbox.take(1) is None
    assert outbox.next_due(1) is None
    outbox.done(flying)
    again = outbox.take(1)
    assert again is not None
    assert again.packet == first.packet


def test_a_clock_before_1970_parks_as_any_other(bench: Bench) -> None:
    bench.clock.now_utc_ns = -1
    a_bench_with_three_parked(bench)
    assert [row.parked_utc_ns for row in bench.outbox.parking.listed(1)] == [0, 0]


def test_a_worker_is_woken_only_when_the_outbox_is_free_for_it(bench: Bench) -> None:
    """A worker asks the outbox under a lock of its own: woken under the outbox's, both would wait for ever."""
    a_bench_with_three_parked(bench)
    free: list[bool] = []

    def ask() -> None:
        asking = threading.Thread(target=bench.outbox.waiting, args=(1,), daemon=True)
        asking.start()
        asking.join(10)
        free.append(not asking.is_alive())

    bench.outbox.listen(1, ask)
    bench.outbox.parking.retry(1)
    bench.outbox.put([new_event(9)])
    assert free == [True, True]


def test_what_a_person_decided_outlives_a_crash_at_once(bench: Bench) -> None:
    a_bench_with_three_parked(bench)
    first, second = bench.outbox.parking.listed(1)
    assert bench.outbox.parking.retry(1, first.seq) == 1
    assert bench.outbox.parking.discard(1, second.seq) == 1
    outbox = bench.crash()
    assert [row.profile_id for row in outbox.parking.listed()] == [2]
    assert (outbox.waiting(1).events, outbox.waiting(1).parked) == (1, 0)


def test_a_long_list_comes_in_pages(bench: Bench) -> None:
    bench.outbox.put([new_event(number, wanted_by=(1, 2)) for number in range(1, 31)])
    park_all(bench)
    pages, after = [], (0, 0)
    while page := bench.outbox.parking.page(after=after, limit=13):
        pages.append(len(page))
        after = (page[-1].profile_id, page[-1].seq)
    assert pages == [13, 13, 13, 13, 8]
    rows = bench.outbox.parking.listed()
    assert [(row.profile_id, row.packet) for row in rows] == [
        (profile_id, packet) for profile_id in (1, 2) for packet in range(1, 31)
    ]


def test_what_is_discarded_is_gone_and_counted(bench: Bench) -> None:
    a_bench_with_three_parked(bench)
    assert bench.outbox.parking.discard(1) == 2
    assert bench.outbox.tally(1).dropped == {Dropped.DISCARDED.value: 2}
    assert [row.profile_id for row in bench.reopen().parking.listed()] == [2]
    assert bench.outbox.status().events == 1


def test_an_export_holds_event_reason_and_pictures(bench: Bench, tmp_path: Path) -> None:
    a_bench_with_three_parked(bench)
    folder = tmp_path / "out" / "parked"
    for row, delivery in bench.outbox.parking.whole():
        export_of(row, delivery).write(folder)
    about = json.loads((folder / "profile1-packet00000001.json").read_text())
    assert about["parked"]["why"] == "HTTP 422: no such camera"
    assert about["event"]["plate"]["text"] == "1AB0001"
    assert (folder / about["images"][0]["file"]).read_bytes() == JPEG
    assert len(list(folder.iterdir())) == 5
    first = bench.outbox.parking.listed(1)[0]
    assert [row for row, _ in bench.outbox.parking.whole(1, first.seq)] == [first]


def test_a_disk_that_takes_nothing_is_said_and_changes_nothing(bench: Bench) -> None:
    a_bench_with_three_parked(bench)
    assert len(bench.outbox.parking.listed()) == 3
    heal = fall_ill()
    for change in (bench.outbox.parking.retry, bench.outbox.parking.discard):
        with pytest.raises(OutboxError, match="the disk does not take it now"):
            change(1)
    heal()
    assert len(bench.outbox.parking.listed()) == 3
    assert bench.outbox.tally(1).dropped == {}
