"""Checking an outbox: a sound one is found sound and left as it is, and each fault is named."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.outbox import check as checking
from cammra_edge.outbox.check import Report, check_folder
from cammra_edge.outbox.lock import holder_of
from cammra_edge.outbox.log import Log, Purpose
from cammra_edge.outbox.mark import Mark
from cammra_edge.storing import Ledger, LogGroup
from tests.fakes import JPEG, FakeClock, new_event
from tests.outbox.logs import STATE, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVENTS = 12
ALL_IMAGES = 2**64 - 1
PICTURE = JPEG * 20


class Stored:
    """An outbox with events in two segments, one of them parked, one delivered; and where their frames lie."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = opened(path)
        self.ledger = Ledger(1_000)
        for seq in range(1, EVENTS + 1):
            self.put(seq)
            if seq == EVENTS // 2:
                self.log.close_segment(Purpose.EVENTS)
        self.ledger.park(2, 1, 3, 0, "HTTP 400", "no")
        self.ledger.done(3, 1)
        self.write(lambda _: None)
        self.log.keep_mark(Mark(seq=EVENTS))
        self.events = {seq: self.place_of(seq) for seq in range(1, EVENTS + 1)}
        self.images = {
            seq: self.ledger.images(seq)[0][1:] for seq in self.events if self.ledger.images(seq)
        }
        self.log.close()

    def put(self, seq: int) -> None:
        new = new_event(seq, image=PICTURE)

        def add(group: LogGroup) -> None:
            group.image(seq, new.event.images[0].image_key, PICTURE)
            group.event(
                new.event,
                seq=seq,
                event_id=bytes([seq]) * 16,
                stored_ns=seq,
                image_nos=[seq],
                wanted=[(1, seq, ALL_IMAGES, len(PICTURE))],
            )

        self.write(add)

    def write(self, add: Callable[[LogGroup], None]) -> None:
        place = self.log.place(20_000)
        group = LogGroup(self.log.store_id, place.segment, place.offset)
        if not place.offset:
            group.header(place.purpose, place.size)
            group.state(STATE)
        add(group)
        group.settled(self.ledger)
        assert self.log.fits(group)
        self.log.write(group)
        self.ledger.apply(group)

    def place_of(self, seq: int) -> tuple[int, int, int]:
        place = self.ledger.place(seq)
        assert place is not None
        return place

    def harm(self, place: tuple[int, int, int]) -> None:
        """Flip a bit in the middle of a frame."""
        segment, offset, length = place
        with (self.path / f"events-{segment:010}.log").open("r+b") as file:
            file.seek(offset + length // 2)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 4]))


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path / "o")


def check(path: Path) -> Report:
    return check_folder(path, clock=FakeClock())


def test_a_sound_outbox_is_found_sound_and_left_as_it_is(stored: Stored) -> None:
    before = {path.name: path.read_bytes() for path in stored.path.iterdir()}
    report = check(stored.path)
    assert report.findings == ()
    assert report.sound
    assert (report.events, report.images) == (EVENTS - 1, EVENTS)
    assert (report.waiting, report.parked) == (EVENTS - 2, 1)
    assert report.size_bytes == 2 * (256 << 10)
    assert {path.name: path.read_bytes() for path in stored.path.iterdir()} == before


def damaged_event(stored: Stored) -> None:
    stored.harm(stored.events[4])


def damaged_image(stored: Stored) -> None:
    stored.harm(stored.images[4])


