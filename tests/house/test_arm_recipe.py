"""What the ARM recipe believes, held to the repository and to itself; the recipe proper runs as `make arm`."""

import argparse
import tomllib
from pathlib import Path

import pytest
from benches.bars import limit_of
from tools.arm import counts, record, steps
from tools.arm.__main__ import QUICK_TESTS, target_named
from tools.arm.debian import POOL_SHA256
from tools.arm.record import Counted, put, recorded
from tools.arm.targets import AARCH64, ARMV7, PYTHON_VERSION, TARGETS, Target

from tests.emulation import LEFT_OUT, left_out, missing_import

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_arm_python_is_the_oldest_that_the_wheel_serves() -> None:
    assert PROJECT["requires-python"] == f">={PYTHON_VERSION}"
    crate = tomllib.loads((ROOT / "rust/cammra-py/Cargo.toml").read_text())
    assert f"abi3-py{PYTHON_VERSION.replace('.', '')}" in crate["dependencies"]["pyo3"]["features"]


def test_libjpeg_turbo_refuses_to_build_without_simd() -> None:
    crate = tomllib.loads((ROOT / "rust/cammra-core/Cargo.toml").read_text())
    assert "require-simd" in crate["dependencies"]["turbojpeg-sys"]["features"]


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_numpy_is_asked_for_exactly_where_it_has_wheels(target: Target) -> None:
    numpy = next(line for line in PROJECT["dependencies"] if line.startswith("numpy"))
    assert (f"platform_machine != '{target.wheel_machine}'" in numpy) is not target.has_numpy


def test_c_code_for_armv7_is_told_of_a_core_with_neon() -> None:
    assert ARMV7.c_flags_variable == "CFLAGS_armv7_unknown_linux_gnueabihf"
    assert ARMV7.c_flags.split()[0] == f"-mcpu={ARMV7.core.replace('-', '_')}"


def test_cargo_finds_the_emulator_by_the_targets_name() -> None:
    assert AARCH64.runner_variable == "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"


def test_a_target_is_named_as_its_owner_would_type_it() -> None:
    assert target_named("armv7") is ARMV7
    with pytest.raises(argparse.ArgumentTypeError, match="want one of aarch64, armv7, not 'armv6'"):
        target_named("armv6")


def test_a_file_taken_by_its_address_has_a_whole_checksum() -> None:
    assert POOL_SHA256
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in POOL_SHA256.values())


def test_what_a_mirror_refuses_is_asked_for_again_and_its_last_word_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "PAUSES_S", (0.0, 0.0))
    answers = [steps.StopError("time-out"), steps.StopError("reset"), None]

    def get() -> str:
        if (refused := answers.pop(0)) is not None:
            raise refused
        return "content"

    assert steps.patiently(get) == "content"
    answers = [steps.StopError("one"), steps.StopError("two"), steps.StopError("gone")]
    with pytest.raises(steps.StopError, match="gone"):
        steps.patiently(get)


def test_every_counted_job_is_on_record_and_what_has_a_bar_is_held_to_it() -> None:
    jobs = {str(job): job for job in counts.JOBS}
    assert {name: counted.keys() for name, counted in recorded().items()} == dict.fromkeys(
        TARGETS, jobs.keys()
    )
    assert jobs["plate from nv12"].limit(AARCH64) == limit_of("aarch64_plate")
    assert jobs["plate from nv12"].limit(ARMV7) == counts.MAX_RATIO


def test_a_job_stops_the_recipe_when_it_costs_more_than_plain_c_or_than_before() -> None:
    assert counts.most_of(None) == counts.MAX_RATIO
    assert counts.most_of(Counted(100, 80)) == pytest.approx(0.84)
    assert counts.most_of(Counted(100, 109)) == counts.MAX_RATIO


def test_one_targets_counts_take_the_place_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(record, "RECORD", tmp_path / "instructions.json")
    put(ARMV7, {"a": Counted(2, 1)})
    put(AARCH64, {"a": Counted(4, 1)})
    put(ARMV7, {"a": Counted(8, 1)})
    assert recorded() == {"aarch64": {"a": Counted(4, 1)}, "armv7": {"a": Counted(8, 1)}}


@pytest.mark.parametrize("path", [*LEFT_OUT, *QUICK_TESTS])
def test_tests_that_are_named_exist(path: str) -> None:
    assert (ROOT / path.partition("::")[0]).exists(), path


def test_a_test_is_left_out_for_a_reason_only() -> None:
    assert all(LEFT_OUT.values())
    assert left_out("tests/house/test_wheel.py::test_any") == LEFT_OUT["tests/house/test_wheel.py"]
    assert left_out("tests/tracking/test_any.py::test_any") is None


def test_an_import_inside_a_test_does_not_leave_out_its_file(tmp_path: Path) -> None:
    source = tmp_path / "test_a.py"
    source.write_text("import json\n\ndef test_a() -> None:\n    import PIL\n")
    assert missing_import(source) is None
