"""Each fault of the catalogue has a place where it is held, and what is named there exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.faults.__main__ import catalogue
from tests.house.sources import ROOT

NUMBERS = [
    f"{kind}{no}" for kind, most in (("S", 27), ("N", 34), ("F", 18)) for no in range(1, most + 1)
]
ROW = re.compile(r"^\| ([SNF]\d+) \| [^|]+ \| (.+) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "ref" / "faults.md").read_text(encoding="utf-8")
ROWS = dict(ROW.findall(PAGE))


def test_every_number_stands_there_once() -> None:
    assert [number for number, _ in ROW.findall(PAGE)] == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_whatever_holds_it_exists(number: str) -> None:
    held_by = re.findall(r"`([^`]+)`", ROWS[number])
    assert held_by
    for name in held_by:
        if name.startswith("make faults "):
            word = name.removeprefix("make faults ")
            assert any(word in line for line in catalogue()), name
            continue
        file, _, test = name.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name
