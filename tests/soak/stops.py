"""How long `cammra-edge run` takes to stop, in every state that it may be told to in."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

from cammra_edge.receiver import Receiver
from tests.cli.scripts import write_script
from tests.soak.measured import Measured, Soak
from tests.stopping import SOURCE, run_of

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S: Final = 3.0


def idle(folder: Path) -> Measured:
    """A receiver that takes everything."""
    with Receiver() as receiver:
        script = write_script(folder / "camera.py", receiver.http_url, more=SOURCE)
        with run_of(script) as run:
            run.wait_said("observed 20")
            stopped = run.stopped_by(signal.SIGTERM)
    return Measured(
        f"ended with {stopped.code} after {stopped.took_s:.1f} s",
        held=stopped.code == 0 and stopped.took_s <= LONGEST_S,
    )


SOAKS: Final = (Soak("stop, receiver well", f"{LONGEST_S:g} s", idle),)
