"""One line for an event that was found."""

from __future__ import annotations

from typing import Any

from cammra_edge.cli.terminal import KIND_STYLES, Style, Terminal, shown
from cammra_edge.phrases import counted

_PLATE_LETTERS = 12


def event_line(terminal: Terminal, event: dict[str, Any]) -> str:
    """One event on one line."""
    day, _, time = event["time"].partition("T")
    kind, plate = event["kind"], shown(event["text"]) or "(no plate)"
    pictures = len(event["images"])
    words = [
        f"{event['seq']:>8}",
        f"{day} {time}",
        terminal.styled(f"{kind:<8}", KIND_STYLES[kind]),
        terminal.styled(f"{plate:<{_PLATE_LETTERS}}", Style.BOLD),
        f"{shown(event['country']):<3}",
        f"{event['direction']:<7}",
        f"region {event['roi']}",
        f"{event['confidence']:.2f}",
        " ".join(event["states"]),
        shown(event["list"]),
        "" if event["exact"] else terminal.styled("one character off", Style.NOTICE),
        terminal.styled(counted(pictures, "picture") if pictures else "", Style.DIM),
    ]
    return "  ".join(word for word in words if word)
