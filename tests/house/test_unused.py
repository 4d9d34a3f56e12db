"""Nothing stands in the package for the tests alone: what a module or a class of ours defines, something of ours uses.

A use is a name read, an attribute, or a text that is the name: in the package, in the examples, in the code of the
guide, in the table of public names, or among the texts of the Rust half. Fields, members of enumerations and what a
foreign base class calls do not count as defined here.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from tests.house.sources import (
    CRATES,
    MODULES,
    PACKAGE,
    ROOT,
    SCRIPTS,
    STATIC,
    script_imports,
    tree_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FOR_OTHERS = {"behave": "for those who test a sender of their own against the receiver"}
"""What nothing of ours uses, and who does."""
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def defined(module: ast.Module, own_classes: frozenset[str]) -> Iterator[str]:
    """The names that a module and its classes define, private ones, too."""
    for node in module.body:
        yield from _names(node)
        if isinstance(node, ast.ClassDef) and _has_only_own_bases(node, own_classes):
            yield from (
                member.name
                for member in node.body
                if isinstance(member, _FUNCTION) and not member.name.startswith("__")
            )


def _names(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _has_only_own_bases(node: ast.ClassDef, own_classes: frozenset[str]) -> bool:
    return {ast.unparse(base).rpartition(".")[2] for base in node.bases} <= own_classes


def used(tree: ast.AST) -> Iterator[str]:
    """The names that something in it reads."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                yield name
            case ast.Constant(value=str(text)):
                yield text


@cache
def used_anywhere() -> frozenset[str]:
    guides = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
    examples = sorted((ROOT / "examples").glob("*.py"))
    crates = chain.from_iterable(source.rglob("*.rs") for source in CRATES)
    code = "\n".join(
        chain.from_iterable(
            re.findall(r"```.*?```", guide.read_text(), re.DOTALL) for guide in guides
        )
    )
    return frozenset(
        chain(
            chain.from_iterable(used(tree_of(path)) for path in (*MODULES, *examples)),
            re.findall(r"\w+", code),
            chain.from_iterable(map(str.split, used(tree_of(PACKAGE / "__init__.py")))),
            chain.from_iterable(re.findall(r'"(\w+)"', path.read_text()) for path in crates),
        )
    )


@cache
def classes_of_the_package() -> frozenset[str]:
    return own_classes(map(tree_of, MODULES))


def own_classes(trees: Iterable[ast.AST]) -> frozenset[str]:
    return frozenset(
        node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ) | {"object", "Protocol", "NamedTuple"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_module_defines_is_used(path: Path) -> None:
    names = set(defined(tree_of(path), classes_of_the_package()))
    unused = {name for name in names - used_anywhere() if not re.fullmatch(r"__\w+__", name)}
    assert unused <= FOR_OTHERS.keys()


def test_what_is_for_others_is_there_and_used_by_none_of_us() -> None:
    names = set(chain.from_iterable(defined(tree_of(path), frozenset()) for path in MODULES))
    assert set(FOR_OTHERS) <= names - used_anywhere()


def test_every_script_is_loaded_by_the_page_or_by_another() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    loaded = set(re.findall(r'src="/static/([\w-]+\.js)"', page))
    assert loaded.union(*script_imports(SCRIPTS).values()) == {path.name for path in SCRIPTS}


@pytest.mark.parametrize(
    ("code", "unused"),
    [
        ("def one(): ...", {"one"}),
        ("def one(): ...\none()", set()),
        ("LIMIT = 1", {"LIMIT"}),
        ("LIMIT: int = 1\nprint(LIMIT)", set()),
        ("class A:\n  def one(self): ...\nA()", {"one"}),
        ("class A:\n  def one(self): ...\nA().one()", set()),
        ("class A(Thread):\n  def run(self): ...\nA()", set()),
        ("import x\nx.one", set()),
    ],
)
def test_what_nothing_reads_is_found(code: str, unused: set[str]) -> None:
    tree = ast.parse(code)
    assert set(defined(tree, own_classes([tree]))) - set(used(tree)) == unused