def damaged_last_frame(stored: Stored) -> None:
    stored.harm(stored.events[EVENTS // 2])


def lost_image(stored: Stored) -> None:
    with_directory_broken(stored)
    stored.harm(stored.images[5])


def with_directory_broken(stored: Stored) -> None:
    with (stored.path / "events-0000000001.log").open("r+b") as file:
        file.seek(-8, 2)
        file.write(b"\xff" * 8)


def cut_short(stored: Stored) -> None:
    segment, offset, _ = stored.events[EVENTS]
    with (stored.path / f"events-{segment:010}.log").open("r+b") as file:
        file.truncate(offset)


def removed(stored: Stored) -> None:
    (stored.path / "events-0000000002.log").unlink()


def another_store(stored: Stored) -> None:
    other = opened(stored.path.with_name("other"))
    place = other.place(1_000)
    group = LogGroup(other.store_id, place.segment, 0)
    group.header(0, place.size)
    other.write(group)
    other.close()
    (stored.path.with_name("other") / "events-0000000001.log").rename(
        stored.path / "events-0000000007.log"
    )


def twice(stored: Stored) -> None:
    content = (stored.path / "events-0000000001.log").read_bytes()
    (stored.path / "events-1 copy.log").write_bytes(content)


FAULTS: list[tuple[Callable[[Stored], None], list[str]]] = [
    (damaged_event, ["event 4 is damaged", "events-0000000001.log is damaged from"]),
    (damaged_image, ["image 4 of event 4 is damaged", "events-0000000001.log is damaged from"]),
    (damaged_last_frame, ["event 6 is damaged", "events-0000000001.log is damaged from"]),
    (lost_image, ["event 5 has lost image 5", "events-0000000001.log is damaged from"]),
    (cut_short, ["events-0000000002.log is cut short", "the last 1 events that were stored"]),
    (removed, ["segment 2 is not there", "the last 6 events that were stored are not there"]),
    (another_store, ["events-0000000007.log: it is of another store"]),
    (twice, ["events-1 copy.log: segment 1 is there twice"]),
]


@pytest.mark.parametrize(("harm", "sentences"), FAULTS)
def test_each_fault_is_named(
    stored: Stored, harm: Callable[[Stored], None], sentences: list[str]
) -> None:
    harm(stored)
    before = sorted(path.name for path in stored.path.iterdir())
    findings = check(stored.path).findings
    assert len(findings) == len(sentences), findings
    for sentence in sentences:
        assert any(sentence in finding for finding in findings), findings
    assert sorted(path.name for path in stored.path.iterdir()) == before


def test_a_lost_directory_is_no_fault(stored: Stored) -> None:
    with_directory_broken(stored)
    assert check(stored.path).sound


def test_a_write_that_failed_and_was_never_believed_is_no_fault(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened(stored.path)
    _write_and_fail(log, monkeypatch)
    log.close_segment(Purpose.EVENTS)
    log.close()
    assert check(stored.path).sound


def _write_and_fail(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    place = log.place(1_000)
    group = LogGroup(log.store_id, place.segment, place.offset)
    group.image(99, "", b"x" * 900)
    with monkeypatch.context() as ill:
        ill.setattr("os.fdatasync", failing)
        with pytest.raises(OSError, match="the disk fails"):
            log.write(group)


def test_of_many_faults_the_first_are_named(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (stored.path / "events-0000000001.log").open("r+b") as file:
        for place in (*stored.events.values(), *stored.images.values()):
            if place[0] == 1:
                file.seek(place[1] + 20)
                file.write(b"\xff")
    monkeypatch.setattr(checking, "FINDINGS_SHOWN", 5)
    findings = check(stored.path).findings
    assert len(findings) == 6
    assert findings[-1] == "and perhaps more"


def test_what_is_no_outbox_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutboxError, match="there is no outbox"):
        check(tmp_path / "none")
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(OutboxError, match="this is not an outbox"):
        check(tmp_path / "notes")


def test_one_in_use_is_looked_at_again_before_anything_is_said(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [Report(findings=("a segment went",)), Report(events=1), Report(events=2)]
    monkeypatch.setattr(checking, "_looked_at", lambda *_: looks.pop(0))
    log = opened(stored.path)
    assert check(stored.path).events == 1
    log.close()
    looks.insert(0, Report(findings=("a segment is broken",)))
    assert check(stored.path).findings == ("a segment is broken",)


def test_one_in_use_by_another_process_is_checked_and_stays_in_use(stored: Stored) -> None:
    code = """
import sys
from pathlib import Path
from tests.outbox.logs import opened
log = opened(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(stored.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        for _ in range(2):
            assert check(stored.path).sound
            assert holder_of(stored.path) == process.pid
        process.communicate("\n")
