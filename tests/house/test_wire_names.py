"""ARCHITECTURE's law on wire names: those of the FF JSON stand in one table, and in the receiver's, which judges it.

Names that mean something elsewhere, too (`type`, `model`, `color`), are not looked for.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.house.rust_sources import without_tests
from tests.house.sources import CRATES, MODULES, PACKAGE, ROOT, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CORE = ROOT / "rust" / "cammra-core" / "src"
TABLE = CORE / "ff" / "members.rs"
ITS_OWN = {
    PACKAGE
    / "receiver"
    / "contract.py": "a judge that reads the table of the accused finds no wrong name",
    PACKAGE
    / "payload"
    / "presence.py": "what Home Assistant is told to read; its test reads it so",
    PACKAGE / "config" / "cloud.py": "the elements of another document, FF's profile in XML",
}
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)


def names() -> set[str]:
    """Every name of the table that can mean nothing else."""
    literals = LITERAL.findall(TABLE.read_text(encoding="utf-8"))
    return {
        name
        for name in literals
        if re.fullmatch(r"[a-zA-Z][\w-]+", name) and not re.fullmatch(r"[a-z]+", name)
    }


def python_texts(tree: ast.AST) -> Iterator[str]:
    """Every text in the code but its documentation."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and id(node) not in documentation
            and isinstance(node.value, str)
        ):
            yield node.value


def rust_texts(code: str) -> Iterator[str]:
    yield from LITERAL.findall(re.sub(r"//[^\n]*", "", without_tests(code)))


def typed(texts: Iterator[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[a-zA-Z][\w-]*", text)} & names()


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path not in ITS_OWN],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_no_module_types_a_wire_name(path: Path) -> None:
    assert typed(python_texts(tree_of(path))) == set()


@pytest.mark.parametrize(
    "path",
    [
        path
        for source in CRATES
        for path in sorted(source.rglob("*.rs"))
        if path != TABLE and path.name != "tests.rs"
    ],
    ids=lambda path: str(path.relative_to(ROOT / "rust")),
)
def test_no_rust_file_types_a_wire_name(path: Path) -> None:
    assert typed(rust_texts(path.read_text(encoding="utf-8"))) == set()


def test_the_table_has_the_names() -> None:
    assert len(names()) > 30
    assert {"plateText", "ImageArray", "capture_ts", "roiID", "plateISO3166-2"} <= names()


def test_a_name_is_found_wherever_it_is_typed() -> None:
    assert typed(python_texts(ast.parse('"""Of plateText."""\nx = event["plateText"]')))
    assert not typed(python_texts(ast.parse('"""Of plateText."""\nplateText = 1')))
    assert typed(python_texts(ast.parse('x = f"{{\\"carID\\":{number}}}"')))
    assert typed(rust_texts('const OPEN: &[u8] = b"\\"ImageArray\\":[";'))
    assert not typed(rust_texts('// "ImageArray"\n#[cfg(test)]\nmod tests { "ImageArray" }'))
