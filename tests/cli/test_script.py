"""What `cli.script` promises: the engine and the source of a script, or one line with file and line."""

from pathlib import Path

import pytest

from cammra_edge.cli.script import ScriptError, load_script

GOOD = """\
from cammra_edge import Engine, HttpPost, Profile
from neighbour import NAME

engine = Engine(profiles=[Profile(NAME, HttpPost("http://127.0.0.1:8077/"))])
source = [1, 2]
if __name__ == "__main__":
    raise RuntimeError("only when started by itself")
"""


BAD_QUALITY = """\
from cammra_edge import Engine, HttpPost, Profile

def made():
    return Profile("gate", HttpPost("http://h/"), quality=101)

engine = Engine(profiles=[made()])
"""


def _write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "neighbour.py").write_text("NAME = 'barrier'\n")
    path = tmp_path / "camera.py"
    path.write_text(text)
    return path


def test_a_script_defines_engine_and_source_and_its_neighbours_can_be_imported(
    tmp_path: Path,
) -> None:
    script = load_script(_write(tmp_path, GOOD))
    assert [profile.name for profile in script.engine.settings.profiles] == ["barrier"]
    assert script.source == [1, 2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1\nengine = (\n", "camera.py:2: '(' was never closed"),
        (
            "x = 1\n\nimport gone_module\n",
            "camera.py:3: ModuleNotFoundError: No module named 'gone_module'",
        ),
        (
            "x = 1\n",
            "camera.py: want `engine = Engine(…)` at the top level, found nothing of that name",
        ),
        ("engine = 5\n", "camera.py: want `engine = Engine(…)` at the top level, found a int"),
        ("raise SystemExit(3)\n", "camera.py: ends by itself with 3"),
        (
            BAD_QUALITY,
            "camera.py:4: profile 'gate': quality is 101",
        ),
        (
            "from cammra_edge import env\nPASSWORD = env('CAMMRA_NO_SUCH_VARIABLE')\n",
            "camera.py:2: env('CAMMRA_NO_SUCH_VARIABLE') is None: want the environment variable",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ScriptError) as caught:
        load_script(_write(tmp_path, text))
    assert why in str(caught.value)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"gone\.py: is no file"):
        load_script(tmp_path / "gone.py")
