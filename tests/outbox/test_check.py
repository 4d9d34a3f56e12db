from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox.check import check_file
from tests.fakes import JPEG, a_life, database_of, new_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outbox.conftest import Bench


def fill(bench: Bench) -> None:
    for vehicle_no in range(1, 11):
        bench.outbox.put(a_life(vehicle_no, image=JPEG * 5, image_key=f"v{vehicle_no}"))
    refused = bench.outbox.take(1)
    assert refused is not None
    bench.outbox.park(refused, why="HTTP 400")
    bench.outbox.put([new_event(11, image=JPEG)])


def test_a_sound_outbox_is_found_sound_and_left_as_it_is(bench: Bench) -> None:
    fill(bench)
    bench.outbox.close()
    report = check_file(bench.path)
    assert report.findings == ()
    assert report.sound
    assert (report.events, report.images, report.waiting, report.parked) == (41, 11, 40, 1)
    bench.open()
    assert bench.outbox.waiting(1).events == 40


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("update events set body = 'x' || body where seq = 3", "event 3 is damaged"),
        ("update images set data = zeroblob(9) where no = 2", "image 2 of event"),
        ("delete from images where no = 2", "has lost image 2"),
        ("delete from events where seq = 7", "waits for event 7, which is not there"),
        ("delete from deliveries where seq = 7", "event 7 is kept though nobody waits"),
        ("delete from image_uses where no = 4", "image 4 is kept though nothing uses it"),
        ("update state set value = 5 where name = 'stored_events'", "the counters say 5 events"),
        ("update open_vehicles set crc = 1", "the last event of open vehicle 11 is damaged"),
        (
            "update state set value = 5 where name = 'last_seq'; delete from events where seq > 5",
            "the last",
        ),
    ],
)
def test_each_fault_is_named(bench: Bench, harm: str, said: str) -> None:
    fill(bench)
    database_of(bench.outbox).executescript(harm)
    bench.outbox._storage.close()
    report = check_file(bench.path)
    assert any(said in finding for finding in report.findings), report.findings
    bench.open()


def test_a_broken_file_is_said_to_be_broken(bench: Bench) -> None:
    fill(bench)
    bench.outbox.close()
    with bench.path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
    assert any("broken" in finding for finding in check_file(bench.path).findings)
    bench.path.write_bytes(b"nothing of ours" * 1000)
    assert check_file(bench.path).findings == ("the file cannot be read: file is not a database",)
    bench.open()


def test_no_outbox_and_one_in_use_are_refused(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(OutboxError, match="there is no outbox"):
        check_file(tmp_path / "none.sqlite3")
    with pytest.raises(OutboxError, match="held by process"):
        check_file(bench.path)
