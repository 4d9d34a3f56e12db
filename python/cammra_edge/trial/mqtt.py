"""The Test of a profile that publishes to a broker: its answers to signing in, with its limits, and to the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.profile import Mqtt
from cammra_edge.sinks.mqtt import MqttSink
from cammra_edge.trial.found import Found
from cammra_edge.trial.secure import SecureTrial
from cammra_edge.trial.step import NOTHING

if TYPE_CHECKING:
    from cammra_edge.phrases import Said
    from cammra_edge.profile import Endpoint
    from cammra_edge.sinks.base import Sink


class MqttTrial(SecureTrial[Mqtt]):
    """Signs in under a name of its own, so that the profile's own connection stays."""

    _opened: Sink | None = None

    def _reached(self) -> Endpoint:
        return self._way.proxy_endpoint() or self._endpoint

    def _sink(self) -> Sink:
        self._opened = super()._sink()
        return self._opened

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
