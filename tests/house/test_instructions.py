"""No hot path costs over 5 % more instructions than `benches/instructions.json` says."""

from __future__ import annotations

import os
import shutil

import pytest
from benches import instructions


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_hot_path_has_become_dearer() -> None:
    held_for, before = instructions.recorded()
    if held_for != instructions.versions():
        pytest.skip(f"recorded for {held_for}, and this is {instructions.versions()}")
    if shutil.which("valgrind") is None and os.environ.get("CI") != "true":
        pytest.skip("valgrind is missing: apt-get install valgrind")
    now = instructions.counted_against(before)
    assert instructions.worse(now, before) == []


def test_a_path_is_dearer_only_when_it_is_so_in_every_layout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {"a": 1000.0, "b": 1000.0}
    counts = iter(
        [{"a": 1100.0, "b": 1200.0}, {"a": 1001.0, "b": 1201.0}, {"a": 1002.0, "b": 1300.0}]
    )
    monkeypatch.setattr(instructions, "counted", lambda *_: next(counts))
    now = instructions.counted_against(before)
    assert now == {"a": 1001.0, "b": 1200.0}
    assert instructions.worse(now, before) == ["b: 1,200 instructions, +20.0% to 1,000"]
    counts = iter([{"a": 900.0, "b": 1000.0}])
    assert instructions.counted_against(before) == {"a": 900.0, "b": 1000.0}


def test_a_path_that_costs_more_is_named_with_its_figures() -> None:
    before = {"a": 1000.0, "b": 1000.0, "c": 1000.0}
    now = {"a": 1049.0, "b": 1051.0, "c": 500.0}
    assert instructions.worse(now, before) == ["b: 1,051 instructions, +5.1% to 1,000"]
    assert instructions.worse({"a": 1.0}, {}) == ["a: not on record"]
