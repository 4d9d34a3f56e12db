"""ARCHITECTURE's law on logs: above DEBUG no line carries a plate, nor anything that could show one.

A value may be logged where the last part of its name stands in `LOGGED`; and not even then when a plate, a text, or a
whole event or read went into it, as far as one function shows.
"""

from __future__ import annotations

import ast
import re
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from tests.house.sources import MODULES, PACKAGE, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGGERS = re.compile(r"(?:^|\.)_?log(?:ger|ging)?$|getLogger\(.*\)$")
ABOVE_DEBUG = {"info", "warning", "warn", "error", "exception", "critical", "log"}
LOGGED = {
    "END_S",
    "error",  # what was raised, for its traceback
    "event_id",
    "events",  # how many were saved
    "kind",
    "lost",  # how many events
    "method",
    "name",  # of a file
    "names",  # of settings
    "number",
    "path",  # of a request
    "profile_id",
    "profile_key",
    "source",  # an address, masked
    "stored_events",
    "vehicle_no",
    "what",  # "frame" or "reads"
    "why",
}
"""The last part of every name whose value a line above DEBUG may carry."""
TELLING = re.compile(r"(?:^|_)(?:plates?|texts?|ascii|message|body|password|secret|pin)(?:_|$)")
WHOLE = {"event", "read", "reads", "delivery", "record", "vehicle", "listed", "settings", "profile"}
"""Names of values that carry a plate or a secret somewhere in them."""


def problems(module: ast.Module) -> list[str]:
    """What is wrong with the log calls of a module, line by line."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    outside: list[ast.stmt] = [node for node in module.body if not isinstance(node, definitions)]
    functions = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    # A function inside another is looked at together with that one, and by itself.
    return sorted(
        {
            f"line {call.lineno}: {ast.unparse(value)}"
            for scope in [ast.Module(outside, []), *functions]
            for tainted in [_tainted(scope)]
            for call in _log_calls(scope)
            for value in _values(call)
            if _may_show(value, tainted)
        }
    )


def _log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            logger, _, level = ast.unparse(node.func).rpartition(".")
            if level in ABOVE_DEBUG and LOGGERS.search(logger):
                yield node


def _values(call: ast.Call) -> Iterator[ast.expr]:
    for value in chain(call.args, (keyword.value for keyword in call.keywords)):
        if isinstance(value, ast.JoinedStr):
            yield from (part.value for part in value.values if isinstance(part, ast.FormattedValue))
        else:
            yield value


def _may_show(value: ast.expr, tainted: set[str]) -> bool:
    match value:
        case ast.Constant(value=str(words)):
            return re.search(r"\b(?:plate|text)=", words) is not None
        case ast.Constant():
            return False
        case ast.Call(func=ast.Name(id="len")):
            return False
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name not in LOGGED or _tells(value, tainted)
        case _:
            return True


def _tells(value: ast.AST, tainted: set[str], *, whole: bool = True) -> bool:
    """Whether a plate or a text goes into a value, or the whole of what has one."""

    def is_telling(name: str) -> bool:
        return TELLING.search(name) is not None or (whole and name in WHOLE)

    match value:
        case ast.Call(func=ast.Name(id="len")):
            return False
        case ast.Attribute(attr=name):
            return is_telling(name) or _tells(value.value, tainted, whole=False)
        case ast.Name(id=name):
            return is_telling(name) or name in tainted
        case _:
            return any(_tells(child, tainted) for child in ast.iter_child_nodes(value))


def _tainted(scope: ast.AST) -> set[str]:
    """Locals that a plate or a text was put into."""
    source: ast.expr | None
    targets: list[ast.expr]
    tainted: set[str] = set()
    for _ in range(3):  # by way of at most two others
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign):
                source, targets = node.value, node.targets
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
                source, targets = node.value, [node.target]
            elif isinstance(node, ast.For | ast.comprehension):
                source, targets = node.iter, [node.target]
            else:
                continue
            if source is not None and _tells(source, tainted):
                names = chain.from_iterable(map(ast.walk, targets))
                tainted |= {name.id for name in names if isinstance(name, ast.Name)}
    return tainted


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_log_line_above_debug_can_show_a_plate(path: Path) -> None:
    assert problems(tree_of(path)) == []


@pytest.mark.parametrize(
    "code",
    [
        "_log.info('%s', plate)",
        "_log.warning('%s', event.plate.text)",
        "_log.error('seen plate=%s', name)",
        "_log.exception('%s', event)",
        "_log.critical('%s', read)",
        "_log.info('%s', reads)",
        "_log.info(f'{event.plate.text}')",
        "self._log.info('%s', text)",
        "logging.getLogger(__name__).info('%s', name.upper())",
        "logging.warning('%s', delivery.event)",
        "_log.info('%s', settings)",
        "_log.info('%s', profile.password)",
        "_log.info('%s' % event.event_id)",
        "_log.info('%s', extra={'why': event})",
        "why = event.plate.text\n_log.info('%s', why)",
        "def f():\n  why = f'{name} {read}'\n  _log.info('%s', why)",
        "known = event.plate\nwhy = known.text\n_log.info('%s', why)",
        "for name in event.plates:\n  _log.info('%s', name)",
    ],
)
def test_a_line_that_could_show_one_is_found(code: str) -> None:
    assert problems(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "_log.debug('plate=%s', event.plate.text)",
        "_log.info('new event=%s', delivery.event.event_id)",
        "_log.error('failed why=%s', why, exc_info=error)",
        "_log.info('lost events=%d', len(events))",
        "console.info(plate)",
    ],
)
def test_a_line_that_cannot_is_let_be(code: str) -> None:
    assert problems(ast.parse(code)) == []
