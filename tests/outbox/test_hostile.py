"""Whatever lies in the folder under our names, or verifies and makes no sense: the outbox opens, and goes on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
from cammra_edge.outbox.folder import found_at
from cammra_edge.outbox.log import DamagedError
from cammra_edge.outbox.mark import Mark, MarkFile
from cammra_edge.outbox.records import event_from
from cammra_edge.storing import LogGroup
from tests.fakes import FakeClock, a_life, new_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.model import Event

SEGMENT_BYTES = 256 << 10
STORED = 4
DIGITS = "9" * 5_000
"""More than Python makes a number of."""


@pytest.fixture
def settings(tmp_path: Path) -> OutboxSettings:
    """An outbox that was closed with the events of one vehicle."""
    settings = OutboxSettings(path=tmp_path / "o", max_bytes=1 << 20)
    outbox = Outbox(settings, clock=FakeClock())
    outbox.put(a_life(1, image=b"x" * 3_000, image_key="v1"))
    outbox.close()
    return settings


def works_on(settings: OutboxSettings, profiles: tuple[str, ...] = ()) -> None:
    """It opens, has what was stored, takes more, and does so again."""
    for vehicle_no in (2, 3):
        outbox = Outbox(settings, clock=FakeClock())
        for key in profiles:
            outbox.profile_id(key)
        outbox.put(a_life(vehicle_no, image=b"y" * 3_000, image_key=f"v{vehicle_no}"))
        assert outbox.status().trouble == ""
        assert outbox.waiting(1).events == vehicle_no * STORED
        outbox.close()


@pytest.mark.parametrize("number", ["9" * 20, "9999999999", "4294967295", "0000000000"])
def test_a_file_whose_name_tells_no_number_of_ours_is_left_alone(
    settings: OutboxSettings, number: str
) -> None:
    file = settings.path / f"events-{number}.log"
    file.write_bytes(bytes(70_000))
    works_on(settings)
    assert file.read_bytes() == bytes(70_000)


def header(path: Path, segment: int, size: int) -> bytes:
    group = LogGroup(found_at(path).segments[0].store_id, segment, 0)
    group.header(0, size)
    return b"".join(group.buffers())


@pytest.mark.parametrize("number", [0, (1 << 32) - 1, (1 << 64) - 1])
def test_a_header_with_no_number_of_ours_counts_as_broken(
    settings: OutboxSettings, number: int
) -> None:
    file = settings.path / "events-0000000007.log"
    file.write_bytes(header(settings.path, number, SEGMENT_BYTES) + bytes(SEGMENT_BYTES))
    works_on(settings)


@pytest.mark.parametrize("size", [SEGMENT_BYTES, 1 << 40], ids=["header of a segment", "its own"])
def test_a_file_that_is_longer_than_any_of_ours_does_not_go_to_memory(
    settings: OutboxSettings, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = settings.path / "events-0000000007.log"
    file.write_bytes(header(settings.path, 7, size))
    os.truncate(file, 1 << 40)
    works_on(settings)
    assert "segment 7: " in caplog.text


def mark_of(settings: OutboxSettings) -> Path:
    return settings.path / "mark"


def test_a_mark_that_leads_elsewhere_is_neither_read_nor_written(
    settings: OutboxSettings, tmp_path: Path
) -> None:
    mark_of(settings).rename(tmp_path / "elsewhere")
    mark_of(settings).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o644)
    before = (tmp_path / "elsewhere").read_bytes()
    works_on(settings)
    assert (tmp_path / "elsewhere").read_bytes() == before
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 1 << 40)]
)
def test_a_mark_that_is_a_pipe_or_endless_is_none(
    settings: OutboxSettings, make: Callable[[Path], None]
) -> None:
    mark_of(settings).unlink()
    make(mark_of(settings))
    works_on(settings)


@pytest.mark.parametrize(
    ("segment", "mark"),
    [
        ((1 << 32) - 2, Mark(seq=9)),
        (2, Mark(seq=(1 << 64) - 1)),
        (2, Mark(seq=9, image_no=(1 << 64) - 1)),
        (2, Mark(seq=9, packets={1: (1 << 64) - 1})),
    ],
)
def test_a_mark_with_numbers_that_were_never_given_counts_for_nothing(
    settings: OutboxSettings, segment: int, mark: Mark
) -> None:
    store_id = MarkFile(mark_of(settings)).store_id
    mark_of(settings).unlink()
    file = MarkFile(mark_of(settings))
    file.write(store_id, segment, mark)
    file.close()
    assert MarkFile(mark_of(settings)).mark == Mark()
    works_on(settings)


def test_a_spare_file_that_leads_elsewhere_is_not_blanked(
    settings: OutboxSettings, tmp_path: Path
) -> None:
    (tmp_path / "letters").write_bytes(b"Dear " * 1_000)
    (settings.path / "spare.log").unlink()
    (settings.path / "spare.log").symlink_to(tmp_path / "letters")
    outbox = Outbox(settings, clock=FakeClock())
    outbox._store.log.blank_spare()
    outbox.close()
    assert (tmp_path / "letters").read_bytes() == b"Dear " * 1_000


@pytest.mark.parametrize("name", ["²", "9"], ids=["no number", "a file"])
def test_what_else_lies_among_what_was_set_aside_is_no_set(
    settings: OutboxSettings, name: str
) -> None:
    aside = settings.path / "set-aside"
    for number in (5, 6, 7):
        (aside / str(number)).mkdir(parents=True)
    (aside / name).touch()
    (settings.path / "events-copy.log").write_bytes(
        header(settings.path, 1, SEGMENT_BYTES) + bytes(SEGMENT_BYTES)
    )
    works_on(settings)
    assert (aside / "8" / "events-copy.log").exists()


HIGHEST = (1 << 64) - 1


@pytest.mark.parametrize(
    "state",
    [
        {"last_seq": HIGHEST},
        {"last_image_no": HIGHEST},
        {"running_ns": 1 << 80},
        {"absences_ns": [[1], 7, [1, "x"]]},
        {"profile:1": f"{HIGHEST} 1 1 1 1 1"},
        {"profile:1": f"{'9' * 4_000} 1 1 1 1 1"},
        {f"profile:{1 << 40}": "1 1 1 1 1 1"},
        {f"profile:{DIGITS}": "1 1 1 1 1 1"},
        {f"profile_key:{DIGITS}": "a"},
        {"boundary_key": "z" * 64},
    ],
    ids=lambda state: next(iter(state))[:20],
)
def test_a_saved_state_with_numbers_that_were_never_given_is_passed_over(
    settings: OutboxSettings, state: dict[str, object]
) -> None:
    outbox = Outbox(settings, clock=FakeClock())
    writer = outbox._writer
    with writer.turn:
        writer.write(lambda group: group.state(json.dumps(state).encode()), 16 << 10)
    outbox.close()
    works_on(settings, profiles=("first", "another"))


def test_a_saved_state_deeper_than_any_is_passed_over(settings: OutboxSettings) -> None:
    outbox = Outbox(settings, clock=FakeClock())
    body = b'{"last_seq":' + b"[" * 6_000 + b',"segments":,"profile_key:'
    with outbox._writer.turn:
        outbox._writer.write(lambda group: group.state(body), 16 << 10)
    outbox.close()
    works_on(settings)


def write(settings: OutboxSettings, event: Event, numbers: dict[str, int]) -> None:
    """Put an event with numbers of somebody's choice into the log."""
    row = {"seq": 9, "image_no": 9, "packet": 9} | numbers
    outbox = Outbox(settings, clock=FakeClock())

    def frames(group: LogGroup) -> None:
        group.image(row["image_no"], "its", b"x" * 3_000)
        group.event(
            event,
            seq=row["seq"],
            event_id=bytes(range(16)),
            stored_ns=0,
            image_nos=[row["image_no"]] * len(event.images),
            wanted=[(1, row["packet"], 0, 0)],
        )

    with outbox._writer.turn:
        outbox._writer.write(frames, 16 << 10)
    outbox.close()


@pytest.mark.parametrize("name", ["seq", "image_no", "packet"])
def test_an_event_with_a_number_that_was_never_given_is_no_end_of_numbers(
    settings: OutboxSettings, name: str
) -> None:
    write(settings, new_event(9).event, {name: HIGHEST})
    outbox = Outbox(settings, clock=FakeClock())
    outbox.put(a_life(2, image=b"y" * 3_000, image_key="v2"))
    assert outbox.status().trouble == ""
    assert outbox.waiting(1).events == 2 * STORED + 1
    outbox.close()


def test_an_event_that_goes_deeper_than_any_is_damaged() -> None:
    deep = b'{"a":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
    payload = bytes(78) + bytes(2) + bytes(2) + len(deep).to_bytes(4, "little") + deep
    with pytest.raises(DamagedError):
        event_from(payload)
