"""What a connection to a broker says of the camera itself: state, health, and documents that are kept.

One object for all connections of a session, since it remembers what a broker has refused and when health is due. Pure:
times and chance are arguments. It is called under the session's lock, `prepare` alone without it. Invariants, held by
`tests/sinks/test_mqtt_presence.py`:

1. Nothing here stops events: what the broker refuses is told in words (`trouble`). A broker that ends the connection
   for it, or never acknowledges it, is told nothing for a while, or asked for no acknowledgement.
2. What waits for its PUBACK counts against the broker's Receive Maximum, and nothing is sent beyond it.
3. The last thing said is true: state goes again once a connection that this one replaced has surely ended.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cammra_edge.framing import mqtt_publish
from cammra_edge.phrases import quoted
from cammra_edge.retry import NS_PER_S, draw_evenly
from cammra_edge.sinks.mqtt_reasons import PresenceWhy, numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.phrases import Said
    from cammra_edge.profile import Presence
    from cammra_edge.sinks.mqtt_limits import Limits

_log = logging.getLogger(__name__)

HEALTH_S: Final = 60.0
JITTER: Final = 0.1
"""Health comes at random within this share of its period, so that a fleet's does not come at once."""
HEALTH_EXPIRES_S: Final = 200
"""Three periods and a little: nobody should take older figures for today's."""
MUTE_S: Final = 900.0
_PATIENCE: Final = 2
"""Connections in a row that end over what we say, before we say it in another way, or not."""
_REFUSED: Final = 0x80
_ENDS_LATE: Final = 1.5
"""Of the keep-alive: a broker gives up a connection that went away in silence."""
WILL_REFUSALS: Final = frozenset({0x87, 0x90, 0x95, 0x9A, 0x9B})
"""Reasons of a CONNACK that may mean the will alone."""
_NO_RETAIN: Final = 0x9A


@dataclass(frozen=True, slots=True)
class _Own:
    """One message of our own."""

    topic: str
    payload: bytes
    expires_s: int | None = None


