"""The sources that house tests read, and who imports whom among them."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "cammra_edge"
STATIC = PACKAGE / "web" / "static"
MODULES = sorted(PACKAGE.rglob("*.py"))
CRATES = sorted((ROOT / "rust").glob("*/src"))
SCRIPTS = sorted(STATIC.rglob("*.js"))
TEXTS = {".py", ".pyi", ".rs", ".js", ".css", ".html", ".c", ".h", ".toml", ".md", ".json", ".svg"}
NOT_OURS = {"target", "dist", "node_modules", "toys"}

Imports = dict[str, set[str]]
"""Each file's name, and the names of those that it imports."""


@cache
def repository_files() -> tuple[Path, ...]:
    """Every text in the repository, but what is built and what lies in hidden folders."""
    return tuple(
        path
        for top in sorted(ROOT.iterdir())
        if not top.name.startswith(".") and top.name not in NOT_OURS
        for path in (sorted(top.rglob("*")) if top.is_dir() else [top])
        if path.suffix in TEXTS and not NOT_OURS & set(path.parts) and path.is_file()
    )


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path, top: Path) -> str:
    """`package.room.module`; a package's own file has the package's name."""
    parts = path.relative_to(top.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def python_imports(top: Path) -> Imports:
    """Of every file below a package's folder, wherever in the file the import stands."""
    files = [*top.rglob("*.py"), *top.rglob("*.pyi")]
    names = {module_name(path, top): path for path in sorted(files)}
    return {name: set(_python_targets(name, path, names)) for name, path in names.items()}


def _python_targets(name: str, path: Path, names: Mapping[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                if submodule in names:
                    yield submodule
                elif source in names:
                    yield source


def script_imports(scripts: Iterable[Path]) -> Imports:
    """Of the page's scripts, each by its file's name."""
    name = re.compile(
        r"""(?:^(?:import|export)\b[^;]*?|\bimport\()["'][^"']*?([\w-]+\.js)["']""", re.MULTILINE
    )
    return {path.name: set(name.findall(path.read_text(encoding="utf-8"))) for path in scripts}


def circles(imports: Imports) -> list[str]:
    """Every group of files each of which reaches all others of it, by imports (Tarjan's components)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[str] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for other in sorted(imports.get(name, ())):
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1 or name in imports.get(name, ()):
                found.append(" <-> ".join(sorted(group)))

    for name in sorted(imports):
        if name not in number:
            visit(name)
    return found
