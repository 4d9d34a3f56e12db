"""Where a receiver says it has moved to, and whether to follow: pure.

Only to the same server, or from its `http` to its `https` on their usual ports, since user, password and plates are
sent there: another port may be another program's.
Held by `tests/sinks/test_http.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from cammra_edge.errors import ConfigError

if TYPE_CHECKING:
    from cammra_edge.profile import Endpoint, HttpPost

MOVED: Final = frozenset({301, 302, 307, 308})
"""Without 303, which asks for a GET."""
MOST_MOVES: Final = 3
_LEAST_TOTAL_S = 0.05


def protocol_there(
    protocol: HttpPost, here: Endpoint, location: str, *, left_s: float
) -> HttpPost | None:
    """The same protocol at the place where the receiver has moved to; `None`: do not follow.

    Args:
        protocol: How we post here.
        here: Where we post.
        location: The answer's `Location`, a URL or a path.
        left_s: How much of the try's time is left.
    """
    try:
        there = replace(
            protocol,
            server_url=urljoin(str(here), location.partition("#")[0]),
            timeouts=replace(protocol.timeouts, total_s=max(left_s, _LEAST_TOTAL_S)),
        )
    except (ConfigError, ValueError):
        return None
    place = there.endpoint()
    same = (place.scheme, place.host, place.port) == (here.scheme, here.host, here.port)
    secured = place.host == here.host and (here.port, place.port) == (80, 443)
    return there if same or secured else None
