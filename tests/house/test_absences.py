"""What ARCHITECTURE.md says is absent, looked for in the sources."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import is_dataclass
from pathlib import Path
from typing import get_args

import pytest

from cammra_edge import model
from cammra_edge.sinks.base import Outcome
from tests.house.sources import MODULES, PACKAGE, ROOT, repository_files, tree_of

CORE = ROOT / "rust" / "cammra-core"


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 20


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_shell_is_ever_started(path: Path) -> None:
    for call in calls(path):
        name = ast.unparse(call.func)
        assert name not in {"os.system", "os.popen", "subprocess.getoutput"}, name
        shell = [keyword for keyword in call.keywords if keyword.arg == "shell"]
        assert not shell, f"{name}(shell=…) on line {call.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_evaluates_text_as_code(path: Path) -> None:
    for call in calls(path):
        name = ast.unparse(call.func)
        assert name not in {"eval", "pickle.loads", "pickle.load", "yaml.load"}, name


def test_unsafe_stands_in_three_modules_only() -> None:
    allowed = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "rust").rglob("*.rs")
        # Not what is built only for tests: counting allocations takes a global allocator.
        if path.parent.name != "tests"
        and re.search(r"^\s*#!?\[(?:allow|expect)\(\s*unsafe_code", path.read_text(), re.MULTILINE)
    }
    libjpeg = {path for path in allowed if path.startswith("rust/cammra-core/src/jpeg/")}
    buffer = allowed & {"rust/cammra-py/src/buffer.rs"}
    kernels = allowed & {"rust/cammra-jpeg/src/kernel.rs"}
    assert allowed == libjpeg | kernels | buffer
    assert len(libjpeg) <= 1


def test_the_repository_knows_no_machine() -> None:
    """Paths of somebody's machine and registry hosts do not belong in a repository."""
    suspicious = re.compile(
        r"(?<![\w.])/(?:home|root|work|Users)/\w|pypi\.org/simple|index\.crates\.io"
    )
    for path in repository_files():
        found = suspicious.findall(path.read_text(encoding="utf-8"))
        assert path == Path(__file__) or not found, f"{path}: {found}"


def test_the_core_asks_the_machine_for_nothing() -> None:
    manifest = tomllib.loads((CORE / "Cargo.toml").read_text(encoding="utf-8"))
    assert "pyo3" not in manifest["dependencies"]
    asked = re.compile(r"\bstd::(?:net|fs|env|process|thread|time)\b|\b(?:Instant|SystemTime)::")
    for path in sorted((CORE / "src").rglob("*.rs")):
        assert not asked.findall(path.read_text(encoding="utf-8")), path


def test_what_happened_does_not_change() -> None:
    nouns = [
        noun
        for noun in vars(model).values()
        if isinstance(noun, type) and is_dataclass(noun) and noun.__module__ == model.__name__
    ]
    assert model.Event in nouns
    assert [noun for noun in nouns if not noun.__dataclass_params__.frozen] == []  # type: ignore[attr-defined] # no stub has it


def test_an_outcome_is_matched_where_events_are_delivered_and_tried() -> None:
    outcomes = {kind.__name__ for kind in get_args(Outcome)}
    matched_in = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.MatchClass) and ast.unparse(node.cls) in outcomes
    }
    assert matched_in == {"delivery/worker.py", "trial/run.py"}
