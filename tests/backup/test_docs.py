"""The guide's table of formats is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

from cammra_edge.backup import form
from cammra_edge.config import saved
from cammra_edge.outbox import segment
from cammra_edge.outbox.census import Doubt
from cammra_edge.outbox.intake import STEPS
from cammra_edge.web import access_file

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide"


def test_formats_are_those_of_the_page_on_upgrades() -> None:
    text = (GUIDE / "upgrade.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| `[^|]+` \| (\d+) \|", text, re.MULTILINE)
    assert {what: int(number) for what, number in rows} == {
        "outbox": segment.FORMAT,
        "settings of the page": saved.FORMAT,
        "people and tokens": access_file.FORMAT,
        "backup": form.FORMAT,
    }


def test_the_step_of_numbers_is_that_of_the_page_on_moving() -> None:
    _, step = STEPS[Doubt.MISSING]
    assert f"{step:,}" in (GUIDE / "moving.md").read_text(encoding="utf-8")
