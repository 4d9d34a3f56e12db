"""The commands as people run them: on any terminal, into any pipe, and stopped at any moment."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.cli.exits import Exit
from tests.cli.scripts import write_recording, write_script
from tests.receiver.samples import body, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = [sys.executable, "-m", "cammra_edge"]
LISTEN = [*PROGRAM, "listen", "--http", "0", "--tcp", "off", "--no-folder"]
JSON = {"Content-Type": "application/json"}
WAIT_S = 60.0
BEGUN = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("begun", file=sys.stderr, flush=True)
from cammra_edge.__main__ import main
sys.exit(main())
"""
"""As `cammra-edge` starts, but says when Python itself has done so."""
EVIL = "TÖL京\u202e\x1b[2J\U0001f697"


def event(number: int = 1, plate: str = "AB1") -> bytes:
    texts = dict.fromkeys(("plateText", "plateUTF8", "plateUnicode"), plate)
    return encoded(body(packetCounter=str(number), carID=str(number), **texts))


@contextmanager
def listening(*words: str, **how: object) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A listener, and where it listens."""
    process = subprocess.Popen([*LISTEN, *words], stderr=subprocess.PIPE, **how)  # type: ignore[call-overload]  # as Popen takes them
    assert process.stderr is not None
    url = process.stderr.readline().decode().split(" on ")[1].split()[0]
    try:
        yield process, url
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize(
    ("encoding", "spelled"),
    [
        ("ascii", "T\\xd6L\\u4eac\\u202e"),
        ("cp1252", "TÖL\\u4eac\\u202e"),
        ("utf-8", "TÖL京\\u202e"),
    ],
)
def test_any_plate_is_shown_on_a_terminal_of_any_encoding(encoding: str, spelled: str) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONIOENCODING": encoding, "TERM": "dumb", "LC_ALL": "C"}
    with listening("--count", "1", stdout=theirs, env=env) as (process, url):
        os.close(theirs)
        assert httpx.post(url, content=event(plate=EVIL), headers=JSON).status_code == 200
        assert process.wait(WAIT_S) == Exit.OK
        shown = os.read(ours, 4096).decode(encoding)
    os.close(ours)
    assert spelled in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_data_is_json_in_any_encoding_and_moves_no_cursor(encoding: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    with listening("--count", "1", "--json", stdout=subprocess.PIPE, env=env) as (process, url):
        httpx.post(url, content=event(plate=EVIL), headers=JSON)
        assert process.stdout is not None
        line = process.stdout.readline().decode(encoding)
        process.stdout.close()
    assert json.loads(line)["event"]["plateUTF8"] == EVIL
    assert line.rstrip("\n").isprintable()


def test_a_pipe_that_nobody_reads_delays_no_answer_and_no_end() -> None:
    reading, writing = os.pipe()
    with listening(stdout=writing) as (process, url), httpx.Client(timeout=WAIT_S) as sender:
        os.close(writing)
        for number in range(1500):  # some 150 bytes each, and a pipe holds 64 KiB
            assert sender.post(url, content=event(number), headers=JSON).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == Exit.OK
        assert process.stderr is not None
        said = process.stderr.read().decode()
    os.close(reading)
    assert "1500 events, 0 problems" in said
    assert "were not shown" in said
    assert "Traceback" not in said


def test_a_reader_that_has_enough_ends_it_without_a_word() -> None:
    with listening(stdout=subprocess.PIPE) as (process, url):
        assert process.stdout is not None
        process.stdout.close()
        httpx.post(url, content=event(), headers=JSON)
        assert process.wait(WAIT_S) == Exit.OK
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_is_the_ordered_end_of_what_listens(number: signal.Signals) -> None:
    with listening(stdout=subprocess.DEVNULL) as (process, _):
        process.send_signal(number)
        assert process.wait(WAIT_S) == Exit.OK
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read().decode()


def test_a_second_signal_ends_at_once_without_a_traceback(tmp_path: Path) -> None:
    # Nobody answers, so that the first one waits for a try under way.
    more = (
        "import sys, time\n"
        "from cammra_edge import FrameTime, PlateRead\n"
        "def source():\n"
        "    while True:\n"
        "        at = FrameTime(time.monotonic_ns(), time.time_ns())\n"
        "        yield None, [PlateRead(track=1, text='AB1', confidence=0.9)], at\n"
        "        print('read', file=sys.stderr, flush=True)\n"
        "        time.sleep(0.01)\n"
    )
    words = [*PROGRAM, "run", str(tmp_path / "camera.py"), "--page", "off", "--no-socket"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        write_script(tmp_path / "camera.py", url, more=more)
        process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stderr is not None
        assert b"running" in process.stderr.readline()
        assert process.stderr.readline() == b"read\n"
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        assert any(b"stopping" in line for line in process.stderr)
        while process.poll() is None:
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
        with connection, process.stderr:
            assert process.returncode == Exit.INTERRUPTED
            assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "r", "--to", "http://127.0.0.1:9/"],
        ["demo"],
        ["--help"],
        ["check", "camera.py"],
        ["test", "camera.py"],
        ["import", "made", "--table", "t.csv", "--size", "64x48"],
    ],
)
def test_stopping_at_any_moment_shows_no_traceback(tmp_path: Path, words: list[str]) -> None:
    write_recording(tmp_path / "r", pictures=False)
    write_script(tmp_path / "camera.py", "http://127.0.0.1:9/")
    table = "frame,track_id,plate\n" + "".join(f"{n},1,AB1\n" for n in range(20_000))
    (tmp_path / "t.csv").write_text(table)
    # Where it was faster than the signal: nobody takes the test's event, and the folder holds a recording by then.
    ends = {Exit.OK, Exit.UNDELIVERED, Exit.INPUT}
    for tenths in (0, 1, 2, 4, 7):
        with subprocess.Popen(
            [sys.executable, "-c", BEGUN, *words],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stderr is not None
            assert process.stderr.readline() == b"begun\n"
            timer = threading.Timer(tenths / 10, process.send_signal, [signal.SIGINT])
            timer.start()
            _, said = process.communicate(timeout=WAIT_S)
            timer.cancel()
        assert b"Traceback" not in said, (tenths, said)
        assert process.returncode in {*ends, Exit.INTERRUPTED, -signal.SIGINT}


def test_a_speed_that_is_none_is_told_what_is_wanted() -> None:
    words = [*PROGRAM, "replay", "r", "--speed", "-1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.USAGE
    assert "'-1': want a number above 0, up to 1000, or max" in done.stderr


def test_without_any_output_it_does_its_work_all_the_same() -> None:
    closed = 'exec "$@" >&- 2>&-'
    done = subprocess.run(
        ["/bin/sh", "-c", closed, "sh", *PROGRAM, "template", "list"], timeout=WAIT_S, check=False
    )
    assert done.returncode == Exit.OK


def test_a_full_disk_is_said_once() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [*PROGRAM, "template", "list"], stdout=full, stderr=subprocess.PIPE, timeout=WAIT_S,
            check=False,
        )  # fmt: skip
    assert done.returncode == Exit.FAILED
    assert done.stderr.decode().splitlines() == ["error: the system: No space left on device"]


def test_it_says_its_version() -> None:
    done = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cammra-edge ")
    assert done.stdout.split()[1][0].isdigit()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check", "--json", "nothing-there.py"], "config"),
        (["replay", "--json", "nothing-there"], "input"),
        (["replay", "--json", "r", "--loops", "-1"], "usage"),
        (["replay", "--json"], "usage"),
        (["status", "--json", "nothing-there"], "outbox"),
    ],
)
def test_an_error_is_one_object_for_machines(tmp_path: Path, words: list[str], code: str) -> None:
    done = subprocess.run(
        [*PROGRAM, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit[code.upper()], done.stderr
    told = json.loads(done.stderr)
    assert told["code"] == code
    assert told["error"]


def test_wrong_fields_have_their_codes(tmp_path: Path) -> None:
    script = tmp_path / "camera.py"
    script.write_text(
        "from cammra_edge import Engine, HttpPost, Profile\n"
        "engine = Engine(profiles=[Profile('a', HttpPost('http://h:99999/'))])\n"
    )
    words = [*PROGRAM, "check", "--json", str(script)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    (field,) = json.loads(done.stderr)["fields"]
    assert field["code"] == "host_and_port_in_range"
    assert field["values"] == {"last": 65535}
