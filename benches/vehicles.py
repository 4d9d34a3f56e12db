"""What is told of vehicles where the truth is known: the simulator of `tests/simulator`, each noise, each tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.bars import is_best, tallies, total, worse_than
from tests.simulator.noise import Noise
from tests.simulator.table import COLUMNS, row

from benches.report import Result, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.judge import Tally

COUNT = 1000
QUICK_COUNT = 150


def run(*, quick: bool) -> Result:
    count = QUICK_COUNT if quick else COUNT
    result = Result()
    rows, cells, models = [], [], []
    for noise in Noise:
        found = tallies(noise, count)
        rows += [(f"{noise}, {numbers}", *row(tally)) for numbers, tally in found.items()]
        cells += found.values()
        models.append(total(found.values()))

    def worst(share: Callable[[Tally], float]) -> float:
        return 100 * max(share(tally) for tally in cells)

    result.bars = {
        "vehicles_swallowed": worst(lambda tally: tally.of_vehicles(tally.swallowed)),
        "vehicles_swallowed_near": worst(lambda tally: tally.of_vehicles(tally.swallowed_near)),
        "vehicles_joined": worst(lambda tally: tally.of_vehicles(tally.joined)),
        "vehicles_joined_near": worst(lambda tally: tally.of_vehicles(tally.joined_near)),
        "vehicles_repeats": worst(lambda tally: tally.of_vehicles(tally.repeats)),
        "vehicles_worse": float(sum(bool(worse_than(model)) for model in models)),
        "vehicles_best": float(sum(is_best(model) for model in models)),
    }
    result.tables.append(
        Table(
            "Simulated vehicles, by noise and tracker",
            ("noise, tracker", *COLUMNS),
            tuple(rows),
            f"{count:,} vehicles a row. Shares are of true vehicles: right is told once, of its own reads, with its "
            "plate; the second share of swallowed and joined is of those that are hard to tell apart. Edits are those "
            "of a Lost text, a Reliable text, and of the texts that simple rules make of the same reads.",
        )
    )
    return result
