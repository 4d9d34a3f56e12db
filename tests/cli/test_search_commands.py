"""`search`, `events` and `erase`, over a memory that is known."""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from cammra_edge.audit import NAME, AuditLog
from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.reached import Opened
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import Settings
from cammra_edge.model import Device, Direction, EventKind
from cammra_edge.outbox import EventState
from tests.remembering import FakeHistory
from tests.web.still import JPEG, an_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.outbox import Outbox

Said = pytest.CaptureFixture[str]
NOON_NS = 1_764_158_400 * 10**9
"""2025-11-26T12:00Z; 13:00 in Stockholm."""


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeHistory:
    """What the outbox `box` remembers: three vehicles, the last of them on its way."""
    remembered = FakeHistory()
    for number, text in enumerate(("1AB1234", "1AB1235", "=1+1")):
        event = replace(
            an_event(number + 1, text),
            at_utc_ns=NOON_NS + number * 86_400 * 10**9,
            kind=EventKind.LOST if number else EventKind.RELIABLE,
            direction=Direction.IN,
        )
        state = EventState.WAITING if number == 2 else EventState.DELIVERED
        remembered.add(event, state, jpegs={"a1": JPEG}, waits=("gate",) if number == 2 else ())

    class Box:
        def __init__(self, where: Path) -> None:
            self.where = where
            self.history = remembered

        @contextmanager
        def reached(self, *, write: bool = False) -> Iterator[Opened]:  # noqa: ARG002 - it is in memory
            assert str(self.where) == "box"
            settings = Settings(device=Device(time_zone="Europe/Stockholm"))
            audit = AuditLog(tmp_path / "page" / NAME, SYSTEM_CLOCK)
            yield Opened(cast("Outbox", self), settings, audit)

    for command in ("search", "events", "erase"):
        monkeypatch.setattr(f"cammra_edge.cli.commands.{command}.stored_at", Box)
    return remembered


def rows(said: Said) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ([], [3, 2, 1]),
        (["--plate", "1ab-1234"], [1]),
        (["--plate", "1AB123?"], [2, 1]),
        (["--plate", "1AB1234", "--one-off"], [2, 1]),
        (["--from", "2025-11-27"], [3, 2]),
        (["--from", "2025-11-27", "--to", "2025-11-27"], [2]),
        (["--kind", "reliable", "--kind", "new"], [1]),
        (["--direction", "out"], []),
        (["--state", "waiting"], [3]),
        (["--min-confidence", "0.95"], []),
        (["--region", "1", "--list", "staff"], []),
        (["--limit", "1"], [3]),
    ],
)
def test_filters_combine(
    history: FakeHistory, capsys: Said, words: list[str], numbers: list[int]
) -> None:
    assert main(["search", "box", "--json", *words]) == Exit.OK
    assert [row["seq"] for row in rows(capsys)] == numbers
    assert history.asked


@pytest.mark.usefixtures("history")
def test_a_line_has_date_zone_and_what_became_of_it(capsys: Said) -> None:
    assert main(["search", "box", "--plate", "1AB1234", "--one-off"]) == Exit.OK
    second, first = capsys.readouterr().out.splitlines()
    assert "2025-11-27 13:00:00.000+01:00" in second
    assert "one character off" in second
    assert second.endswith("1 picture")
    assert "1AB1234" in first
    assert "delivered" in first
    assert "one character off" not in first


