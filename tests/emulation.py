"""Which tests run on emulated ARM (`make arm`): all but those listed here, each with its reason.

`tests/conftest.py` sets the marker `arm` on what is left, and the run ends with the list of what was left out. Test
files that import a package which the emulated Python lacks are not collected there, and are named in that list too; on
armv7 these are also numpy's and Pillow's.
"""

import ast
import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

EMULATED = os.environ.get("CAMMRA_EMULATED", "")
"""The emulated processor family, as `make arm` says it; empty on real hardware."""

PATIENCE = 10 if EMULATED else 1
"""How much longer a test waits before it calls a thing stuck: emulated Python is 10 to 15 times slower."""

_DRAWN = "draws every frame of the demo's scene with Pillow, which takes emulation many minutes"

LEFT_OUT: Mapping[str, str] = {
    "tests/camera/": "starts FFmpeg's and GStreamer's programs of the host",
    "tests/end_to_end/test_demo.py": _DRAWN,
    "tests/end_to_end/test_film.py": "reads a film with RapidOCR, see NOT_THERE",
    "tests/end_to_end/test_video.py": "as test_film.py, and starts the host's RTSP server",
    "tests/cli/test_source_commands.py": "starts FFmpeg's program of the host",
    "tests/cli/test_service_files.py": "starts the host's systemd-analyze, and makes a network of the host's",
    "tests/cli/test_stops.py::test_a_signal_ends_it_in_order_whatever_it_is_doing[receiver hanging, SFTP]": (
        "needs asyncssh, see NOT_THERE"
    ),
    "tests/sinks/test_breaking_off.py::test_a_try_that_hangs_ends_when_it_is_broken_off[SFTP": (
        "needs asyncssh, see NOT_THERE"
    ),
    "tests/examples/test_examples.py::test_the_own_recogniser_runs_by_the_command_line": _DRAWN,
    "tests/examples/test_examples.py::test_the_fast_alpr_example_reads_a_video": "needs fast_alpr, see NOT_THERE",
    "tests/native/test_imaging_decoders.py": "starts FFmpeg, Go, Java and Chromium of the host",
    "tests/recipes/": "starts Mosquitto, PostgreSQL and Go's compiler of the host",
    "tests/recogniser/test_rapid_ocr.py": "needs onnxruntime and OpenCV, see NOT_THERE",
    "tests/recording/test_scene.py": _DRAWN,
    "tests/faults/": "kills at the n-th write with strace, which cannot look into the emulator, and fills real disks",
    "tests/house/test_absences.py": "reads sources of the repository, which are the same everywhere",
    "tests/house/test_arm_recipe.py": "tests the recipe that is just running",
    "tests/house/test_bench_report.py": "tests what puts the host's measurements together",
    "tests/house/test_hardening.py": "looks into the host's binary; tools/arm/check_wheel.py into those of ARM",
    "tests/house/test_instructions.py": "counts instructions of the host with callgrind; tools/arm counts those of ARM",
    "tests/house/test_licences.py": "asks the host's cargo what is linked",
    "tests/house/test_ways_out.py": "reads sources of the repository, which are the same everywhere",
    "tests/house/test_wheel.py": "builds the wheel of the host; the ARM wheels are checked by tools/arm/check_wheel.py",
    "tests/web/test_flood.py": "starts nine hundred strangers, whom emulation makes slow ones all of them",
    "tests/web/test_hostile_shapes.py": "tries thousands of requests, which emulation makes hours of",
}
"""Start of a test's id, and why it does not run on emulated ARM."""

NOT_THERE: Mapping[str, str] = {
    "cv2": "needs OpenCV, 100 MB that no test of ours is about",
    "cyclonedx": "checks a bill of the host's build",
    "numpy": "no build for armv7",
    "PIL": "no build for armv7",
    "asyncssh": "needs a newer cryptography than Debian's, and cffi has no armv7 build",
    "aiohttp": "its armv7 build turns subnormal numbers into 0 for the whole process, which hypothesis refuses",
    "gmqtt": "talks to a broker of the host",
    "paho": "talks to a broker of the host",
    "psycopg": "talks to a database of the host",
    "onnxruntime": "100 MB that no test of ours is about",
    "fast_alpr": "needs onnxruntime and OpenCV, 300 MB that no test of ours is about",
    "playwright": "drives a browser of the host",
    "schemathesis": "tries thousands of requests, which emulation makes hours of",
}
"""Packages that an emulated Python may lack, and why; test files that import one are not collected there."""

ROOT = Path(__file__).resolve().parent.parent


def left_out(test_id: str) -> str | None:
    """Why a test does not run on emulated ARM; `None` when it does."""
    return next((why for start, why in LEFT_OUT.items() if test_id.startswith(start)), None)


def missing_import(path: Path, seen: set[Path] | None = None) -> str | None:
    """The first package of `NOT_THERE` that a test file imports at its top, itself or through modules of ours."""
    seen = set() if seen is None else seen
    seen.add(path)
    for name in _imports(path):
        package = name.partition(".")[0]
        if package in NOT_THERE and importlib.util.find_spec(package) is None:
            return package
        for module in _sources(name):
            found = None if module in seen else missing_import(module, seen)
            if found:
                return found
    return None


def _sources(name: str) -> Iterator[Path]:
    """Where a module of this repository lies, whether it is a file or a folder."""
    package = name.partition(".")[0]
    if package in {"tests", "benches", "cammra_edge"}:
        stem = (ROOT / "python" if package == "cammra_edge" else ROOT).joinpath(*name.split("."))
        yield from (
            path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.exists()
        )


def _imports(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
