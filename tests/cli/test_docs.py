"""What the pages about the command line say is what the program does."""

import re
from pathlib import Path

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.program import COMMANDS
from cammra_edge.recording import tracker_csv

REF = Path(__file__).resolve().parents[2] / "docs" / "ref"


def test_the_exit_codes_are_those_of_the_page() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z]+) \|", (REF / "cli.md").read_text(), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == {code.name: code.value for code in Exit}


def test_every_command_stands_on_the_page() -> None:
    text = (REF / "cli.md").read_text()
    assert [
        command.name
        for command in COMMANDS
        if f"| `{command.name} " not in text.replace(f"`{command.name}`", f"`{command.name} `")
    ] == []


def test_every_column_name_stands_on_the_page() -> None:
    text = (REF / "recordings.md").read_text()
    names = [
        name
        for known in tracker_csv._NAMES.values()
        for name in known
        if not name.startswith(("time", "t_", "pos", "timestamp"))
    ]
    names += [name for known in tracker_csv._BOX_COLUMNS.values() for name in known]
    assert [name for name in names if f"`{name}`" not in text] == []