@pytest.mark.usefixtures("history")
def test_nothing_found_says_so(capsys: Said) -> None:
    assert main(["search", "box", "--plate", "nobody"]) == Exit.OK
    assert capsys.readouterr().out == "nothing is found\n"


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--from", "yesterday"], "from is 'yesterday'"),
        (["--plate", "A*", "--one-off"], "one_off"),
        (["--min-confidence", "2"], "min_confidence"),
    ],
)
def test_what_cannot_be_asked_is_named(capsys: Said, words: list[str], named: str) -> None:
    assert main(["search", "box", *words]) == Exit.CONFIG
    assert named in capsys.readouterr().err


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    "words",
    [
        ["search", "box", "--limit", "0"],
        ["search", "box", "--limit", "-2"],
        ["search", "box", "--csv", "a", "--export", "b"],
        ["search", "box", "--kind", "old"],
        ["search", "box", "--state", "lost"],
        ["search", "box", "--direction", "up"],
        ["events", "box", "--limit", "0"],
        ["events", "box", "--limit", "all"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(capsys: Said, words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == Exit.USAGE
    error = capsys.readouterr().err
    assert words[2] in error
    assert "<" not in error  # words, and none of the names that Python gives them


@pytest.mark.usefixtures("history")
def test_a_question_that_cannot_be_asked_costs_no_file(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("what was there")
    assert main(["search", "box", "--from", "yesterday", "--csv", str(table)]) == Exit.CONFIG
    assert table.read_text() == "what was there"


@pytest.mark.usefixtures("history")
def test_files_are_written_for_their_owner_alone(tmp_path: Path, capsys: Said) -> None:
    folder = tmp_path / "out"
    assert main(["search", "box", "--export", str(folder)]) == Exit.OK
    assert "5 files" in capsys.readouterr().out
    table = list(csv.DictReader(io.StringIO((folder / "events.csv").read_text())))
    assert [row["plate"] for row in table] == ["'=1+1", "1AB1235", "1AB1234"]
    plain = json.loads((folder / "events.json").read_text())
    assert [event["text"] for event in plain] == ["=1+1", "1AB1235", "1AB1234"]
    assert {(folder / row["pictures"]).read_bytes() for row in table} == {JPEG}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *folder.rglob("*")])


@pytest.mark.usefixtures("history")
def test_a_table_alone_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    assert main(["search", "box", "--plate", "1AB*", "--csv", str(path)]) == Exit.OK
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.usefixtures("history")
def test_the_latest_events_are_shown_oldest_first(capsys: Said) -> None:
    assert main(["events", "box", "--limit", "2", "--json"]) == Exit.OK
    assert [row["seq"] for row in rows(capsys)] == [2, 3]
    assert main(["events", "box", "--follow"]) == Exit.OK
    assert "no engine runs" in capsys.readouterr().err


def test_erasing_asks_first(history: FakeHistory, capsys: Said) -> None:
    assert main(["erase", "box", "--all"]) == Exit.USAGE
    assert "--yes" in capsys.readouterr().err
    assert len(history.events) == 3


@pytest.mark.parametrize(("typed", "left"), [("yes", 1), ("no", 3), ("", 3)])
def test_on_a_terminal_the_answer_decides(
    history: FakeHistory,
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    left: int,
) -> None:
    class Keys(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Keys(f"{typed}\n"))
    main(["erase", "box", "--all"])
    assert "1 wait for delivery or are parked: they are kept" in capsys.readouterr().err
    assert len(history.events) == left


def test_what_waits_is_kept_and_named(history: FakeHistory, capsys: Said) -> None:
    assert main(["erase", "box", "--all", "--yes"]) == Exit.OK
    said = capsys.readouterr().out
    assert "2 events and 2 pictures are erased" in said
    assert "1 were kept: they wait for gate" in said
    assert main(["erase", "box", "--all", "--undelivered", "--yes", "--json"]) == Exit.OK
    assert rows(capsys) == [{"events": 1, "pictures": 1, "waiting": {}}]
    assert history.events == []


def test_a_plate_or_a_time_is_erased_alone(history: FakeHistory) -> None:
    assert main(["erase", "box", "--plate", "1ab 1235", "--yes"]) == Exit.OK
    assert [found.seq for found in history.events] == [1, 3]
    assert main(["erase", "box", "--before", "2025-11-28", "--yes"]) == Exit.OK
    assert [found.seq for found in history.events] == [3]


def test_erasing_wants_one_of_plate_time_and_all(history: FakeHistory) -> None:
    for words in ([], ["--all", "--plate", "A"]):
        with pytest.raises(SystemExit):
            main(["erase", "box", "--yes", *words])
    assert len(history.events) == 3


def test_a_search_an_export_and_an_erasure_write_their_line(
    history: FakeHistory, tmp_path: Path
) -> None:
    assert len(history.events) == 3
    main(["search", "box", "--plate", "1ab-1234", "--direction", "in"])
    main(["search", "box", "--csv", str(tmp_path / "found.csv")])
    main(["search", "box"])
    main(["erase", "box", "--plate", "1AB1234", "--yes"])
    audit = AuditLog(tmp_path / "page" / NAME, SYSTEM_CLOCK)
    lines = audit.entries()
    assert [(line["kind"], line["what"], line["fields"]) for line in lines] == [
        ("erasure", "1 event and 1 picture erased", []),
        ("export", "events exported as csv", []),
        ("search", "events searched", ["direction"]),
    ]
    assert {(line["who"], line["from"]) for line in lines} == {("shell", f"uid {os.geteuid()}")}
    assert "1AB1234" not in str(lines)
    assert [line["kind"] for line in audit.entries(plate="1 AB 1234")] == ["erasure", "search"]
    main(["erase", "box", "--all", "--undelivered", "--yes"])
    assert audit.entries(plate="1AB1234") == [], "its key is gone, too"
    assert len(audit.entries()) == 4
