"""Nothing leaves the machine past `Settings.deny_local`: whoever opens a way out says whether it holds."""

from __future__ import annotations

import ast

import pytest

from tests.house.sources import PACKAGE

WAYS_OUT = {"open_sink", "ways_out", "dial", "KeepaliveSender", "trial"}
"""What takes `deny_local`, and is permissive without it."""


def calls() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WAYS_OUT
    ]


@pytest.mark.parametrize(
    ("place", "call"), calls(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_way_out_is_told_whether_the_camera_may_send_to_itself(
    place: str, call: ast.Call
) -> None:
    assert "deny_local" in {keyword.arg for keyword in call.keywords}, place


def test_all_of_them_are_found() -> None:
    assert {ast.unparse(call.func) for _, call in calls()} == WAYS_OUT


def test_nobody_connects_but_by_dialling() -> None:
    connecting = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(
            word in path.read_text()
            for word in (".connect_ex(", "create_connection(", ".connect((")
        )
    }
    assert connecting == {"sinks/dial.py"}
