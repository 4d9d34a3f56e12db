"""The code map of ARCHITECTURE is the import contract, and names every module of the core."""

from __future__ import annotations

import re
import tomllib

from tests.house.sources import ROOT

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_map_has_the_rows_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    layers = [sorted(layer.split(" | ")) for layer in contract["layers"]]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", ARCHITECTURE, re.MULTILINE)
    assert [sorted(re.findall(r"`(\w+)`", rooms)) for _, rooms in rows] == layers
    assert [int(number) for number, _ in rows] == list(range(len(layers), 0, -1))


def test_the_map_names_every_module_of_the_core() -> None:
    core = (ROOT / "rust" / "cammra-core" / "src" / "lib.rs").read_text(encoding="utf-8")
    modules = set(re.findall(r"^(?:pub )?mod (\w+);", core, re.MULTILINE))
    section = ARCHITECTURE.partition("`rust/cammra-core` holds the rules")[2].partition("\n\n")[0]
    assert modules <= set(re.findall(r"`(\w+)`", section))
