"""A copy of the repository to change, build and check."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.extend.toy import StopError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.extend.toy import Change, Check

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "extend"
RECORDINGS = ROOT.parent / "shared" / "recordings"
NOT_HERE = [
    f"tests/house/test_{name}.py" for name in ("wheel", "licences", "instructions", "arm_recipe")
]
"""House tests of what no toy is about."""


class Scratch:
    """The copy. Its Rust half is built with little optimisation, into a folder of its own that outlives it."""

    def __init__(self) -> None:
        self.root = CACHE / "repository"
        self._original: dict[str, str | None] = {}
        if self.root.exists():
            shutil.rmtree(self.root)
        for name in _files():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.root / name)
        (self.root / "tests/extend").mkdir()
        (self.root / "tests/extend/__init__.py").write_text('"""Tests of the toys."""\n')
        (self.root / ".venv").symlink_to(Path(sys.prefix))
        if (ROOT / "tools/page/node_modules").exists():
            (self.root / "tools/page/node_modules").symlink_to(ROOT / "tools/page/node_modules")
        if (ROOT / ".mypy_cache").exists():
            shutil.copytree(ROOT / ".mypy_cache", self.root / ".mypy_cache")

    def change(self, changes: Iterable[Change]) -> None:
        """Undo what was changed before, and change this."""
        for path, text in self._original.items():
            if text is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                (self.root / path).write_text(text, encoding="utf-8")
        self._original.clear()
        for change in changes:
            file = self.root / change.path
            if change.path not in self._original:
                text = file.read_text(encoding="utf-8") if file.exists() else None
                self._original[change.path] = text
            change.apply(self.root)

    def build(self) -> None:
        """Build the Rust half into the copy."""
        command = ["cargo", "build", "--release", "--quiet", "-p", "cammra-py", "--features"]
        done = self._run([*command, "pyo3/extension-module"])
        if done.returncode:
            raise StopError(f"the Rust half of the toys does not build:\n{done.stdout}")
        built = CACHE / "target" / "release" / "lib_native.so"
        shutil.copy2(built, self.root / "python" / "cammra_edge" / "_native.abi3.so")

    def passes(self, *names: str) -> None:
        """Everything named passes."""
        for name in names:
            done = self._check(name)
            if done.returncode:
                raise StopError(f"with all toys in, {name} fails:\n{done.stdout}")

    def overlooks(self, check: Check) -> str:
        """How the check, which must fail and say why, does not; empty where it does."""
        done = self._check(check.run)
        if done.returncode == 0:
            return f"{check.run} passes"
        if check.says not in done.stdout:
            return f"{check.run} fails without saying {check.says!r}:\n{done.stdout}"
        return ""

    def _check(self, name: str) -> subprocess.CompletedProcess[str]:
        """A target of the Makefile, or a test file or folder."""
        if not name.startswith("tests/"):
            return self._run(["make", "--no-print-directory", name])
        words = ["-q", "-x", "-p", "no:cacheprovider", name]
        words += [word for path in NOT_HERE for word in ("--ignore", path)]
        return self._run([str(self.root / ".venv/bin/python"), "-m", "pytest", *words])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
            "CARGO_PROFILE_RELEASE_LTO": "off",
            "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
            "CAMMRA_RECORDINGS": os.environ.get("CAMMRA_RECORDINGS") or str(RECORDINGS),
            "CARGO_TARGET_DIR": str(CACHE / "target"),
            "PYO3_PYTHON": str(self.root / ".venv/bin/python"),
            "PYTHONPATH": str(self.root / "python"),
        }
        return subprocess.run(  # noqa: S603 - commands of ours
            command,
            cwd=self.root,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _files() -> list[str]:
    """What the repository has, and what is about to be added to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(  # noqa: S603 - as above
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]
