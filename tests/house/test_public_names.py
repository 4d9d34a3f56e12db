"""The public names: each is there, the types that checkers see are the ones that are loaded, and loading is lazy."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import cammra_edge

_STUB = Path(cammra_edge.__file__).with_suffix(".pyi")


def _told_to_type_checkers() -> dict[str, str]:
    imports = [
        node
        for node in ast.parse(_STUB.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
    ]
    return {
        name: str(node.module)
        for node in imports
        for alias in node.names
        for name in ([alias.asname] if alias.asname else import_module(str(node.module)).__all__)
    }


def test_type_checkers_see_every_name_where_it_is_loaded_from() -> None:
    public = vars(cammra_edge)["__all__"]
    homes = _told_to_type_checkers()
    assert sorted(homes) == sorted(public)
    for name, home in homes.items():
        assert getattr(cammra_edge, name) is getattr(import_module(home), name)


def test_each_name_is_listed_once() -> None:
    listed = dir(cammra_edge)
    assert len(set(listed)) == len(listed)
    assert set(_told_to_type_checkers()) <= set(listed)


def test_star_brings_the_public_names_and_nothing_else() -> None:
    brought: dict[str, object] = {}
    exec("from cammra_edge import *", brought)  # noqa: S102 - a star may only stand at the top of a module
    assert brought.keys() - {"__builtins__"} == set(_told_to_type_checkers())


def test_an_unknown_name_is_refused_as_any_module_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Motor'"):
        getattr(cammra_edge, "Motor")  # noqa: B009 - the type checker knows that there is none


@pytest.mark.parametrize(
    ("statement", "unasked"),
    [
        ("import cammra_edge", ("cammra_edge.engine", "cammra_edge.model", "sqlite3", "numpy")),
        ("from cammra_edge import Profile, HttpPost", ("cammra_edge.engine", "sqlite3", "ssl")),
        ("from cammra_edge import Engine", ("numpy", "httpcore", "ssl", "PIL", "email", "random")),
        (
            (
                "import cammra_edge\nfrom cammra_edge.clock import SYSTEM_CLOCK\n"
                "from cammra_edge.sinks import open_sink\n"
                "open_sink(cammra_edge.HttpPost('h'), clock=SYSTEM_CLOCK)"
            ),
            ("cammra_edge.sinks.mqtt", "cammra_edge.sinks.mqtt_session", "cammra_edge.sinks.ftp"),
        ),
        ("import cammra_edge.imaging", ("cammra_edge.engine", "sqlite3", "numpy", "PIL")),
    ],
)
def test_what_nobody_asked_for_is_not_loaded(statement: str, unasked: tuple[str, ...]) -> None:
    script = f"{statement}\nimport sys\nprint(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert not set(loaded) & set(unasked)
