"""What the log says of a profile: each problem once, when the state changes, and every parked delivery."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cammra_edge.delivery.gate import GateState

if TYPE_CHECKING:
    from cammra_edge.delivery.gate import Gate
    from cammra_edge.delivery.journal import Try

_log = logging.getLogger(__name__)


def tell(profile_key: str, made: Try, *, before: GateState, gate: Gate) -> None:
    """One try is settled; `before` is how the gate stood until then."""
    if made.outcome == "parked":
        _log.error("parked profile=%r event=%s why=%r", profile_key, made.event_id, made.why)
    after = gate.state
    if before is after:
        return
    if after is GateState.OPEN:
        _log.info("sending again profile=%r", profile_key)
    elif after is GateState.PAUSED:
        _log.error("paused profile=%r why=%r", profile_key, gate.why)
    else:
        _log.warning("retrying profile=%r why=%r", profile_key, made.why)
