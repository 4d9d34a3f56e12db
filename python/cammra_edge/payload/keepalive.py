"""The body of a keepalive: the vendor's three sections, with the chosen fields, or what Dahua's receivers know.

Shape and key names are those of AXIS License Plate Verifier's heartbeat (`docs/ref/wire.md`); what CAMMRA AI
sends is not public. `health` is ours. `tests/payload/test_keepalive.py` holds it to the vendor's sample. The two
members for Dahua's are those that public receivers of its ITSAPI read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.message import Body
from cammra_edge.payload.naming import utc_text
from cammra_edge.profile import KeepaliveShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Device
    from cammra_edge.profile import Keepalive


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of the camera at the moment of sending.

    Args:
        now_utc_ns: By the wall clock.
        app_version: Of this package.
        os_version: Of the system.
        frames: Frames seen since the start.
        reads: Plate reads since the start.
        frames_per_s: Since the last keepalive.
        health: Facts by name, such as queue depths and the last success of each profile.
    """

    now_utc_ns: int
    app_version: str = ""
    os_version: str = ""
    frames: int = 0
    reads: int = 0
    frames_per_s: int = 0
    health: Mapping[str, object] | None = None


def keepalive_body(settings: Keepalive, device: Device, status: Status) -> Body:
    """Render one keepalive."""
    if settings.shape is KeepaliveShape.DAHUA_ITSAPI:
        return _json_body({"Active": "keepAlive", "DeviceID": settings.device_id})
    sections: dict[str, dict[str, object]] = {"system": {}, "identify": {}, settings.section: {}}
    if settings.timestamp:
        sections["system"]["timestamp"] = utc_text(status.now_utc_ns)
    identify = sections["identify"]
    if settings.mac_address:
        mac = device.bare_mac
        identify["macAddress"] = ":".join(mac[at : at + 2] for at in range(0, len(mac), 2))
    if settings.os_version:
        identify["osVersion"] = status.os_version
    own = sections[settings.section]
    if settings.device_id:
        own["device_ID"] = settings.device_id
    if settings.app_version:
        identify["anprVersion"] = status.app_version
        own["version"] = status.app_version
    own |= {
        "numFrames": str(status.frames),
        "numFramesAvg": str(status.frames_per_s),
        "numberOfReads": str(status.reads),
    }
    body: dict[str, object] = {name: members for name, members in sections.items() if members}
    if settings.health and status.health is not None:
        body["health"] = dict(status.health)
    return _json_body(body)


def _json_body(body: Mapping[str, object]) -> Body:
    content = json.dumps(body, ensure_ascii=True, separators=(",", ":"), default=str)
    return Body(content=content.encode(), content_type="application/json")
