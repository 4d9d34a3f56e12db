"""Reason codes that more than one module goes by (MQTT 5, 2.4), and what a refusal of our own messages means."""

from __future__ import annotations

from typing import Final

from cammra_edge.phrases import Phrase

UNHEARD: Final = 0x10
TAKEN_OVER: Final = 0x8E
TOO_LARGE: Final = 0x95


class PresenceWhy(Phrase):
    """Why what a connection says of the camera itself does not arrive."""

    OWN_REFUSED = "the broker refuses {topic} ({reason})"
    OWN_TOO_LARGE = "{topic} is larger than the broker takes"
    WILL_REFUSED = (
        "the broker refuses to say by itself that the camera is gone (its will: {reason})"
    )
    NOT_KEPT = "the broker keeps nothing for those who come later (retained)"
    NOT_ACKNOWLEDGED = "the broker acknowledges neither state nor health"
    CUT_OFF = (
        "the broker ends the connection when it is told state or health: nothing is said for"
        " {minutes} minutes"
    )


def numbered(reason: int) -> str:
    """A reason code as the standard writes it."""
    return f"0x{reason:02X}"
