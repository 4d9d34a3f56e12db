"""From the outbox to the receivers: one worker per profile."""

from cammra_edge.delivery.gate import GateState
from cammra_edge.delivery.journal import Try
from cammra_edge.delivery.status import KeepaliveStatus, ProfileState, ProfileStatus, stored_status
from cammra_edge.delivery.transcript import Transcript
from cammra_edge.delivery.worker import DeliveryWorker

__all__ = [
    "DeliveryWorker",
    "GateState",
    "KeepaliveStatus",
    "ProfileState",
    "ProfileStatus",
    "Transcript",
    "Try",
    "stored_status",
]
