"""ARCHITECTURE's law on time: only `clock.py` asks, and below the entrances whoever needs a clock is handed one."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.house.sources import MODULES, PACKAGE, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRANCES = {"camera/source.py", "engine/engine.py", "web/serve.py", "receiver/receiver.py"}
"""Where a program comes in: here the machine's clock is the default."""
SYSTEM = re.compile(r"\b(?:SYSTEM_CLOCK|SystemClock)\b")
ASKED_OF_TIME = re.compile(
    r"(?:time|monotonic|perf_counter|process_time|thread_time|clock_gettime)(?:_ns)?|ctime"
)
ONLY_WITHOUT_A_TIME = {"localtime", "gmtime", "asctime"}
"""Functions of `time` that ask only where they are given none."""
ASKING = re.compile(r"(?:^|\.)(?:datetime\.(?:now|utcnow|today)|date\.today|formatdate|uuid1)$")


def problems(module: ast.Module, *, entrance: bool) -> list[str]:
    """Where a module asks for the time, or takes a clock that nobody handed in."""
    found = [*_asked(module), *(() if entrance else _taken(module))]
    return [f"line {line}: {what}" for line, what in sorted(found)]


def _asked(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (
                (node.lineno, alias.name)
                for alias in node.names
                if ASKED_OF_TIME.fullmatch(alias.name) or alias.name in ONLY_WITHOUT_A_TIME
            )
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "time":
            if ASKED_OF_TIME.fullmatch(node.attr):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            module_name, _, function = name.rpartition(".")
            no_time = function in ONLY_WITHOUT_A_TIME and not node.args
            if ASKING.search(name) or (module_name == "time" and no_time):
                yield node.lineno, name


def _taken(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Name | ast.alias | ast.Attribute) and SYSTEM.search(
            ast.unparse(node)
        ):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            defaults = [*zip(reversed(positional), reversed(node.defaults), strict=False)]
            defaults += [
                (argument, default)
                for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True)
                if default is not None
            ]
            yield from (
                (argument.lineno, f"{argument.arg}={ast.unparse(default)}")
                for argument, default in defaults
                if argument.arg == "clock" or _is_clock(argument.annotation)
            )
        elif isinstance(node, ast.ClassDef):
            yield from (
                (field.lineno, ast.unparse(field))
                for field in node.body
                if isinstance(field, ast.AnnAssign) and field.value and _is_clock(field.annotation)
            )


def _is_clock(annotation: ast.expr | None) -> bool:
    return annotation is not None and re.search(r"\bClock\b", ast.unparse(annotation)) is not None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_time_is_asked_of_the_clock_that_was_handed_in(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    if name != "clock.py":
        entrance = name in ENTRANCES or name.startswith("cli/")
        assert problems(tree_of(path), entrance=entrance) == []


def test_the_entrances_are_there() -> None:
    for name in ENTRANCES:
        assert SYSTEM.search((PACKAGE / name).read_text()), name


@pytest.mark.parametrize(
    "code",
    [
        "def f(*, clock: Clock = SYSTEM_CLOCK): ...",
        "def f(clock=None): ...",
        "def f(a, watch: Clock | None = None): ...",
        "lambda clock=None: clock",
        "from cammra_edge.clock import SYSTEM_CLOCK",
        "clock.SYSTEM_CLOCK.mono_ns()",
        "SystemClock()",
        "class C:\n  clock: Clock = FAST",
        "time.monotonic()",
        "now = time.time_ns",
        "from time import perf_counter",
        "datetime.now(tz=UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.localtime()",
        "email.utils.formatdate()",
    ],
)
def test_a_clock_that_was_not_handed_in_is_found(code: str) -> None:
    assert problems(ast.parse(code), entrance=False)


@pytest.mark.parametrize(
    "code",
    [
        "def f(*, clock: Clock, seconds: float = 1.0): ...",
        "class C:\n  clock: Clock",
        "self._clock: Clock = clock",
        "time.sleep(1)",
        "time.localtime(0)",
        "datetime.fromtimestamp(0, tz=UTC)",
        "clock.mono_ns()",
        "at(time=1)",
    ],
)
def test_a_clock_that_was_is_let_be(code: str) -> None:
    assert problems(ast.parse(code), entrance=False) == []


def test_an_entrance_may_use_the_machines_clock_and_still_asks_nobody_else() -> None:
    code = "def f(clock: Clock = SYSTEM_CLOCK): ..."
    assert problems(ast.parse(code), entrance=True) == []
    assert problems(ast.parse("time.time()"), entrance=True)
