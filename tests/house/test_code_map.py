"""The code map of ARCHITECTURE is the import contract, and has every module of the core in its place."""

from __future__ import annotations

import re
import tomllib

from tests.house.rust_sources import rust_imports
from tests.house.sources import ROOT

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_map_has_the_rows_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = project["tool"]["importlinter"]["contracts"]
    layers = [sorted(layer.split(" | ")) for layer in contract["layers"]]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", ARCHITECTURE, re.MULTILINE)
    assert [sorted(re.findall(r"`(\w+)`", rooms)) for _, rooms in rows] == layers
    assert [int(number) for number, _ in rows] == list(range(len(layers), 0, -1))


def test_the_map_has_every_module_of_the_core_after_those_that_it_uses() -> None:
    section = ARCHITECTURE.partition("`rust/cammra-core` holds the rules")[2].partition(". `rust")[
        0
    ]
    modules = re.findall(r"`(\w+)`", section)
    imports = rust_imports(ROOT / "rust" / "cammra-core" / "src")
    tops = {name: {_top(used) for used in uses} - {_top(name)} for name, uses in imports.items()}
    assert sorted(modules) == sorted({_top(name) for name in imports} - {"crate"})
    for name, uses in tops.items():
        if name != "crate":
            assert uses <= set(modules[: modules.index(_top(name))]), name


def _top(name: str) -> str:
    return name.removeprefix("crate::").partition("::")[0]
