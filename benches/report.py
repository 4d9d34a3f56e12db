"""What parts hand to the runner, and how it is shown: tables in Markdown, bars as a checked list."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benches.method import Way


@dataclass(frozen=True, slots=True)
class Table:
    """One table; the first column is text, the others are aligned right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def markdown(self) -> str:
        widths = [
            max(len(cells[number]) for cells in (self.columns, *self.rows))
            for number in range(len(self.columns))
        ]
        lines = [_line(self.columns, widths)]
        lines.append(
            "|" + "|".join(_rule(number, width) for number, width in enumerate(widths)) + "|"
        )
        lines += [_line(row, widths) for row in self.rows]
        note = f"\n\n{self.note}" if self.note else ""
        return f"### {self.title}\n\n" + "\n".join(lines) + note


@dataclass(slots=True)
class Result:
    """What one part measured.

    `bars` has the value for each of its bars, by the bar's key; `plots` what the plot shows: group, name, ratio.
    """

    tables: list[Table] = field(default_factory=list)
    bars: dict[str, float | str] = field(default_factory=dict)
    plots: list[tuple[str, str, float]] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        plain = json.loads(text)
        tables = [
            Table(
                title=table["title"],
                columns=tuple(table["columns"]),
                rows=tuple(tuple(row) for row in table["rows"]),
                note=table["note"],
            )
            for table in plain["tables"]
        ]
        return cls(tables, plain["bars"], [tuple(plot) for plot in plain["plots"]])


def middle(results: Sequence[Result]) -> Result:
    """Of several runs of one part: for each bar the median, and the tables of the run whose first bar is the median."""
    if len(results) == 1:
        return results[0]
    first = next(iter(results[0].bars))
    ordered = sorted(results, key=lambda result: result.bars[first])
    median = ordered[len(ordered) // 2]
    bars: dict[str, float | str] = {}
    for key, value in median.bars.items():
        values = [float(result.bars[key]) for result in results] if isinstance(value, float) else []
        bars[key] = statistics.median(values) if values else value
    return Result(median.tables, bars, median.plots)


def ways_table(title: str, ways: Iterable[Way], *, reference: str, note: str = "") -> Table:
    """The ways of one job, side by side."""
    return Table(
        title,
        ("way", "µs", "best µs", f"x {reference}", "quartiles"),
        tuple(
            (
                way.name,
                number(way.us),
                number(way.best_us),
                f"{way.ratio:.2f}",
                f"{way.low:.2f} to {way.high:.2f}",
            )
            for way in ways
        ),
        note,
    )


def number(value: float) -> str:
    """Three significant digits; commas between thousands."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _line(cells: Iterable[str], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _rule(place: int, width: int) -> str:
    return "-" * (width + 1) + (":" if place else "-")
