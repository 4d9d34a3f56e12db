"""Which tests run on emulated ARM (`make arm`): all but those listed here, each with its reason.

`tests/conftest.py` sets the marker `arm` on what is left. On the armv7 Python there is neither numpy nor Pillow
(PyPI has no builds), so that test files which import one of them are not collected there, and are named in the report.
"""

import ast
import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

EMULATED = os.environ.get("CAMMRA_EMULATED", "")
"""The emulated processor family, as `make arm` says it; empty on real hardware."""

LEFT_OUT: Mapping[str, str] = {
    "tests/house/test_absences.py": "reads sources of the repository, which are the same everywhere",
    "tests/house/test_arm_recipe.py": "tests the recipe that is just running",
    "tests/house/test_wheel.py": "builds the wheel of the host; the ARM wheels are checked by tools/arm/check_wheel.py",
}
"""Start of a test's id, and why it does not run on emulated ARM."""

WITHOUT_ARMV7_BUILDS = ("numpy", "PIL")


def left_out(test_id: str) -> str | None:
    """Why a test does not run on emulated ARM; `None` when it does."""
    return next((why for start, why in LEFT_OUT.items() if test_id.startswith(start)), None)


def missing_import(path: Path) -> str | None:
    """The first package without an armv7 build that a test file imports at its top and this Python lacks."""
    for node in ast.parse(path.read_text()).body:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            package = name.split(".")[0]
            if package in WITHOUT_ARMV7_BUILDS and importlib.util.find_spec(package) is None:
                return package
    return None
