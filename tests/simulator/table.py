"""What the judge found, as the rows of a table: `benches/vehicles.py` shows it, and so does a failing bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.bars import share

if TYPE_CHECKING:
    from tests.simulator.judge import Tally

COLUMNS = (
    "right",
    "repeats",
    "swallowed, near",
    "joined, near",
    "edits: ours",
    "Reliable",
    "frequent",
    "surest",
    "last",
    "by agreement",
    "right of these",
    "right of the timed",
    "Updates < 200 ms",
    "texts back",
)


def row(tally: Tally) -> tuple[str, ...]:
    """A cell's numbers, by `COLUMNS`; shares are of the true vehicles, edits of one text."""
    timed = tally.sure - tally.agreed
    return (
        _percent(tally.of_vehicles(tally.right)),
        _percent(tally.of_vehicles(tally.repeats)),
        f"{tally.swallowed}, {_percent(tally.of_vehicles(tally.swallowed_near))}",
        f"{_percent(tally.of_vehicles(tally.joined))}, {_percent(tally.of_vehicles(tally.joined_near))}",
        f"{tally.mean(tally.ours):.3f}",
        f"{tally.mean(tally.reliable):.3f}",
        f"{tally.mean(tally.frequent):.3f}",
        f"{tally.mean(tally.surest):.3f}",
        f"{tally.mean(tally.last):.3f}",
        _percent(share(tally.agreed, tally.sure)),
        _percent(share(tally.agreed_right, tally.agreed)),
        _percent(share(tally.timed_right, timed)),
        _percent(share(tally.close_updates, tally.updates)),
        _percent(share(tally.back, tally.changes)),
    )


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"
