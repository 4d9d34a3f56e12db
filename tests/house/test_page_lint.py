"""The check of the page's scripts says in one line what it lacks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

LINT = Path(__file__).parents[2] / "tools" / "page" / "lint"


def test_without_node_it_says_how_to_get_it(tmp_path: Path) -> None:
    for program in ("bash", "dirname"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    lint = subprocess.run(
        [LINT], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert lint.returncode == 1
    (line,) = lint.stderr.splitlines()
    assert "apt-get install nodejs npm" in line
