"""Appends each message to a file as a line. Held by `tests/extend/test_protocol.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.message import Body
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, TryLater
from cammra_edge.sinks.exchange import NO_EXCHANGE
from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from cammra_edge.message import Attempt, Message
    from cammra_edge.profile.protocols.lines import Lines
    from cammra_edge.sinks.base import Outcome
    from cammra_edge.sinks.exchange import Exchange


class LinesSink:
    """One profile's file, opened anew for each line."""

    def __init__(self, protocol: Lines) -> None:
        self._path = Path(protocol.endpoint().target)

    def send(self, message: Message, attempt: Attempt) -> Outcome:  # noqa: ARG002 - a line is a line
        """Write the line."""
        if not isinstance(message, Body):
            return GiveUp(Why.NOT_RENDERED(kind="Files"))
        try:
            with self._path.open("ab") as file:
                file.write(message.content + b"\n")
        except OSError as error:
            return TryLater(Why.AT(where=self._path.name, why=quoted(error.strerror or "")))
        return Delivered()

    def exchange(self) -> Exchange:
        """Nothing but the line goes anywhere."""
        return NO_EXCHANGE

    def break_off(self) -> None:
        """A line is written at once."""

    def close(self) -> None:
        """Nothing stays open."""
