"""Who sends an event: a camera, by the name and at the place that a profile gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cammra_edge.model import Device


class Sender(NamedTuple):
    """What every event of a profile says about where it comes from."""

    device: Device
    profile_id: int
    device_id: str
    latitude: float
    longitude: float
