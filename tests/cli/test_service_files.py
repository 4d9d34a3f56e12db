"""The service files of docs/guide/camera.md: taken from there as they stand, and tried."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cammra_edge.cli.exits import Exit
from cammra_edge.cli.program import _parsed
from tests.cli.scripts import write_script
from tests.faults.finding import CannotBeProvokedError
from tests.faults.road import OURS, road
from tests.house.sources import ROOT
from tests.servers import LOOPBACK, free_port, missing, require_program
from tests.stopping import SOURCE, WAIT_S, run_of

GUIDE = (ROOT / "docs" / "guide" / "camera.md").read_text(encoding="utf-8")
PROGRAM = "/opt/cammra-edge/bin/cammra-edge"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tried


def block(language: str, holds: str) -> str:
    """The block of the guide in this language that holds this."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (found,) = [one for one in blocks if holds in one]
    return str(found)


def unit() -> str:
    return block("ini", "[Service]")


def commands() -> dict[str, list[str]]:
    """How each of the three starts the program."""
    (unit_line,) = re.findall(r"^ExecStart=(.+)$", unit(), re.MULTILINE)
    (inittab_line,) = re.findall(rf"({PROGRAM} run .+)$", block("sh", "exec "), re.MULTILINE)
    (container_line,) = re.findall(r"^ENTRYPOINT \[(.+)\]$", block("", "ENTRYPOINT"), re.MULTILINE)
    return {
        "unit": shlex.split(unit_line),
        "inittab": shlex.split(inittab_line),
        "container": re.findall(r'"([^"]*)"', container_line),
    }


def verified(path: Path) -> subprocess.CompletedProcess[str]:
    program = require_program("systemd-analyze", apt="systemd")
    command = [program, "verify", "--man=no", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_S)


def with_a_program(text: str) -> str:
    """The unit with a program that is there."""
    assert PROGRAM in text
    return text.replace(PROGRAM, "/bin/true")


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "cammra-edge.service"
    path.write_text(with_a_program(unit()))
    done = verified(path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_find_a_word_that_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "cammra-edge.service"
    path.write_text(with_a_program(unit()).replace("UMask=", "Umask="))
    done = verified(path)
    assert "Umask" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    ["Type=notify", "UMask=0077", "NoNewPrivileges=true", "ProtectSystem=strict", "Restart=always"],
)
def test_the_unit_says_what_the_guide_promises_of_it(line: str) -> None:
    assert f"\n{line}\n" in unit()


def test_the_unit_waits_for_longer_than_a_stop_takes_and_its_watchdog_for_longer_than_a_disk() -> (
    None
):
    seconds = {
        name: int(value)
        for name, value in re.findall(r"^(TimeoutStopSec|WatchdogSec)=(\d+)$", unit(), re.MULTILINE)
    }
    assert seconds["TimeoutStopSec"] > 10 + 3
    assert seconds["WatchdogSec"] / 2 > 10


@pytest.mark.parametrize("kind", ["unit", "inittab", "container"])
def test_each_serves_the_page_where_a_phone_reaches_it(kind: str) -> None:
    program, *words = commands()[kind]
    assert program == PROGRAM
    parsed = _parsed(words)
    assert not isinstance(parsed, Exit)
    command, args = parsed
    assert command.name == "run"
    assert args.config == "/etc/cammra-edge/config.py"
    assert args.page == (EVERYWHERE, 8080)


def test_the_page_answers_by_address_by_name_and_by_the_machines_own_name_from_another_network(
    tmp_path: Path,
) -> None:
    """As the unit starts it, but for port and paths."""
    script = write_script(tmp_path / "camera.py", f"http://{LOOPBACK}:9/", more=SOURCE)
    port = free_port()
    page = f"{EVERYWHERE}:{port}"
    try:
        with road() as way, run_of(script, "--host", "gate-1.example", page=page) as run:
            run.wait_said("observed 20")
            assert f"http://{OURS}:{port}/\n" in run.said()
            assert f"http://gate-1.example:{port}/\n" in run.said()

            def asked(host: str) -> int:
                with httpx.Client(trust_env=False, timeout=WAIT_S) as phone:
                    url = f"http://{OURS}:{port}/"
                    return phone.get(url, headers={"Host": f"{host}:{port}"}).status_code

            for host in (OURS, "gate-1.example", socket.gethostname()):
                assert way.at_camera(lambda host=host: asked(host)) == 200, host  # type: ignore[misc] # by name
            assert way.at_camera(lambda: asked("evil.example")) == 421
    except CannotBeProvokedError as reason:
        missing(f"iproute2 ({reason})")


def test_the_container_and_the_inittab_start_the_program_that_is_installed_here() -> None:
    """The guide's path is that of a virtual environment, and so is ours."""
    assert (Path(sys.executable).parent / Path(PROGRAM).name).exists()
