"""What ARCHITECTURE.md says is absent, looked for in the sources."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "cammra_edge"
MODULES = sorted(PACKAGE.rglob("*.py"))


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 20


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_shell_is_ever_started(path: Path) -> None:
    for call in calls(path):
        name = ast.unparse(call.func)
        assert name not in {"os.system", "os.popen", "subprocess.getoutput"}, name
        shell = [keyword for keyword in call.keywords if keyword.arg == "shell"]
        assert not shell, f"{name}(shell=…) on line {call.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_clock_asks_what_time_it_is(path: Path) -> None:
    if path.name == "clock.py":
        return
    asked = re.findall(
        r"\btime\.(?:time|time_ns|monotonic|monotonic_ns)\(|datetime\.now\(|\.utcnow\(|date\.today\(",
        path.read_text(),
    )
    assert not asked, asked


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_evaluates_text_as_code(path: Path) -> None:
    for call in calls(path):
        name = ast.unparse(call.func)
        assert name not in {"eval", "pickle.loads", "pickle.load", "yaml.load"}, name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_test_that_a_module_names_is_there(path: Path) -> None:
    for named in re.findall(r"`(tests/[\w/*]+(?:\.py)?)", path.read_text()):
        assert list(ROOT.glob(named)), named


def test_unsafe_stands_in_two_modules_only() -> None:
    allowed = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "rust").rglob("*.rs")
        # Not what is built only for tests: counting allocations takes a global allocator.
        if path.parent.name != "tests"
        and re.search(r"^\s*#!?\[(?:allow|expect)\(\s*unsafe_code", path.read_text(), re.MULTILINE)
    }
    libjpeg = {path for path in allowed if path.startswith("rust/cammra-core/src/jpeg/")}
    buffer = allowed & {"rust/cammra-py/src/buffer.rs"}
    assert allowed == libjpeg | buffer
    assert len(libjpeg) <= 1


def test_the_repository_knows_no_machine() -> None:
    """Paths of somebody's machine and registry hosts do not belong in a repository."""
    suspicious = re.compile(
        r"(?<![\w.])/(?:home|root|work|Users)/\w|pypi\.org/simple|index\.crates\.io"
    )
    kinds = {".py", ".rs", ".toml", ".md", ".yml", ".js", ".html", ".css", ".pyi", ".c", ".h"}
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if path.suffix not in kinds or inside[0].startswith(".") or inside[0] in {"target", "dist"}:
            continue
        if "node_modules" in inside or path == Path(__file__):
            continue
        found = suspicious.findall(path.read_text(errors="replace"))
        assert not found, f"{path}: {found}"
