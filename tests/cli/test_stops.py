"""`cammra-edge run` is told to stop, in whatever state it is: it ends in order, soon, and nothing is lost."""

from __future__ import annotations

import os
import pty
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from cammra_edge import Engine, HttpPost, OutboxSettings, Profile
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.model import EventKind
from cammra_edge.outbox import EventQuery, Outbox
from cammra_edge.receiver import Receiver
from tests.servers import SLACK_S
from tests.stop_states import QUICK_DISK, STATES, frozen
from tests.stopping import run_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stopping import Stopped


def stored(folder: Path) -> dict[str, list[str]]:
    """What the outbox has told of each plate."""
    outbox = Outbox(OutboxSettings(path=folder / "outbox"), clock=SYSTEM_CLOCK)
    try:
        kinds: dict[str, list[str]] = {}
        cursor = ""
        while True:
            page = outbox.history.search(EventQuery(plate="AB*", cursor=cursor, limit=200))
            for found in page.events:
                kinds.setdefault(found.event.plate.text, []).append(found.event.kind.value)
            if not (cursor := page.cursor):
                return kinds
    finally:
        outbox.close()


def assert_all_is_there(folder: Path, said: str) -> None:
    """Every vehicle that was taken in has been stored from its first to its last word."""
    observed = [int(number) for number in re.findall(r"^observed (\d+)$", said, re.MULTILINE)]
    kinds = stored(folder)
    for vehicle in range(observed[-1] // 10 + 1):
        assert {"new", "lost"} <= set(kinds[f"AB{vehicle}"]), vehicle


def assert_in_order(stopped: Stopped) -> None:
    assert stopped.code == 0, stopped.said
    assert stopped.took_s < SLACK_S  # the time-outs are an hour
    assert "stopping" in stopped.said
    assert "Traceback" not in stopped.said


@pytest.mark.parametrize("state", STATES)
def test_a_signal_ends_it_in_order_whatever_it_is_doing(tmp_path: Path, state: str) -> None:
    with STATES[state](tmp_path) as at, run_of(at.script, "--no-socket", page=at.page) as run:
        at.reached(run)
        stopped = run.stopped_by(signal.SIGTERM)
    assert_in_order(stopped)
    if at.is_whole:
        assert_all_is_there(tmp_path, stopped.said)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("state", ["receiver hanging, HTTP", "recogniser in a call"])
def test_every_signal_that_services_and_shells_send_does(
    tmp_path: Path, state: str, number: signal.Signals
) -> None:
    with STATES[state](tmp_path) as at, run_of(at.script, number=number) as run:
        at.reached(run)
        assert_in_order(run.stopped_by(number))


def test_what_was_broken_off_is_sent_by_the_next_start_and_nothing_is_lost(tmp_path: Path) -> None:
    with STATES["receiver hanging, HTTP"](tmp_path) as at, run_of(at.script) as run:
        at.reached(run)
        stopped = run.stopped_by(signal.SIGTERM)
    assert_in_order(stopped)
    settings = OutboxSettings(path=tmp_path / "outbox")
    with Receiver() as receiver:
        gate = Profile("gate", HttpPost(receiver.http_url), image=None, events=set(EventKind))
        engine = Engine(profiles=[gate], outbox=settings)
        with engine.running(live=False):
            assert engine.drain(SLACK_S)
            (status,) = engine.status().profiles
            assert status.delivered == len(receiver.events)
        assert receiver.problems == []
        packets = [int(event.text("packetCounter")) for event in receiver.events]
    assert sorted(packets) == list(range(1, len(packets) + 1))
    told = {event.text("plateUTF8") for event in receiver.events}
    assert told == set(stored(tmp_path))


def test_a_disk_that_does_not_answer_is_said_and_left_alone(tmp_path: Path) -> None:
    with frozen(tmp_path, QUICK_DISK) as at, run_of(at.script) as run:
        at.reached(run)
        stopped = run.stopped_by(signal.SIGTERM)
    assert_in_order(stopped)
    assert "the disk has not answered, leaving without it events_lost=" in stopped.said
    assert stored(tmp_path)


def test_a_terminal_that_is_closed_ends_it_in_order_though_nobody_reads_its_last_words(
    tmp_path: Path,
) -> None:
    with STATES["receiver hanging, HTTP"](tmp_path) as at:
        words = [sys.executable, "-m", "cammra_edge", "run", str(at.script), "--page", "off"]
        child, terminal = pty.fork()
        if not child:
            os.execv(sys.executable, words)  # noqa: S606 - there is no shell
        said = b""
        while b"observed 20" not in said:
            said += os.read(terminal, 65536)
        os.close(terminal)  # the kernel sends SIGHUP to whoever has it
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert_all_is_there(tmp_path, said.decode().replace("\r", ""))
