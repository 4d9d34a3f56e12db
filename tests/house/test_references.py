"""A test that a text names is there, and every law of ARCHITECTURE names one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.house.sources import ROOT, repository_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = [path for path in repository_files() if path.suffix in {".py", ".pyi", ".rs", ".md"}]
_LEADER = re.compile(r"^[ \t]*(?://[/!]?|#(?!\[)|\*|\d+\.)[ \t]?", re.MULTILINE)
_FILE = re.compile(
    r"`((?:[\w*-]+/)*[\w*-]*tests?[\w*-]*(?:/[\w*-]+)*/?(?:\.py|\.rs)?)(?:::(\w+))?`"
)
_HELD = re.compile(r"(?:Invariants?|Laws), (?:each )?held by|\bHeld\sby|\(held\sby")
_BELOW = re.compile(r"\(`([a-z]\w+)`\)")


def paragraphs(text: str) -> Iterator[str]:
    """Prose and comments without what stands before their lines, each with its lines joined."""
    for paragraph in re.split(r"\n[ \t]*\n", _LEADER.sub("", text)):
        yield " ".join(paragraph.split())


def named_tests(paragraph: str) -> Iterator[tuple[str, str]]:
    for name, function in _FILE.findall(paragraph):
        if "/" in name or name.endswith((".py", ".rs")):
            yield name, function


def missing(path: Path, text: str) -> list[str]:
    """The tests that a text names and that are nowhere."""
    lost = []
    for paragraph in paragraphs(text):
        near = [ROOT, *path.parents]
        for name, function in named_tests(paragraph):
            found = [one for folder in near for one in folder.glob(name)]
            if not found or (
                function and not re.search(rf"\bdef {function}\(", found[0].read_text())
            ):
                lost.append(f"{name}::{function}" if function else name)
            near += {one.parent for one in found}.difference(near)
    return lost


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_tests_that_a_file_names_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert missing(path, text) == []
    for paragraph in paragraphs(text):
        if _HELD.search(paragraph):
            assert list(named_tests(paragraph)) or re.search(r"\bbelow\b|named at", paragraph)


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in FILES
        if path.suffix == ".rs" and "test of that name below" in path.read_text()
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_test_of_that_name_is_below(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    header = text.partition("\n\n")[0]
    tests = text + "".join(one.read_text() for one in path.with_suffix("").glob("tests.rs"))
    names = _BELOW.findall(header)
    assert names
    assert [name for name in names if f"fn {name}()" not in tests] == []


def test_every_example_has_its_row() -> None:
    examples = ROOT / "examples"
    rows = re.findall(r"^\| \[(\w+\.py)\]", (examples / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(path.name for path in examples.glob("*.py"))


def laws() -> list[str]:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.partition("## What is absent")[2].partition("\n## ")[0]
    return [" ".join(law.split()) for law in re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]]


@pytest.mark.parametrize("law", laws(), ids=lambda law: law[:40])
def test_every_law_names_a_test_file_that_holds_it(law: str) -> None:
    files = [name for name, _ in named_tests(law) if (ROOT / name).is_file()]
    assert files, law


def test_there_are_laws() -> None:
    assert len(laws()) >= 7


def test_a_reference_to_nothing_is_found() -> None:
    here = ROOT / "python" / "cammra_edge" / "model.py"
    sizes, nothing, this = "test_sizes.py", "test_nothing.py", "test_references.py"
    assert missing(here, f"Held by `tests/house/{sizes}` and `test_circles.py`.") == []
    assert missing(here, f"Held by `tests/house/{nothing}`.") == [f"tests/house/{nothing}"]
    assert missing(here, f"# Held by\n# `tests/house/{sizes}` and\n# `{nothing}`.") == [nothing]
    assert missing(here, f"Held by `tests/{'nowhere'}`") == ["tests/nowhere"]
    assert missing(here, f"`tests/house/{this}::test_there_are_laws`") == []
    assert missing(here, f"`tests/house/{this}::test_none`") == [f"tests/house/{this}::test_none"]
