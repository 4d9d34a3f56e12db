"""What the Rust half takes off Python's objects by name is there, under that name."""

from __future__ import annotations

import re

import pytest

from cammra_edge import model
from cammra_edge.model import VEHICLE_TEXTS
from tests.house.sources import ROOT

CORE = ROOT / "rust" / "cammra-core" / "src"
PY = ROOT / "rust" / "cammra-py" / "src"
CROSSING = (PY / "ff" / "model.rs").read_text(encoding="utf-8")
RECORDS = re.findall(
    r"/// `model\.(\w+)`[^\n]*\n#\[derive\(FromPyObject\)\]\n(?:pub\(super\) )?struct \w+(?:<'py>)? \{(.*?)\n\}",
    CROSSING,
    re.DOTALL,
)


def test_the_records_are_found() -> None:
    assert {"Event", "Plate", "VehicleInfo", "ImageRef"} <= {name for name, _ in RECORDS}


@pytest.mark.parametrize(("name", "body"), RECORDS, ids=[name for name, _ in RECORDS])
def test_every_field_that_crosses_is_one_of_the_record(name: str, body: str) -> None:
    crossing = re.findall(r"^    (?:pub\(super\) )?(\w+):", body, re.MULTILINE)
    assert crossing
    assert [field for field in crossing if not hasattr(getattr(model, name), field)] == []


def test_both_halves_know_the_same_of_a_vehicle() -> None:
    names = (CORE / "event.rs").read_text(encoding="utf-8").partition("impl Attribute {")[2]
    core = re.findall(r'Self::\w+ => "(\w+)"', names.partition("fn change_name")[0])
    reads = (PY / "tracking" / "reads.rs").read_text(encoding="utf-8")
    of_plate, of_vehicle = re.findall(r"let (?:of_plate|named) = \[(.*?)\];", reads, re.DOTALL)
    taken = re.findall(r'\("(\w+)", field!\(\w+, "\1"\)', of_plate + of_vehicle)
    assert taken == core
    assert re.findall(r'\("(\w+)"', of_vehicle) == list(VEHICLE_TEXTS)
