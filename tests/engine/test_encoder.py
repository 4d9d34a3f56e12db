"""The encoder's thread: order, groups, room, and that one bad event harms no other."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from cammra_edge.engine.encoder import GROUP, MAX_PENDING_WITH_IMAGES, Encoder, Queued

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.tracking import TrackEvent


@dataclass
class Word:
    """Stands for what a track said; the encoder looks at nothing of it but for its log line."""

    number: int
    kind: str = "new"
    vehicle_no: int = 1


@dataclass
class Shelf:
    """A store that can be closed for a while, and refuses what it was told to refuse."""

    refused: frozenset[int] = frozenset()
    trouble: type[BaseException] = ValueError
    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    stored: list[int] = field(default_factory=list)
    crowded: list[bool] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def store(self, group: Sequence[Queued]) -> None:
        self.entered.set()
        self.open.wait()
        words = [cast("Word", queued.event) for queued in group]
        if self.refused & {word.number for word in words}:
            raise self.trouble("not storable")
        self.groups.append(len(group))
        self.threads.add(threading.get_ident())
        self.stored += [word.number for word in words]
        self.crowded += [queued.crowded for queued in group]


def words(numbers: range) -> list[TrackEvent]:
    return cast("list[TrackEvent]", [Word(number) for number in numbers])


def never_due() -> float | None:
    return None


def test_what_was_appended_is_stored_in_order_and_in_groups_when_the_disk_is_slow() -> None:
    shelf = Shelf()
    encoder = Encoder(never_due)
    encoder.start(shelf.store)
    encoder.append(words(range(1)))
    shelf.entered.wait()
    for first in range(1, 101, 4):
        encoder.append(words(range(first, first + 4)))
    shelf.open.set()
    encoder.stop()
    assert shelf.stored == list(range(101))
    assert max(shelf.groups) == GROUP
    assert threading.get_ident() not in shelf.threads


def test_past_the_room_for_pixels_events_go_on_without_their_images() -> None:
    shelf = Shelf()
    encoder = Encoder(never_due)
    encoder.append(words(range(MAX_PENDING_WITH_IMAGES + 5)))
    encoder.start(shelf.store)
    shelf.open.set()
    encoder.stop()
    assert shelf.stored == list(range(MAX_PENDING_WITH_IMAGES + 5))
    assert shelf.crowded == [False] * MAX_PENDING_WITH_IMAGES + [True] * 5


class PanicError(BaseException):
    """As PyO3 has it: a panic of the Rust half is no `Exception`."""


@pytest.mark.parametrize("trouble", [ValueError, PanicError])
def test_one_event_that_cannot_be_stored_takes_no_other_along(
    trouble: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(refused=frozenset({3}), trouble=trouble)
    shelf.open.set()
    encoder = Encoder(never_due)
    encoder.append(words(range(8)))
    encoder.start(shelf.store)
    encoder.stop()
    assert shelf.stored == [0, 1, 2, 4, 5, 6, 7]
    assert encoder.not_stored == 1
    assert caplog.text.count("event not stored") == 1


def test_waiting_for_room_ends_when_the_queue_has_drained() -> None:
    shelf = Shelf()
    encoder = Encoder(never_due)
    encoder.start(shelf.store)
    encoder.append(words(range(40)))
    shelf.entered.wait()
    assert not encoder.wait_until_below(1, timeout_s=0.01)
    shelf.open.set()
    assert encoder.wait_until_below(1, timeout_s=60.0)
    assert shelf.stored == list(range(40))
    encoder.stop()


def test_what_is_pending_is_counted_to_the_event() -> None:
    shelf = Shelf()
    encoder = Encoder(never_due)
    encoder.append(words(range(20)))
    assert encoder.pending() == 20
    encoder.start(shelf.store)
    shelf.entered.wait()
    assert encoder.pending() == 20
    shelf.open.set()
    assert encoder.wait_until_below(1, timeout_s=60.0)
    assert encoder.pending() == 0
    encoder.stop()


def test_what_was_asked_for_is_followed_when_nothing_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    followed = threading.Semaphore(0)

    def follow() -> None:
        followed.release()
        raise ValueError("cannot be followed")

    encoder, shelf = Encoder(never_due), Shelf()
    shelf.open.set()
    encoder.start(shelf.store, follow)
    for _ in range(3):
        encoder.wake()
        assert followed.acquire(timeout=60.0)
    encoder.append(words(range(1)))
    encoder.stop()
    assert (shelf.stored, encoder.not_stored) == ([0], 0)
    assert [record.getMessage() for record in caplog.records] == ["settings not followed"]


def test_timers_are_looked_at_when_nothing_waits() -> None:
    asked = threading.Event()

    def due() -> float | None:
        asked.set()
        return 60.0

    encoder = Encoder(due)
    encoder.start(Shelf().store)
    assert asked.wait(60.0)
    encoder.stop()
    assert encoder.pending() == 0
