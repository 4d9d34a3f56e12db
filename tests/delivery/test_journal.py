"""The journal keeps the bytes of the last tries, of so many and no more, until they are to be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.delivery.journal import KEPT, TRANSCRIPTS_KEPT, Journal, Try
from cammra_edge.delivery.transcript import Transcript
from cammra_edge.message import Attempt, Body
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp
from tests.fakes import new_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.delivery.conftest import Rig


def tried(outcome: str = "delivered", event_id: str = "e", words: str = "") -> Try:
    return Try(
        at_utc_ns=1, event_id=event_id, kind="new", packet=1, number=1, outcome=outcome, why="", words=words,
        took_ns=1, size_bytes=1,
    )  # fmt: skip


def bytes_of(number: int) -> Transcript:
    return Transcript(request=b"request %d" % number, answer=b"answer %d" % number)


def test_deliveries_do_not_push_out_the_bytes_of_what_failed() -> None:
    journal = Journal()
    journal.add(tried("parked"), bytes_of(0))
    for number in range(1, 100):
        journal.add(tried(), bytes_of(number))
    failed, *rest = journal.tries()
    assert journal.transcript("e", failed.serial) == bytes_of(0)
    assert [one.serial in journal.kept() for one in rest] == [False] * (99 - TRANSCRIPTS_KEPT) + [
        True
    ] * TRANSCRIPTS_KEPT
    assert journal.transcript("e", rest[-1].serial) == bytes_of(99)


def test_there_are_never_more_than_that() -> None:
    journal = Journal()
    for number in range(KEPT * 2):
        journal.add(tried("parked" if number % 2 else "delivered"), bytes_of(number))
    assert len(journal.kept()) == 2 * TRANSCRIPTS_KEPT


def test_no_bytes_outlast_their_try() -> None:
    journal = Journal()
    journal.add(tried("parked"), bytes_of(0))
    for _ in range(KEPT - 1):
        journal.add(tried())
    assert len(journal.kept()) == 1
    journal.add(tried())
    assert journal.kept() == frozenset()
    for number in range(TRANSCRIPTS_KEPT + 1):
        journal.add(tried("parked"), bytes_of(number))
    assert len(journal.kept()) == TRANSCRIPTS_KEPT


def test_bytes_are_had_by_the_event_and_the_try_together() -> None:
    first, other = Journal(), Journal()
    first.add(tried(event_id="a"), bytes_of(1))
    other.add(tried(event_id="b"), bytes_of(2))
    (one,), (two,) = first.tries(), other.tries()
    assert one.serial != two.serial
    assert first.transcript("b", one.serial) is None
    assert first.transcript("a", two.serial) is None
    assert first.transcript("a", one.serial) == bytes_of(1)


def test_a_try_without_bytes_has_none() -> None:
    journal = Journal()
    journal.add(tried())
    (one,) = journal.tries()
    assert journal.kept() == frozenset()
    assert journal.transcript("e", one.serial) is None


@pytest.mark.parametrize("in_words", [True, False])
def test_what_is_to_be_forgotten_is_found_in_bytes_and_words(*, in_words: bool) -> None:
    journal = Journal()
    journal.add(tried(words="1AB1234" if in_words else ""), bytes_of(1))
    named = Transcript(request=b'{"plate":"1AB1234"}', answer=b"\xff")
    journal.add(tried(words="thanks"), bytes_of(2) if in_words else named)

    def bears(_: Try, texts: Sequence[str]) -> bool:
        return any("1AB1234" in text for text in texts)

    journal.forget(bears)
    gone, stays = journal.tries() if in_words else journal.tries()[::-1]
    assert (gone.words, journal.transcript("e", gone.serial)) == ("", None)
    assert journal.transcript("e", stays.serial) is not None


def test_each_try_of_a_worker_leaves_its_bytes(rig: Rig) -> None:
    rig.outbox.put([new_event(1), new_event(2)])
    rig.sink.answers = [GiveUp(quoted("status 400")), Delivered()]
    rig.run()
    journal = rig.worker.journal
    for number, one in enumerate(journal.tries(), start=1):
        kept = journal.transcript(one.event_id, one.serial)
        assert kept is not None
        assert kept.request.startswith(b"to the fake\n%d %d new" % (number, number))
        assert kept.answer == b"from the fake"


def test_a_sink_that_cannot_tell_costs_no_delivery(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.sink.exchange = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]  # a fault of ours
    rig.outbox.put([new_event(1)])
    assert rig.run() == 1
    (one,) = rig.worker.journal.tries()
    assert one.outcome == "delivered"
    assert rig.worker.journal.kept() == frozenset()
    assert "no bytes to show" in caplog.text
    assert isinstance(rig.sink.taken[0], tuple)
    assert isinstance(rig.sink.taken[0][0], Attempt)
    assert isinstance(rig.sink.taken[0][1], Body)
