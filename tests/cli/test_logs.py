"""What is logged to standard error, and what the journal makes of it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cammra_edge.cli.logs import JournalFormatter, journal_reads
from tests.cli.scripts import write_script
from tests.servers import LOOPBACK, free_port
from tests.stopping import SOURCE, run_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (logging.CRITICAL, 3),
        (logging.ERROR, 3),
        (logging.WARNING, 4),
        (logging.INFO, 6),
        (logging.DEBUG, 7),
    ],
)
def test_each_line_begins_with_the_level_that_the_journal_knows(level: int, told: int) -> None:
    error = ValueError("broken")
    why = (ValueError, error, None)
    record = logging.LogRecord("room", level, __file__, 1, "one\ntwo", None, why)
    lines = JournalFormatter("%(name)s %(message)s").format(record).split("\n")
    assert lines[:2] == [f"<{told}>room one", f"<{told}>two"]
    assert lines[-1] == f"<{told}>ValueError: broken"
    assert all(line.startswith(f"<{told}>") for line in lines)


def test_the_journal_is_known_by_its_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "a").open("w") as ours, (tmp_path / "b").open("w") as other:
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
        assert not journal_reads(ours)
        found = os.fstat(ours.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert journal_reads(ours)
        assert not journal_reads(other)
    assert not journal_reads(ours)  # closed


def test_a_service_shows_its_warnings(tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_port()}/"
    with run_of(write_script(tmp_path / "camera.py", url, more=SOURCE)) as run:
        run.wait_said("WARNING cammra_edge.delivery.told retrying profile='gate'")


def test_errors_of_a_command_have_their_level_in_the_journal(tmp_path: Path) -> None:
    log = tmp_path / "journal"
    with log.open("w") as journal:
        found = os.fstat(journal.fileno())
        environment = os.environ | {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        words = [sys.executable, "-m", "cammra_edge", "run", str(tmp_path / "none.py")]
        subprocess.run(words, stderr=journal, env=environment, check=False)
    assert log.read_text() == f"<3>error: {tmp_path / 'none.py'}: is no file\n"
