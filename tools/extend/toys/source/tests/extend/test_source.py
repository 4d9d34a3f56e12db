"""A source more: what it reads becomes events."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cammra_edge.receiver import Receiver

EXAMPLE = Path(__file__).parents[2] / "examples" / "text_feed.py"


def test_what_it_reads_arrives(tmp_path: Path) -> None:
    with Receiver() as receiver:
        subprocess.run(
            [sys.executable, str(EXAMPLE), receiver.http_url],
            input="1 AB123 0.9\n1 AB123 0.9\n",
            text=True,
            cwd=tmp_path,
            check=True,
            timeout=60,
        )
        assert {event.plate for event in receiver.events} == {"AB123"}
        assert receiver.problems == []
