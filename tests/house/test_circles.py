"""No file needs another that needs it in turn, by however many steps: Python, Rust, and the page's scripts.

An import counts wherever it stands: at the top of a file, under `TYPE_CHECKING`, inside a function. In Python it counts
for the file that it names, not for the packages on the way there; what counts in Rust says `rust_sources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.house.rust_sources import rust_imports
from tests.house.sources import CRATES, PACKAGE, SCRIPTS, circles, python_imports, script_imports

if TYPE_CHECKING:
    from pathlib import Path


def test_python_has_no_circle() -> None:
    imports = python_imports(PACKAGE)
    assert "cammra_edge.model" in imports["cammra_edge.payload.render"]
    assert circles(imports) == []


def test_the_page_has_no_circle() -> None:
    imports = script_imports(SCRIPTS)
    assert "lib.js" in imports["app.js"]
    assert circles(imports) == []


@pytest.mark.parametrize("source", CRATES, ids=lambda source: source.parent.name)
def test_a_crate_has_no_circle(source: Path) -> None:
    imports = rust_imports(source)
    assert sum(map(len, imports.values())) > len(imports) // 2
    assert circles(imports) == []


@pytest.mark.parametrize(
    "statement",
    [
        "from p.b import two",
        "from p import b",
        "import p.b",
        "from .b import two",
        "from . import b",
        "if TYPE_CHECKING:\n    from p.b import two",
        "def one():\n    from p.b import two",
    ],
)
def test_an_import_counts_wherever_it_stands(statement: str, tmp_path: Path) -> None:
    package = tmp_path / "p"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text(statement)
    (package / "b.py").write_text("from p.a import one")
    assert circles(python_imports(package)) == ["p.a <-> p.b"]


def test_a_package_and_what_it_passes_on_may_not_need_each_other(tmp_path: Path) -> None:
    package = tmp_path / "p"
    package.mkdir()
    (package / "__init__.py").write_text("from p.a import one")
    (package / "a.py").write_text("from p import two")
    assert circles(python_imports(package)) == ["p <-> p.a"]


@pytest.mark.parametrize(
    ("lib", "a", "b", "expected"),
    [
        ("", "use crate::b::Two;", "use super::a::One;", ["crate::a <-> crate::b"]),
        ("", "fn one() { crate::b::two() }", "use crate::{a::One};", ["crate::a <-> crate::b"]),
        # What lib passes on is not lib's, and to pass it on is not to need it.
        ("pub use a::One;", "", "use crate::One;", []),
        ("pub use a::One;", "use crate::b::Two;", "use crate::One;", ["crate::a <-> crate::b"]),
        ("pub struct Own;\npub use a::One;", "use crate::Own;", "", []),
        ("pub struct Own(One);\npub use a::One;", "use crate::Own;", "", ["crate <-> crate::a"]),
        ("pub const OWN: T = T::One;\npub use a::One;", "use crate::OWN;", "", []),
        # Neither comments, texts, tests nor other crates need anything.
        ("", "use crate::b::Two;", '// crate::a::One\nconst C: &str = "crate::a";', []),
        ("", "use crate::b::Two;", "#[cfg(test)]\nmod tests {\n use crate::a::One;\n}", []),
        ("", "use std::b::{Two as A, c as _};", "use a::One;", []),
    ],
)
def test_a_rust_module_needs_whoever_makes_what_it_names(
    lib: str, a: str, b: str, expected: list[str], tmp_path: Path
) -> None:
    (tmp_path / "lib.rs").write_text(f"mod a;\nmod b;\n{lib}\n")
    (tmp_path / "a.rs").write_text(f"{a}\npub struct One;\n")
    (tmp_path / "b.rs").write_text(f"{b}\npub struct Two;\n")
    assert circles(rust_imports(tmp_path)) == expected


def test_a_script_needs_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { two } from "/static/b.js";\n')
    (tmp_path / "b.js").write_text('const one = async () => await import("./a.js");\n')
    assert circles(script_imports(tmp_path.glob("*.js"))) == ["a.js <-> b.js"]
