"""The commands as people type them, in this process; what they say, and their exit codes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.program import COMMANDS
from cammra_edge.receiver import Receiver
from cammra_edge.recording import Recording
from tests.cli.scripts import write_recording, write_script
from tests.emulation import PATIENCE
from tests.receiver.samples import body, encoded
from tests.servers import free_port

Said = pytest.CaptureFixture[str]
WAIT_S = 30 * PATIENCE
OWN_TEMPLATE = """title = "x"
content_type = "text/plain"
escape = "raw"
body = "{{plate}}"
"""


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_command_all_commands_are_listed(capsys: Said) -> None:
    assert main([]) == Exit.USAGE
    text = capsys.readouterr().out
    assert all(command.name in text for command in COMMANDS)


NOT_INSTALLED = [] if importlib.util.find_spec("PIL") else ["demo"]
"""Commands that draw, where nothing can be drawn: what those say is tested below."""


@pytest.mark.parametrize(
    "command", [command.name for command in COMMANDS if command.name not in NOT_INSTALLED]
)
def test_every_command_has_help(command: str, capsys: Said) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["demo"], ["demo", "--once"], ["demo", "--help"]])
def test_a_command_that_draws_says_in_one_line_what_to_install(words: list[str]) -> None:
    script = f"import sys; sys.modules['PIL'] = None; from cammra_edge.cli import main; sys.exit(main({words}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.FAILED
    assert done.stderr.count("\n") == 1
    assert "PIL is not installed" in done.stderr
    assert "pip install 'cammra-edge[draw]'" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["check", "gone.py"], Exit.CONFIG, "gone.py: is no file"),
        (["run", "gone.py"], Exit.CONFIG, "gone.py: is no file"),
        (["replay", "gone"], Exit.INPUT, "gone/recording.json: cannot be read"),
        (["import", "out", "--table", "gone.csv"], Exit.INPUT, "gone.csv: cannot be read"),
        (["import", "out"], Exit.INPUT, "nothing to import"),
        (["listen", "--answer", "42"], Exit.USAGE, "--answer is 42: want an HTTP status"),
        (["replay", "x", "--loops", "-1"], Exit.USAGE, "--loops is -1"),
        (["replay", "x", "--config", "c.py", "--to", "http://h"], Exit.USAGE, "exclude each other"),
    ],
)
@pytest.mark.usefixtures("_elsewhere")
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    words: list[str], code: Exit, why: str, capsys: Said
) -> None:
    assert main(words) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1
    assert why in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["replay"],
        ["replay", "x", "--speed", "0"],
        ["replay", "x", "--speed", "warp"],
        ["listen", "--http", "99999"],
        ["import", "out", "--size", "big"],
        ["import", "out", "--start", "tomorrow"],
        ["import", "out", "--fps", "0"],
    ],
)
def test_a_wrong_command_line_is_told_by_its_usage(words: list[str], capsys: Said) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == Exit.USAGE
    assert "usage: cammra-edge" in capsys.readouterr().err


def test_run_feeds_the_engine_from_the_scripts_source(tmp_path: Path, capsys: Said) -> None:
    with Receiver() as receiver:
        more = (
            "from cammra_edge import FrameTime, PlateRead\n"
            "def source():\n"
            "    for n in range(8):\n"
            "        read = PlateRead(track=1, text='AB1', confidence=0.9, vehicle=(0, 10*n, 9, 9))\n"
            "        yield None, [read], FrameTime(n * 10**8, 10**18 + n * 10**8)\n"
        )
        script = write_script(tmp_path / "camera.py", receiver.http_url, more=more)
        assert main(["run", str(script), "--page", "off"]) == Exit.OK
        assert [event.kind for event in receiver.events][:1] == ["new"]
        assert [event.kind for event in receiver.events][-1:] == ["lost"]
    assert "delivered" in capsys.readouterr().out


def test_run_sends_nothing_to_its_own_machine_where_that_is_denied(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        more = (
            "import time\n"
            "from cammra_edge import FrameTime, PlateRead\n"
            "def source():\n"
            "    yield None, [PlateRead(track=1, text='AB1', confidence=0.9)], FrameTime(0, 10**18)\n"
            "    while not ((gate := engine.status().profiles[0]).alarm or gate.delivered):\n"
            "        time.sleep(0.01)\n"
        )
        script = write_script(tmp_path / "camera.py", receiver.http_url, more=more)
        words = ["run", str(script), "--page", "off"]
        with monkeypatch.context() as patched:
            patched.setattr("cammra_edge.cli.commands.run._DRAIN_S", 0.0)
            assert main([*words, "--deny-local"]) == Exit.UNDELIVERED
        assert not receiver.events
        assert "deny_local is set" in capsys.readouterr().out
        assert main(words) == Exit.OK
        assert {event.plate for event in receiver.events} == {"AB1"}


def test_run_plays_a_recording_that_is_the_source(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "r")
    with Receiver() as receiver:
        more = f"from cammra_edge.recording import Recording\nsource = Recording.open({str(recording)!r})\n"
        script = write_script(tmp_path / "camera.py", receiver.http_url, more=more)
        assert main(["run", str(script), "--page", "off", "--speed", "max"]) == Exit.OK
        assert len({event.car_id for event in receiver.events}) == 2


def test_run_serves_the_page_while_it_runs(tmp_path: Path, capsys: Said) -> None:
    more = (
        "import urllib.request, pathlib\n"
        "def source():\n"
        "    page = urllib.request.urlopen(pathlib.Path('url').read_text(), timeout=20)\n"
        "    assert page.status == 200\n"
        "    yield from ()\n"
    )
    port = free_port()
    script = write_script(tmp_path / "camera.py", "http://127.0.0.1:9/", more=more)
    script.write_text(script.read_text().replace("'url'", repr(str(tmp_path / "url"))))
    (tmp_path / "url").write_text(f"http://127.0.0.1:{port}/")
    assert main(["run", str(script), "--page", str(port)]) == Exit.OK
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("", "names no source"),
        ("source = 5\n", "source is a int: want what yields (frame, reads, at)"),
        ("source = ['x']\n", "source yields 'x': want (frame, reads, at)"),
    ],
)
def test_run_says_what_a_source_is(tmp_path: Path, more: str, why: str, capsys: Said) -> None:
    script = write_script(tmp_path / "camera.py", "http://127.0.0.1:9/", more=more)
    assert main(["run", str(script), "--page", "off"]) == Exit.CONFIG
    assert why in capsys.readouterr().err


def test_check_explains_each_profile_and_warns(tmp_path: Path, capsys: Said) -> None:
    script = tmp_path / "camera.py"
    script.write_text(
        "from cammra_edge import Engine, Ftp, HttpPost, Profile, Tcp\n"
        "engine = Engine(profiles=[\n"
        "    Profile('barrier', HttpPost('http://10.0.5.223:8077/listener.php', user='u', password='pss'),\n"
        "            device_id='GATE-1', events={'reliable'}, two_images=True, expires_s={'reliable': 5.0}),\n"
        "    Profile('vms', Tcp('10.0.5.224:7001', persistent=True), events={'new', 'lost'}, image=None),\n"
        "    Profile('archive', Ftp('ftps://archive.example'), device_id='A', events={'lost'}, image=None),\n"
        "])\n"
    )
    assert main(["check", str(script)]) == Exit.OK
    text = capsys.readouterr().out
    assert (
        "1 barrier sends Reliable by HTTP POST (multipart) to http://10.0.5.223:8077/listener.php"
        in text
    )
    assert "with two pictures: vehicle crop and license plate crop (JPEG quality 85)" in text
    assert "Reliable older than 5 s is not sent" in text
    assert "2 vms sends New and Lost by TCP (one kept connection) to 10.0.5.224:7001" in text
    assert "barrier: the password or Auth-Header travels unencrypted" in text
    assert "archive: FTP sends files, and this profile has none" in text
    assert "vms: the Device ID is still defaultID" in text
    assert "pss" not in text
    assert main(["check", str(script), "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert list(told["profiles"]) == ["barrier", "vms", "archive"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", "they survive a power cut"),
        ("outbox=OutboxSettings(durability='process')", "but not a power cut"),
        ("tracking=TrackingSettings(regions=[Region()])", "reads count in 1 region."),
        (
            "profiles=[Profile('u', Utmc('http://h/'), device_id='A')]",
            "as device A, without pictures",
        ),
        (
            "network_mode='http', profiles=[Profile('u', HttpPost('h'))]",
            "(multipart) to http://h:80/",
        ),
    ],
)
def test_check_says_what_the_settings_mean(
    tmp_path: Path, capsys: Said, more: str, words: str
) -> None:
    script = tmp_path / "camera.py"
    script.write_text(f"from cammra_edge import *\nengine = Engine({more})\n")
    assert main(["check", str(script)]) == Exit.OK
    assert words in capsys.readouterr().out


def test_check_explains_templates_and_what_is_not_verified(tmp_path: Path, capsys: Said) -> None:
    script = tmp_path / "camera.py"
    script.write_text(
        "from cammra_edge import Engine, Profile\n"
        "from cammra_edge.profile import Template, Utmc\n"
        f"OWN = {OWN_TEMPLATE!r}\n"
        "engine = Engine(profiles=[\n"
        "    Profile('instation', Utmc('http://127.0.0.1/u'), device_id='SCN1', events={'reliable'}),\n"
        "    Profile('own', Template('tcp://127.0.0.1:7000', template=OWN), device_id='A', events={'lost'}),\n"
        "])\n"
    )
    assert main(["check", str(script)]) == Exit.OK
    text = capsys.readouterr().out
    assert (
        "1 instation sends Reliable as the template utmc has it, by HTTP POST to http://127.0.0.1:80/u"
        in text
    )
    assert "instation: its bytes are not public" in text
    assert (
        "2 own sends Lost as a template of its own has it, by TCP (a connection per event) to 127.0.0.1:7000"
        in text
    )


def test_check_names_what_is_wrong_with_file_and_line(tmp_path: Path, capsys: Said) -> None:
    script = tmp_path / "camera.py"
    script.write_text("from cammra_edge import HttpPost\n\nx = HttpPost('gopher://h/')\n")
    assert main(["check", str(script)]) == Exit.CONFIG
    assert f"{script}:3: HttpPost: server_url is 'gopher://h/'" in capsys.readouterr().err


def test_import_makes_a_recording_that_can_be_read(tmp_path: Path, capsys: Said) -> None:
    table = tmp_path / "t.csv"
    table.write_text("frame,track,bbox,text\n0,1,1 2 3 4,AB1\nx,1,,\n")
    words = ["import", str(tmp_path / "out"), "--table", str(table), "--size", "640x480"]
    assert main([*words, "--start", "2024-06-14T14:00:00Z", "--fps", "30"]) == Exit.OK
    said = capsys.readouterr()
    assert "1 frame of 640x480, 1 read, no pictures" in said.out
    assert "skipped: t.csv line 3: frame is 'x'" in said.err
    recording = Recording.open(tmp_path / "out")
    assert (recording.start_utc_ns, recording.fps) == (1_718_373_600_000_000_000, 30.0)
    assert main(words) == Exit.INPUT
    assert "holds a recording already" in capsys.readouterr().err


def _listening(*words: str, cwd: Path) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-m", "cammra_edge", "listen", "--http", "0", "--tcp", "off", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
    )
    assert process.stderr is not None
    return process, process.stderr.readline().split(" on ")[1].split()[0]


def test_listen_shows_and_keeps_events_and_ends_when_enough_came(tmp_path: Path) -> None:
    process, url = _listening("--count", "2", "--folder", "in", cwd=tmp_path)
    with process:
        for packet, plate in (("1", "TÖL\x1b[2J"), ("2", "B")):
            content = encoded(
                body(
                    packetCounter=packet,
                    carID=packet,
                    plateUTF8=plate,
                    plateText=plate,
                    plateUnicode=plate,
                )
            )
            httpx.post(url, content=content, headers={"Content-Type": "application/json"})
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == Exit.OK, err
    first, second = out.splitlines()
    assert "update" in first
    assert "TÖL\\x1b[2J" in first
    assert "#2" in second
    assert "2 events, 0 problems, 0 packet numbers missing" in err
    assert sorted(path.suffix for path in (tmp_path / "in").iterdir()) == [".json", ".json"]


def test_listen_says_what_is_wrong_and_its_exit_code_too(tmp_path: Path) -> None:
    process, url = _listening("--count", "1", "--no-folder", "--json", cwd=tmp_path)
    with process:
        httpx.post(
            url, content=encoded(body(carID=7)), headers={"Content-Type": "application/json"}
        )
        out, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == Exit.WRONG
    told = json.loads(out)
    assert told["problems"] == ["carID is 7: want a text, as all scalars are"]
    assert list(tmp_path.iterdir()) == []


def test_the_event_of_a_test_is_right_however_often_it_comes(tmp_path: Path) -> None:
    process, url = _listening("--count", "2", "--no-folder", cwd=tmp_path)
    script = write_script(tmp_path / "camera.py", url)
    with process:
        assert main(["test", str(script)]) == Exit.OK
        assert main(["test", str(script)]) == Exit.OK
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == Exit.OK, out
    assert [line.split()[-1] for line in out.splitlines()] == ["test", "test"]
    assert "2 events, 0 problems" in err


def test_listen_ends_cleanly_by_a_signal_and_can_misbehave(tmp_path: Path) -> None:
    process, url = _listening("--no-folder", "--answer", "503", "--times", "1", cwd=tmp_path)
    with process:
        headers = {"Content-Type": "application/json"}
        assert httpx.post(url, content=encoded(body()), headers=headers).status_code == 503
        assert httpx.post(url, content=encoded(body()), headers=headers).status_code == 200
        process.terminate()
        _, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == Exit.OK
    assert "1 event, 0 problems" in err
    assert "Traceback" not in err


def test_run_ends_well_by_sigterm_as_services_are_ended(tmp_path: Path) -> None:
    more = (
        "import time\n"
        "from cammra_edge import FrameTime, PlateRead\n"
        "def source():\n"
        "    while True:\n"
        "        at = FrameTime(time.monotonic_ns(), time.time_ns())\n"
        "        yield None, [PlateRead(track=1, text='AB1', confidence=0.9)], at\n"
        "        time.sleep(0.01)\n"
    )
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url, more=more)
        words = [sys.executable, "-m", "cammra_edge", "run", str(script), "--page", "off"]
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert receiver.wait_for(lambda: bool(receiver.events), WAIT_S)
            process.terminate()
            _, err = process.communicate(timeout=WAIT_S)
        assert process.returncode == Exit.OK, err
        assert "stopping" in err
        assert [event.kind for event in receiver.events][-1] == "lost"
