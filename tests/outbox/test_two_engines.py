"""The lock is removed or replaced under a running engine, and another starts: nothing that either stored is lost."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from cammra_edge.errors import OutboxError
from cammra_edge.model import EventKind
from cammra_edge.outbox import Outbox, segment, tail
from tests.fakes import JPEG, crash, new_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.outbox.conftest import Bench


def remove(lock: Path) -> None:
    lock.unlink()


def replace(lock: Path) -> None:
    other = lock.with_name("lock.new")
    other.touch()
    other.rename(lock)


WAYS = pytest.mark.parametrize("lose", [remove, replace])


def deaf(bench: Bench) -> None:
    """Have the outbox told of nothing, as where the kernel has no inotify: it finds out for itself."""
    bench.outbox._store.log.watch(lambda: None)
    log = bench.outbox._store.log
    assert log._watch is not None
    log._watch.close()


def other_engine(bench: Bench) -> Outbox:
    return Outbox(bench.settings, clock=bench.clock.restarted())


def heal(bench: Bench) -> None:
    for _ in range(3):
        bench.clock.advance(1.1)
        bench.outbox.tick()
    assert bench.outbox.status().durable


def taken(outbox: Outbox, profile_id: int = 1) -> list[tuple[int, int, int]]:
    """Packet, vehicle and pictures of all that waits."""
    found = []
    while (delivery := outbox.take(profile_id)) is not None:
        found.append((delivery.packet, delivery.event.vehicle_no, len(delivery.images)))
        outbox.done(delivery)
    return found


def waiting_by_key(outbox: Outbox) -> dict[str, int]:
    return {key: outbox.waiting(no).events for key, no in outbox.profile_ids().items()}


@WAYS
@pytest.mark.parametrize("ends", [Outbox.close, crash])
@pytest.mark.parametrize("many", [1, 40], ids=["behind ours", "in segments of its own"])
def test_what_the_other_stored_is_taken_up(
    bench: Bench,
    lose: Callable[[Path], None],
    ends: Callable[[Outbox], None],
    many: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    deaf(bench)
    image = JPEG + bytes(100_000)
    bench.outbox.put([new_event(1, image=JPEG, image_key="ours")])
    lose(bench.path / "lock")
    other = other_engine(bench)
    for number in range(many):
        other.put([new_event(100 + number, image=image, image_key=f"theirs {number}")])
    bench.outbox.put([new_event(2, image=JPEG, image_key="late")])
    assert not bench.outbox.status().durable
    ends(other)
    heal(bench)
    assert "another engine" in caplog.text
    bench.outbox.put([new_event(3, image=JPEG, image_key="after")])
    outbox = bench.crash()
    assert outbox.status().damage == ""
    assert outbox.status().lost_events == 0
    found = taken(outbox)
    assert sorted(vehicle for _, vehicle, _ in found) == [1, 2, 3, *range(100, 100 + many)]
    assert {pictures for *_, pictures in found} == {1}
    assert len({packet for packet, *_ in found}) == len(found)


@WAYS
def test_what_the_other_delivered_is_not_repeated(
    bench: Bench, lose: Callable[[Path], None]
) -> None:
    deaf(bench)
    bench.outbox.put([new_event(1), new_event(2)])
    lose(bench.path / "lock")
    other = other_engine(bench)
    first = other.take(1)
    assert first is not None
    other.done(first)
    other.close()
    bench.outbox.put([new_event(3)])
    heal(bench)
    assert [vehicle for _, vehicle, _ in taken(bench.outbox)] == [2, 3]


@WAYS
def test_no_number_is_given_twice(bench: Bench, lose: Callable[[Path], None]) -> None:
    deaf(bench)
    ours, theirs = bench.outbox, None
    ours.put([new_event(1)])
    lose(bench.path / "lock")
    theirs = other_engine(bench)
    ids: dict[str, list[tuple[int, int]]] = {"ours": [], "theirs": []}
    for number in range(3):
        ours.put([new_event(10 + number)])
        theirs.put([new_event(20 + number)])
    for name, outbox in (("ours", ours), ("theirs", theirs)):
        while (delivery := outbox.take(1)) is not None:
            if delivery.event.vehicle_no > 1:
                ids[name].append((delivery.seq, delivery.packet))
            outbox.done(delivery)
        ids[name].append((outbox.car_id("another", 1), 0))
    assert len(ids["ours"]) == len(ids["theirs"]) == 4
    for place in (0, 1):
        given = [{pair[place] for pair in pairs[:3]} for pairs in ids.values()]
        assert not given[0] & given[1]
    assert ids["ours"][3] != ids["theirs"][3]
    crash(theirs)


@WAYS
def test_keys_that_both_saw_first_stay_apart(bench: Bench, lose: Callable[[Path], None]) -> None:
    deaf(bench)
    bench.outbox.put([new_event(1, wanted_by=(bench.outbox.profile_id("common"),))])
    lose(bench.path / "lock")
    other = other_engine(bench)
    other.put([new_event(2, wanted_by=(other.profile_id("theirs"),))])
    other.close()
    bench.outbox.put([new_event(3, wanted_by=(bench.outbox.profile_id("ours"),))])
    heal(bench)
    assert waiting_by_key(bench.outbox) == {"common": 1, "ours": 1, "theirs": 1}
    outbox = bench.crash()
    assert waiting_by_key(outbox) == {"common": 1, "ours": 1, "theirs": 1}
    ids = outbox.profile_ids()
    for key, vehicle in (("common", 1), ("theirs", 2), ("ours", 3)):
        assert [number for _, number, _ in taken(outbox, ids[key])] == [vehicle]


@WAYS
def test_a_lock_that_went_is_made_anew(bench: Bench, lose: Callable[[Path], None]) -> None:
    bench.outbox.put([new_event(1, kind=EventKind.NEW)])
    lose(bench.path / "lock")
    bench.outbox._look()  # as the watch calls it
    heal(bench)
    with pytest.raises(OutboxError, match="one engine at a time"):
        other_engine(bench)
    bench.outbox.put([new_event(2)])
    assert bench.outbox.status().durable
    assert [packet for packet, *_ in taken(bench.crash())] == [1, 2]


@WAYS
def test_a_write_that_was_overtaken_is_not_believed(
    bench: Bench, lose: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk hangs; meanwhile the lock goes, and another engine comes, writes and ends."""
    deaf(bench)
    bench.outbox.put([new_event(1)])
    other: list[Outbox] = []

    def hang(*written: object) -> int:
        monkeypatch.undo()
        lose(bench.path / "lock")
        other.append(other_engine(bench))
        return write_all(*written)  # type: ignore[arg-type]  # as it was called

    write_all = segment.write_all
    monkeypatch.setattr(tail, "write_all", hang)
    bench.outbox.put([new_event(2)])
    assert bench.outbox.status().not_yet_durable == 1
    crash(other[0])
    gc.collect()
    heal(bench)
    assert [vehicle for _, vehicle, _ in taken(bench.crash())] == [1, 2]
