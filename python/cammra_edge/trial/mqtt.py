"""The Test of a profile that publishes to a broker: its answers to signing in, with its limits, and to the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.payload import presence
from cammra_edge.profile import Mqtt, PresenceChoice
from cammra_edge.sinks.mqtt import MqttSink
from cammra_edge.trial.found import Found
from cammra_edge.trial.secure import SecureTrial
from cammra_edge.trial.step import NOTHING, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.message import Message
    from cammra_edge.phrases import Said
    from cammra_edge.profile import Endpoint
    from cammra_edge.sinks.base import Outcome, Sink


class MqttTrial(SecureTrial[Mqtt]):
    """Signs in under a name of its own, so that the profile's own connection stays."""

    _opened: Sink | None = None

    def _reached(self) -> Endpoint:
        return self._way.proxy_endpoint() or self._endpoint

    def _sink(self) -> Sink:
        self._opened = super()._sink()
        return self._opened

    def _sending_steps(self, outcome: Outcome, message: Message, took_ms: float) -> Iterator[Step]:
        yield from super()._sending_steps(outcome, message, took_ms)
        way = self._way.presence_way()
        if way.choice is not PresenceChoice.OFF:
            named = way.choice is PresenceChoice.ON
            would_say = Found.WOULD_SAY if named else Found.WOULD_SAY_IF_ALONE
            state = presence.state_topic(way, self._device)
            health = presence.health_topic(way, self._device)
            yield Step("presence", "skipped", 0.0, would_say(state=state, health=health))

    def _signed_in(self) -> Said:
        limits = self._opened.limits() if isinstance(self._opened, MqttSink) else None
        if limits is None or not isinstance(self._opened, MqttSink):
            return NOTHING
        client, count = self._opened.client_id, limits.receive_maximum
        keep_alive_s = limits.keep_alive_s or self._way.keep_alive_s
        if not limits.largest_bytes:
            return Found.BROKER_TAKES_ANY(client=client, count=count, keep_alive_s=keep_alive_s)
        size = f"{limits.largest_bytes:,}"
        return Found.BROKER_TAKES(client=client, count=count, size=size, keep_alive_s=keep_alive_s)
