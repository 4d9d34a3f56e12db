"""Durable events, images and deliveries: the seam between deciding and delivering."""

from cammra_edge.outbox.bounds import Limits
from cammra_edge.outbox.folder import ANNOUNCED
from cammra_edge.outbox.found import (
    Erased,
    Erasure,
    EventQuery,
    EventState,
    FoundEvent,
    FoundPage,
    History,
    HistoryStatus,
)
from cammra_edge.outbox.lane import TakeRules
from cammra_edge.outbox.outbox import Outbox
from cammra_edge.outbox.values import (
    Delivery,
    Dropped,
    NewEvent,
    OpenVehicle,
    OutboxStatus,
    Parked,
    Tally,
    Waiting,
    Wanted,
)

__all__ = [
    "ANNOUNCED",
    "Delivery",
    "Dropped",
    "Erased",
    "Erasure",
    "EventQuery",
    "EventState",
    "FoundEvent",
    "FoundPage",
    "History",
    "HistoryStatus",
    "Limits",
    "NewEvent",
    "OpenVehicle",
    "Outbox",
    "OutboxStatus",
    "Parked",
    "TakeRules",
    "Tally",
    "Waiting",
    "Wanted",
]
