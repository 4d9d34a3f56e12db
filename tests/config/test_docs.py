"""The pages' tables of the outbox's settings name each of them, with the default that it has."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from cammra_edge.config import OutboxSettings
from tests.house.sources import ROOT

MIB = 1 << 20
DAY_S = 86_400
UNITS = {"MiB": MIB, "days": DAY_S}
WORDS = {"no": False, "yes": True}


def rows(page: str) -> dict[str, str]:
    """Setting and default; a row may have several of both."""
    text = (ROOT / "docs" / "ref" / page).read_text(encoding="utf-8")
    table = text.partition("\n## The outbox\n")[2].partition("\n## ")[0]
    found: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", table, re.MULTILINE):
        listed = re.findall(r"`(\w+)`", names)
        found |= dict(zip(listed, defaults.split(", "), strict=True))
    return found


def value(cell: str) -> object:
    """The value that a cell says."""
    if cell in WORDS:
        return WORDS[cell]
    number = re.fullmatch(r"([\d,]+)(?: (MiB|days))?", cell)
    if number is None:
        return cell.strip("`")
    return int(number[1].replace(",", "")) * UNITS.get(number[2], 1)


@pytest.mark.parametrize("page", ["delivery.md", "settings.md"])
def test_each_setting_stands_there_with_its_default(page: str) -> None:
    told = rows(page)
    settings = OutboxSettings()
    known = {field.name: getattr(settings, field.name) for field in fields(settings)}
    assert told.keys() == known.keys()
    for name, cell in told.items():
        default = known[name]
        said = value(cell)
        assert said == (default if isinstance(default, int | float) else str(default)), name
