"""How a connection to a broker is opened. Held by `tests/sinks/test_mqtt_exchange.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.framing import mqtt_connect

if TYPE_CHECKING:
    from cammra_edge.sinks.mqtt_presence import Announcer


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How the connection is to be opened.

    Args:
        level: 5, or 4 for MQTT 3.1.1.
        client_id: Of which the broker takes one at a time.
        user: Empty for none.
        password: As above.
        keep_alive_s: Longest silence.
        answer_s: How long the broker may take for an answer.
        reply_topic: Where replies come; empty for none.
        reply_by: Whose replies count.
        own: What is said of the camera itself; `None` for nothing.
    """

    level: int
    client_id: str
    user: str = ""
    password: str = field(default="", repr=False)
    keep_alive_s: int
    answer_s: float
    reply_topic: str = ""
    reply_by: str = ""
    own: Announcer | None = None

    def connect(
        self, *, receive_maximum: int, largest_bytes: int, will: tuple[str, bytes, bool] | None
    ) -> bytes:
        """The first packet.

        Args:
            receive_maximum: Replies that may come unacknowledged.
            largest_bytes: The largest packet that we take.
            will: Topic, payload, and whether it is kept: what others hear when the connection breaks.
        """
        return mqtt_connect(
            self.client_id,
            level=self.level,
            keep_alive_s=self.keep_alive_s,
            clean_start=True,
            session_expiry_s=0,
            receive_maximum=receive_maximum,
            largest_bytes=largest_bytes,
            user=self.user or None,
            password=self.password.encode() if self.password else None,
            will=will,
        )
