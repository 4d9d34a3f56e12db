"""A crowd of strangers from many addresses: deliveries go on, and the owner gets in.

How much of the rate is left says `python -m tests.web.flood`; here every vehicle waits for the one before it to be
delivered, so that only what stands still would show.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from cammra_edge.web.porter import BURST, MAX_CONNECTIONS
from tests.servers import wait_until
from tests.web.flood import camera, strangers

if TYPE_CHECKING:
    from tests.web.flood import Camera

EVENTS = 40
_ESTABLISHED = "01"


def connected(shown: Camera) -> int:
    """How many connections the kernel holds at the page's port that the page has taken."""
    port = f":{urlsplit(shown.url).port or 0:04X}"
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    # One that nobody has accepted yet has no owner's inode.
    return sum(row[1].endswith(port) and row[3] == _ESTABLISHED and row[9] != "0" for row in rows)


@pytest.mark.slow
def test_deliveries_go_on_and_the_owner_gets_in(tmp_path: Path) -> None:
    with camera(tmp_path) as shown:
        with strangers(shown.url, idle=400, slow=400, guessing=60):
            wait_until(lambda: connected(shown) >= MAX_CONNECTIONS // 2, "a crowd at the door")
            most = 0
            for _ in range(EVENTS):
                shown.pass_by()
                wait_until(lambda: shown.taker.taken == shown.passed, "a delivery")
                most = max(most, connected(shown))
            assert most <= MAX_CONNECTIONS + BURST  # those that are being sent away
            assert shown.owner_signs_in()
        (gate,) = shown.engine.status().profiles
        assert (gate.delivered, gate.retried, gate.parked) == (EVENTS, 0, 0)
