"""What several runs of one part of the bench come to."""

from __future__ import annotations

from benches.report import Result, Table, middle


def run(first: float, second: float | str) -> Result:
    table = Table(f"of {first}", ("way",), (("a",),))
    return Result([table], {"first": first, "second": second})


def test_bars_are_medians_and_tables_those_of_the_run_in_the_middle() -> None:
    told = middle([run(1.3, 5.0), run(1.1, 9.0), run(1.2, 1.0)])
    assert told.bars == {"first": 1.2, "second": 5.0}
    assert told.tables[0].title == "of 1.2"


def test_what_is_said_in_words_stays() -> None:
    told = middle([run(1.0, "not here"), run(3.0, "not here"), run(2.0, "not here")])
    assert told.bars == {"first": 2.0, "second": "not here"}


def test_a_single_run_is_told_as_it_is() -> None:
    one = run(1.0, 2.0)
    assert middle([one]) is one
