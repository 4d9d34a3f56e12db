"""Runs a config script and takes `engine` and `source` from it.

A script is its owner's own Python: it is run, not parsed, as module `cammra_config`, so its
`if __name__ == "__main__":` part does not run. Errors name file and line.

Held by `tests/cli/test_script.py`.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.engine import Engine
from cammra_edge.errors import CammraError

if TYPE_CHECKING:
    from types import ModuleType

MODULE_NAME = "cammra_config"


class ScriptError(CammraError):
    """A config script that cannot be used; the message begins with file and line."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a script defines."""

    path: Path
    engine: Engine
    source: object | None


def load_script(path: str | Path) -> Script:
    """Run a config script.

    Raises:
        ScriptError: It is missing, fails, or defines no engine.
    """
    path = Path(path)
    if not path.is_file():
        raise ScriptError(f"{path}: is no file")
    module = _module(path)
    # The script's folder, as when Python runs it: the script can import its neighbours.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        _run(path, module)
    finally:
        sys.path.pop(0)
    engine = getattr(module, "engine", None)
    if not isinstance(engine, Engine):
        found = "nothing of that name" if engine is None else f"a {type(engine).__name__}"
        raise ScriptError(f"{path}: want `engine = Engine(…)` at the top level, found {found}")
    return Script(path, engine, getattr(module, "source", None))


def _module(path: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader(MODULE_NAME, str(path))
    spec = importlib.util.spec_from_loader(MODULE_NAME, loader)
    if spec is None:
        raise ScriptError(f"{path}: cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE_NAME] = module
    return module


def _run(path: Path, module: ModuleType) -> None:
    loader = module.__spec__.loader if module.__spec__ else None
    if loader is None:
        raise ScriptError(f"{path}: cannot be loaded as Python")
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise ScriptError(f"{error.filename or path}:{error.lineno or 1}: {error.msg}") from error
    except SystemExit as error:
        raise ScriptError(
            f"{path}: ends by itself with {error.code!r} instead of defining `engine`"
        ) from error
    except Exception as error:
        # Anything may go wrong in somebody's script; its owner needs to know where.
        line = _last_line_in(path, error)
        what = str(error) if isinstance(error, CammraError) else f"{type(error).__name__}: {error}"
        raise ScriptError(f"{path}:{line}: {what}") from error


def _last_line_in(path: Path, error: Exception) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path) and frame.lineno]
    return lines[-1] if lines else 1
