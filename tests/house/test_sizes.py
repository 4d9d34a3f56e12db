"""No file is longer than one reads in a sitting, and no line of the page wider than a screen."""

from __future__ import annotations

from tests.house.sources import ROOT, SCRIPTS, repository_files

MAX_LINES = 400
MAX_SCRIPT_COLUMNS = 120
LONGER = {
    "docs/ref/event.schema.json": "the schema of an event, a member a block",
    "python/cammra_edge/_native.pyi": "the manual of one binary module, whose stub is one file",
}
"""Files that may be longer, and why."""


def test_no_file_is_too_long() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in repository_files()
    }
    assert {
        name: lines for name, lines in lengths.items() if lines > MAX_LINES
    }.keys() == LONGER.keys()
    assert all(LONGER.values())


def test_no_line_of_a_script_is_too_wide() -> None:
    wide = [
        f"{path.name}:{number}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > MAX_SCRIPT_COLUMNS
    ]
    assert wide == []
