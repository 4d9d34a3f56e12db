"""When a signal is heard: at once where something is waited for, after it where something is being done."""

from __future__ import annotations

import contextlib
import signal

import pytest

from cammra_edge.cli import stopping
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.stopping import heard, held, stoppable, was_asked
from tests.fakes import FakeClock

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class EndedError(Exception):
    """In place of the end of the process."""


@pytest.fixture(autouse=True)
def _no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> None:
        raise EndedError(code)

    monkeypatch.setattr(stopping, "end_at_once", end)
    # Whoever runs the tests may ignore some.
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _as_before() -> object:
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_an_interruption_and_a_later_one_the_end(
    number: signal.Signals,
) -> None:
    clock = FakeClock()
    with stoppable(clock):
        assert not was_asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert was_asked()
        signal.raise_signal(number)  # passed on by a wrapper
        clock.advance(0.4)
        with pytest.raises(EndedError, match=str(int(Exit.INTERRUPTED))):
            signal.raise_signal(number)


def test_what_is_being_done_is_done_to_its_end() -> None:
    done: list[str] = []

    def work() -> None:
        with held():
            signal.raise_signal(signal.SIGTERM)
            done.append("first")

    with stoppable(FakeClock()):
        with pytest.raises(KeyboardInterrupt):
            work()
        with held():
            done.append("second")  # told once
    assert done == ["first", "second"]


def test_within_what_is_done_a_signal_is_heard_where_something_is_waited_for() -> None:
    with stoppable(FakeClock()), held():
        with pytest.raises(KeyboardInterrupt), heard():
            signal.raise_signal(signal.SIGTERM)
        with held():  # what is put into order afterwards is not torn apart
            pass


def test_a_signal_that_came_meanwhile_is_heard_first_thing() -> None:
    with stoppable(FakeClock()), held():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), heard():
            pytest.fail("it was to end before")


def test_somebody_who_swallows_it_is_not_asked_again() -> None:
    with stoppable(FakeClock()), held():
        with heard(), contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), heard():
            pytest.fail("a source that swallows signals goes on for ever")


def test_while_it_ends_by_itself_nothing_more_is_heard() -> None:
    with stoppable(FakeClock()), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGHUP)
