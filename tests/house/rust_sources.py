"""Which module of a Rust crate uses which other, read from `use` and from the paths in its code.

What counts is the module where a name is made: to use one that a parent passes on (`pub use`) is to use its maker.
`mod` and `pub use` by themselves use nothing, unless the code below them names what they bring in. Tests
(`#[cfg(test)]`) are left out: they may look at everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.house.sources import Imports

Name = tuple[str, ...]
"""A path from the crate's top: `crate::jpeg::Header` is `("jpeg", "Header")`, the crate itself `()`."""

_TEST_FILE = re.compile(r"#\[cfg\(test\)\]\s*mod (\w+);")
_TEST_PART = re.compile(r"#\[cfg\(test\)\]\s*mod \w+ \{.*\Z", re.DOTALL)
_NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|b?"(?:\\.|[^"\\])*"', re.DOTALL)
_USE = re.compile(r"^[ \t]*(pub(?:\([^)]*\))? )?use ([^;]+);", re.MULTILINE)
_ALIAS = re.compile(r"\s+as\s+\w+")
_INLINE = re.compile(r"\b(?:crate|super|self)(?:::\w+)+")


class Use(NamedTuple):
    """One name that a `use` brings in."""

    name: Name
    is_public: bool


@dataclass
class Module:
    """One file of a crate, without its tests, comments and texts."""

    name: Name
    code: str
    uses: list[Use]

    @property
    def passes_on(self) -> dict[str, Name]:
        """The names that others may know it by."""
        return {use.name[-1]: use.name for use in self.uses if use.is_public}

    def mentions(self) -> Iterator[Name]:
        """Every name of another place that its code needs."""
        code = _USE.sub(" ", self.code)
        for use in self.uses:
            if not use.is_public or re.search(rf"(?<!::)\b{use.name[-1]}\b", code):
                yield use.name
        for path in _INLINE.findall(code):
            yield absolute(tuple(path.split("::")), self.name)


def modules_of(source: Path) -> dict[Name, Module]:
    """Every file of a crate's `src` but tests."""
    found: dict[Name, Module] = {}
    tests: set[Name] = set()
    for path in sorted(source.rglob("*.rs")):
        parts = path.relative_to(source).with_suffix("").parts
        name = () if parts == ("lib",) else parts
        text = path.read_text(encoding="utf-8")
        tests |= {(*name, test) for test in _TEST_FILE.findall(text)}
        code = _NO_CODE.sub(" ", without_tests(text))
        found[name] = Module(name, code, list(_uses(code, name)))
    return {name: module for name, module in found.items() if name not in tests}


def without_tests(text: str) -> str:
    """A file's text but the tests in it, which stand at its end."""
    return _TEST_PART.sub("", text)


def rust_imports(source: Path) -> Imports:
    """Of every module of a crate."""
    modules = modules_of(source)
    return {
        "::".join(("crate", *module.name)): {
            "::".join(("crate", *maker))
            for name in module.mentions()
            if (maker := maker_of(name, modules)) != module.name
        }
        for module in modules.values()
    }


def maker_of(name: Name, modules: dict[Name, Module]) -> Name:
    """The module that makes it: the longest that the path begins with, or whose name that one passes on."""
    length = next(length for length in range(len(name), -1, -1) if name[:length] in modules)
    module = modules[name[:length]]
    passed_on = module.passes_on.get(name[length]) if length < len(name) else None
    return maker_of((*passed_on, *name[length + 1 :]), modules) if passed_on else module.name


def absolute(path: Name, here: Name) -> Name:
    """The path from the crate's top; another crate's becomes one below `here`, which is to say `here` itself."""
    if path[0] == "crate":
        return path[1:]
    while path and path[0] in {"self", "super"}:
        here = here[:-1] if path[0] == "super" else here
        path = path[1:]
    return (*here, *path)


def _uses(code: str, here: Name) -> Iterator[Use]:
    for public, tree in _USE.findall(code):
        for path in _leaves("".join(_ALIAS.sub("", tree).split())):
            yield Use(absolute(path, here), is_public=bool(public))


def _leaves(tree: str) -> Iterator[Name]:
    """`a::{b, c::d}` has the leaves `a::b` and `a::c::d`."""
    head, brace, rest = tree.partition("{")
    if not brace:
        path = tuple(tree.split("::"))
        yield path[:-1] if path[-1] == "self" and len(path) > 1 else path
        return
    inside = rest[: rest.rindex("}")]
    depth = start = 0
    for end, letter in enumerate(f"{inside},"):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            if start < end:
                yield from _leaves(head + inside[start:end])
            start = end + 1
