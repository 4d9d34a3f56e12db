"""A copy of an outbox beside its engine, and what goes on from a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.errors import OutboxError
from cammra_edge.outbox import Outbox, copying
from cammra_edge.outbox.census import Doubt
from cammra_edge.outbox.check import check_folder
from cammra_edge.outbox.copying import begin_elsewhere, copy_outbox
from cammra_edge.outbox.intake import STEPS
from tests.fakes import FakeClock, new_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outbox.conftest import Bench

_, STEP = STEPS[Doubt.MISSING]


def opened(path: Path) -> Outbox:
    return Outbox(OutboxSettings(path=path), clock=FakeClock())


def gate(outbox: Outbox) -> int:
    return outbox.profile_id("gate")


def test_a_copy_beside_its_writer_is_whole_and_is_an_outbox(bench: Bench, tmp_path: Path) -> None:
    gate(bench.outbox)
    bench.outbox.put([new_event(n) for n in range(1, 6)])
    done = bench.outbox.take(1)
    assert done is not None
    bench.outbox.done(done)
    bench.outbox.flush()
    assert copy_outbox(bench.path, tmp_path / "copy", clock=bench.clock) == ()
    assert {one.name for one in (tmp_path / "copy").iterdir()} <= {
        "mark",
        "events-0000000001.log",
    }
    copy = opened(tmp_path / "copy")
    assert copy.status().damage == ""
    assert copy.waiting(1).events == 4
    assert copy.profile_ids() == bench.outbox.profile_ids()
    copy.close()


def test_there_is_nothing_to_copy_where_there_is_no_outbox(tmp_path: Path) -> None:
    with pytest.raises(OutboxError, match="there is no outbox"):
        copy_outbox(tmp_path / "none", tmp_path / "copy", clock=FakeClock())
    assert not (tmp_path / "copy").exists()


def test_of_an_outbox_that_holds_nothing_yet_nothing_is_copied(
    bench: Bench, tmp_path: Path
) -> None:
    assert copy_outbox(bench.path, tmp_path / "copy", clock=bench.clock) == ()
    assert list((tmp_path / "copy").iterdir()) == []


def test_a_segment_that_goes_while_it_is_copied_makes_it_begin_anew(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.outbox.put([new_event(1)])
    real, tries = copying._copy, []

    def torn(source: Path, target: Path) -> None:
        tries.append(source)
        if len(tries) == 2:
            raise FileNotFoundError(source)
        real(source, target)

    monkeypatch.setattr(copying, "_copy", torn)
    assert copy_outbox(bench.path, tmp_path / "copy", clock=bench.clock) == ()
    assert len(tries) > 2
    assert check_folder(tmp_path / "copy", clock=bench.clock).events == 1

    def gone(source: Path, target: Path) -> None:
        raise FileNotFoundError(source, target)

    monkeypatch.setattr(copying, "_copy", gone)
    with pytest.raises(OutboxError, match="changes faster"):
        copy_outbox(bench.path, tmp_path / "other", clock=bench.clock)


def test_what_is_damaged_is_copied_and_told(bench: Bench, tmp_path: Path) -> None:
    bench.outbox.put([new_event(n) for n in range(1, 4)])
    bench.outbox.close()
    (segment,) = bench.path.glob("events-*.log")
    content = bytearray(segment.read_bytes())
    content[300:340] = bytes(40)
    segment.write_bytes(content)
    findings = copy_outbox(bench.path, tmp_path / "copy", clock=bench.clock)
    assert any("damaged" in finding for finding in findings)


def test_a_copy_goes_on_well_behind_what_its_original_may_have_given(
    bench: Bench, tmp_path: Path
) -> None:
    number = gate(bench.outbox)
    bench.outbox.put([new_event(n) for n in range(1, 6)])
    bench.outbox.flush()
    copy_outbox(bench.path, tmp_path / "copy", clock=bench.clock)
    bench.outbox.put([new_event(6)])  # by the original, behind the copy
    begin_elsewhere(tmp_path / "copy", clock=bench.clock)
    assert check_folder(tmp_path / "copy", clock=bench.clock).sound
    copy = opened(tmp_path / "copy")
    assert copy.status().damage == ""
    assert copy.status().lost_events == 0
    assert copy.car_id("another", 1) > STEP
    copy.put([new_event(7)])
    packets = []
    while (delivery := copy.take(number)) is not None:
        packets.append(delivery.packet)
        copy.done(delivery)
    assert packets == [1, 2, 3, 4, 5, STEP + 6]
    copy.close()
