"""Counts by name, as lines: what statistics ask for. Held by `tests/extend/test_payload.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.message import Body

if TYPE_CHECKING:
    from cammra_edge.model import Event
    from cammra_edge.profile import Counted


def counts(event: Event, wanted: Counted) -> Body:
    """One line: `reliable.in 1`."""
    line = f"{wanted.stem}{event.kind}.{event.direction} 1\n"
    return Body(content=line.encode(), content_type="text/plain")
