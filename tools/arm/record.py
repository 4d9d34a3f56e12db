"""The counts of the last whole `make arm`, on record in `instructions.json`.

The bars of `make bench` (`benches/bars.py`) and the guide's sizing are told from them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.arm.targets import TARGETS, Target

RECORD = Path(__file__).with_name("instructions.json")


@dataclass(frozen=True, slots=True)
class Counted:
    """Instructions of one call of one job."""

    c_floor: int
    cammra_edge: int

    @property
    def ratio(self) -> float:
        """Ours by plain C over the same libjpeg-turbo."""
        return self.cammra_edge / self.c_floor


def recorded() -> dict[str, dict[str, Counted]]:
    """By the target's name and the job's."""
    plain = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return {
        target: {job: Counted(**counts) for job, counts in jobs["instructions"].items()}
        for target, jobs in plain.items()
    }


def put(target: Target, counted: Mapping[str, Counted]) -> None:
    """Put one target's counts in the place of those on record."""
    whole = {**recorded(), target.name: counted}
    plain = {
        name: {
            "core": TARGETS[name].core,
            "instructions": {job: asdict(counts) for job, counts in whole[name].items()},
        }
        for name in sorted(whole)
    }
    RECORD.write_text(json.dumps(plain, indent=2) + "\n")
