"""An event type is known wherever types are told apart: both halves, the receiver, the command line and the page."""

from __future__ import annotations

import json
import re
from typing import get_args

from cammra_edge.cli import sheet, terminal
from cammra_edge.model import EventKind, EventWord
from cammra_edge.receiver import contract
from tests.house.rust_sources import without_tests
from tests.house.sources import ROOT, STATIC

CORE = ROOT / "rust" / "cammra-core" / "src"
KINDS = [kind.value for kind in EventKind]


def test_both_halves_have_the_same() -> None:
    core = (CORE / "event.rs").read_text(encoding="utf-8")
    names = core.partition("impl EventKind {")[2].partition("\n}")[0]
    assert re.findall(r'Self::\w+ => "(\w+)"', names) == KINDS
    listed = names.partition("pub const ALL")[2].partition(";\n")[0]
    assert re.findall(r"Self::(\w+)", listed) == [kind.name.title() for kind in EventKind]
    numbers = [int(number) for number in re.findall(r"Self::\w+ => (\d)", names)]
    assert sorted(numbers) == list(range(len(KINDS)))


def test_the_table_of_a_vehicle_s_life_says_each() -> None:
    table = without_tests((CORE / "vehicle" / "stage.rs").read_text(encoding="utf-8"))
    said = {name for names in re.findall(r"&\[(.*?)\]", table) for name in names.split(", ")}
    assert said - {"", "EventKind"} == {kind.name.title() for kind in EventKind}


def test_a_script_may_name_each_by_its_word() -> None:
    assert list(get_args(EventWord)) == KINDS


def test_the_receiver_knows_each() -> None:
    assert list(contract._KINDS) == KINDS


def test_each_has_a_look_on_terminals_and_sheets() -> None:
    assert list(terminal.KIND_STYLES) == KINDS
    assert list(sheet._KINDS) == KINDS


def test_the_page_counts_and_names_each() -> None:
    texts = json.loads((STATIC / "en.json").read_text(encoding="utf-8"))
    words = json.loads((STATIC / "en-settings.json").read_text(encoding="utf-8"))
    assert re.findall(r"\{(\w+)\}", texts["counts"]) == KINDS
    assert [kind for kind in KINDS if f"events={kind}" not in words] == []
    (counted,) = re.findall(
        r't\("counts", \{(.*?)\.\.\.', (STATIC / "events.js").read_text(encoding="utf-8")
    )
    assert re.findall(r"(\w+):", counted) == KINDS
