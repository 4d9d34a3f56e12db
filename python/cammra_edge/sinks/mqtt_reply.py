"""What a consumer says of an event, as its reply has it. Held by `tests/sinks/test_mqtt_exchange.py`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.words import readable

if TYPE_CHECKING:
    from cammra_edge.framing import MqttPacket

RESULTS: Final = ("ok", "retry", "refuse")
"""What a consumer may say of an event."""


def reply_of(packet: MqttPacket, by: str) -> tuple[str, str, str]:
    """Key, result and words of a reply; an empty key for what is none, or counts for nothing."""
    try:
        said = json.loads(packet.payload)
    except (ValueError, RecursionError):
        return "", "", ""
    if not isinstance(said, dict) or said.get("by") != by:
        return "", "", ""
    key, result, why = said.get("key"), said.get("result"), said.get("why", "")
    correlated = packet.data("correlation_data")
    if not isinstance(key, str) or result not in RESULTS:
        return "", "", ""
    if correlated and correlated != key.encode(errors="replace"):
        return "", "", ""
    words = readable(why.encode(errors="replace")) if isinstance(why, str) else ""
    return key, str(result), words