class Announcer:
    """See the module.

    Args:
        presence: What is to be said.
        level: 5, or 4 for MQTT 3.1.1.
        answer_s: How long the broker may take to acknowledge it.
        largest_bytes: The largest packet, for a broker that names no limit; 0 for none.
        draw: Evenly distributed numbers in `[0, 1)`.
    """

    def __init__(
        self,
        presence: Presence,
        *,
        level: int,
        answer_s: float,
        largest_bytes: int = 0,
        draw: Callable[[], float] = draw_evenly,
    ) -> None:
        self.trouble: Said = quoted("")
        """What of it does not arrive, and why; for people."""
        self._what = presence
        self._level = level
        self._answer_ns = round(answer_s * NS_PER_S)
        self._own_limit = largest_bytes
        self._draw = draw
        self._troubles: dict[str, Said] = {}
        # Of the session.
        self._will_kept = True
        self._will_refused = False
        self._will_innocent = False
        self._cut = 0
        self._unanswered = 0
        self._muted_until_ns = 0
        self._health_due_ns: int | None = None
        # Of the connection.
        self._greeted = False
        self._again_ns: int | None = None
        self._said_will = False
        self._keeps = True
        self._at_least_once = True
        self._limit = 0
        self._keep_alive_s = 0.0
        self._health = b""
        self.waiting: deque[_Own] = deque()
        """What is to be said, in order."""
        self.flying: dict[int, tuple[_Own, int]] = {}
        """What waits for its PUBACK, by its number, and until when."""

    # ---- the connection's life -----------------------------------------------------------------------

    def will(self, now_mono_ns: int) -> tuple[str, bytes, bool] | None:
        """A connection begins: what the broker is to say when it breaks."""
        self._greeted = False
        self._again_ns = None
        if self._cut >= _PATIENCE:
            self._cut = 0
            self._muted_until_ns = now_mono_ns + round(MUTE_S * NS_PER_S)
            self._note("", PresenceWhy.CUT_OFF(minutes=round(MUTE_S / 60)))
        what = self._what
        self._said_will = bool(
            what.state_topic and not self._will_refused and now_mono_ns >= self._muted_until_ns
        )
        return (what.state_topic, what.offline, self._will_kept) if self._said_will else None

    def was_will(self, reason: int) -> bool:
        """Was the connection refused for its will, as far as can be told? Then the next one has another, or none."""
        if reason not in WILL_REFUSALS:
            return False
        if not self._said_will:
            # Without a will it is refused as well: the will was not to blame.
            self._will_innocent |= self._will_refused
            self._will_refused = False
            return False
        if reason == _NO_RETAIN and self._will_kept:
            self._will_kept = False
            return True
        if self._will_innocent:
            return False
        self._will_refused = True
        self._note(self._what.state_topic, PresenceWhy.WILL_REFUSED(reason=numbered(reason)))
        return True

    def opened(self, now_mono_ns: int, limits: Limits, keep_alive_s: float) -> None:
        """It is there: say so."""
        self._keeps = limits.keeps
        self._at_least_once = limits.at_least_once
        self._limit = limits.largest_bytes or self._own_limit
        self._keep_alive_s = keep_alive_s
        if now_mono_ns >= self._muted_until_ns:
            self._greet(now_mono_ns)

    def ended(self, *, by_broker: bool) -> None:
        """It is over."""
        if by_broker and self.flying:
            self._cut += 1
        self.flying.clear()
        self.waiting.clear()

    def goodbye(self) -> bytes:
        """What goes before the end that we say ourselves: no will is published then, and no answer waited for."""
        if not self._greeted or not self._what.state_topic:
            return b""
        return self._packet(_Own(self._what.state_topic, self._what.offline), 0)

    # ---- what is said --------------------------------------------------------------------------------

    def packets(self, room: int, numbers: Callable[[], int], now_mono_ns: int) -> list[bytes]:
        """What can be said now.

        Args:
            room: How many more messages the broker takes before it has answered one.
            numbers: The next number for one.
            now_mono_ns: The time.
        """
        said: list[bytes] = []
        acknowledged = self._at_least_once and self._unanswered < _PATIENCE
        while self.waiting and (room > 0 or not acknowledged):
            own = self.waiting.popleft()
            packet_id = numbers() if acknowledged else 0
            packet = self._packet(own, packet_id)
            if self._limit and len(packet) > self._limit:
                self._note(own.topic, PresenceWhy.OWN_TOO_LARGE(topic=own.topic))
                continue
            said.append(packet)
            if acknowledged:
                room -= 1
                self.flying[packet_id] = (own, now_mono_ns + self._answer_ns)
        return said

    def acknowledged(self, packet_id: int, reason: int) -> None:
        """The broker has answered one of them."""
        own, _ = self.flying.pop(packet_id)
        self._cut = self._unanswered = 0
        self._troubles.pop("", None)
        if reason >= _REFUSED:
            self._note(own.topic, PresenceWhy.OWN_REFUSED(topic=own.topic, reason=numbered(reason)))
            return
        if own.topic in self._what.documents:
            self._what.taken.add(own.topic)
        if own.payload and not self._keeps:
            self._note(own.topic, PresenceWhy.NOT_KEPT())
        elif own.topic == self._what.state_topic and self._will_refused:
            pass  # what was said of the will still holds
        else:
            self._note(own.topic, None)

    # ---- time ----------------------------------------------------------------------------------------

    def due_mono_ns(self) -> int | None:
        """When there is something to say, or to give up."""
        answer_ns = min((due for _, due in self.flying.values()), default=None)
        if not self._what.health_topic:
            return answer_ns
        say_ns = self._muted_until_ns if not self._greeted else self._health_due_ns
        return min((due for due in (answer_ns, say_ns) if due is not None), default=None)

    def prepare(self, now_mono_ns: int) -> None:
        """Ask how the camera is, where that is due: without a lock, as the answer may take a moment."""
        if self._is_health_due(now_mono_ns):
            try:
                self._health = self._what.health()
            except Exception:  # noqa: BLE001 - a fault of ours must not end the connection
                self._health = b""
                _log.exception("health cannot be told")

    def tick(self, now_mono_ns: int) -> bool:
        """Queue what is due; False where the broker has not acknowledged something in time."""
        if any(now_mono_ns >= due for _, due in self.flying.values()):
            self._unanswered += 1
            if self._unanswered >= _PATIENCE:
                self._note("", PresenceWhy.NOT_ACKNOWLEDGED())
            return False
        if not self._greeted:
            if now_mono_ns >= self._muted_until_ns:
                self._greet(now_mono_ns)
        elif self._is_health_due(now_mono_ns):
            self._say_health(now_mono_ns)
        return True

    def _greet(self, now_mono_ns: int) -> None:
        what = self._what
        self._greeted = True
        if what.state_topic:
            self.waiting.append(_Own(what.state_topic, what.online))
            late_ns = round(_ENDS_LATE * self._keep_alive_s * NS_PER_S)
            self._again_ns = now_mono_ns + late_ns
        self.waiting.extend(_Own(topic, text) for topic, text in what.documents.items())
        if what.health_topic and self._health_due_ns is None:
            self._health_due_ns = now_mono_ns

    def _is_health_due(self, now_mono_ns: int) -> bool:
        return (
            self._greeted and self._health_due_ns is not None and now_mono_ns >= self._health_due_ns
        )

    def _say_health(self, now_mono_ns: int) -> None:
        what, health = self._what, self._health
        self._health = b""
        period_s = HEALTH_S * (1 + JITTER * (2 * self._draw() - 1))
        self._health_due_ns = now_mono_ns + round(period_s * NS_PER_S)
        if self._again_ns is not None and now_mono_ns >= self._again_ns:
            # The will of a connection that this one replaced may have come after what we said first.
            self._again_ns = None
            self.waiting.append(_Own(what.state_topic, what.online))
        waits = any(own.topic == what.health_topic for own, _ in self.flying.values())
        if health and not waits:
            self.waiting.append(_Own(what.health_topic, health, HEALTH_EXPIRES_S))

    # ---- words ---------------------------------------------------------------------------------------

    def _packet(self, own: _Own, packet_id: int) -> bytes:
        return mqtt_publish(
            own.topic,
            own.payload,
            level=self._level,
            packet_id=packet_id,
            retain=self._keeps,
            expiry_s=own.expires_s,
            content_type="application/json" if own.payload else "",
            response_topic="",
            correlation_data=b"",
            user_properties=(),
        )

    def _note(self, topic: str, what: Said | None) -> None:
        if what is None:
            self._troubles.pop(topic, None)
        else:
            self._troubles[topic] = what
        before, why = self.trouble, next(iter(self._troubles.values()), quoted(""))
        self.trouble = why
        if why and why != before:
            _log.warning("not all that the camera says of itself arrives why=%s", why)
