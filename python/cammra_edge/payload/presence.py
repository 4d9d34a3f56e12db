"""What a camera says of itself to a broker: that it is there, how it is, and what Home Assistant makes of both.

Pure: a document and the values in it make the same bytes. No plate stands in any of it.
Held by `tests/payload/test_presence.py`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from cammra_edge.model import EventKind
from cammra_edge.profile.caller import level_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Device
    from cammra_edge.profile import PresenceWay

_NOT_IN_ID: Final = re.compile(r"[^A-Za-z0-9_-]")
_VARIABLE: Final = re.compile(r"\{[a-z]+\}")
_EXPIRES_S: Final = 200
"""After so long without health Home Assistant knows no figures any more."""
_SAYS: Final = {
    "ff": ("carState", "plateUTF8", "carMoveDirection"),
    "cloudevents": ("data.event", "data.plate", "data.direction"),
}
"""Where the payloads have an event's type, plate and direction."""


def state_topic(way: PresenceWay, device: Device) -> str:
    """Where the camera says that it is there."""
    return f"{_base(way, device)}/state"


def health_topic(way: PresenceWay, device: Device) -> str:
    """Where it says how it is."""
    return f"{_base(way, device)}/health"


def discovery_topic(way: PresenceWay, device: Device) -> str:
    """Where Home Assistant finds it; empty where it is not to."""
    return f"{way.discovery_prefix}/device/{_id(device)}/config" if way.discovery_prefix else ""


def state(boot: str, *, online: bool) -> bytes:
    """That the camera is there, or not, and since which start."""
    return _json({"online": online, "boot": boot})


def health(facts: Mapping[str, object]) -> bytes:
    """How it is."""
    return _json(facts)


def discovery(way: PresenceWay, device: Device, version: str) -> bytes:
    """The document by which Home Assistant finds the camera (device discovery, since its 2024.11)."""
    components = {
        "problem": {
            "platform": "binary_sensor",
            "name": "Problem",
            "device_class": "problem",
            "entity_category": "diagnostic",
            "value_template": "{{ 'ON' if value_json.reasons else 'OFF' }}",
        },
        "events": _sensor("Events", "value_json.events.values() | sum", "total_increasing"),
        "waiting": _sensor(
            "Events waiting",
            "value_json.profiles.values() | map(attribute='queue_events') | sum",
            "measurement",
        ),
        "parked": _sensor(
            "Events parked",
            "value_json.profiles.values() | map(attribute='parked_now') | sum",
            "measurement",
        ),
        **_vehicle(way, device),
    }
    for name, one in components.items():
        one["unique_id"] = f"{_id(device)}_{name}"
        if one["platform"] != "event":
            one["expire_after"] = _EXPIRES_S
    return _json(
        {
            "device": {
                "identifiers": [_id(device)],
                "name": device.model or f"Camera {level_of(device.serial)}",
                "serial_number": level_of(device.serial),
                "sw_version": version,
                **({"model": device.model} if device.model else {}),
            },
            "origin": {"name": "cammra-edge", "sw_version": version},
            "availability": [
                {
                    "topic": state_topic(way, device),
                    "value_template": "{{ 'online' if value_json.online else 'offline' }}",
                }
            ],
            "state_topic": health_topic(way, device),
            "qos": 1,
            "components": components,
        }
    )


def _sensor(name: str, value: str, state_class: str) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "name": name,
        "state_class": state_class,
        "entity_category": "diagnostic",
        "value_template": f"{{{{ {value} }}}}",
    }


def _vehicle(way: PresenceWay, device: Device) -> dict[str, dict[str, Any]]:
    """An event entity for vehicles, where topic and payload have what it needs."""
    topic = way.event_topic.replace("{device}", level_of(device.serial))
    levels = ["+" if _VARIABLE.fullmatch(level) else level for level in topic.split("/")]
    says = _SAYS.get(way.payload)
    if says is None or any("{" in level for level in levels):
        return {}
    kind, plate, direction = says
    template = ", ".join(
        f'"{name}": {{{{ value_json.{member} | tojson }}}}'
        for name, member in (("event_type", kind), ("plate", plate), ("direction", direction))
    )
    return {
        "vehicle": {
            "platform": "event",
            "name": "Vehicle",
            "state_topic": "/".join(levels),
            "event_types": [kind.value for kind in EventKind],
            "value_template": f"{{ {template} }}",
        }
    }


def _base(way: PresenceWay, device: Device) -> str:
    return way.base.replace("{device}", level_of(device.serial))


def _id(device: Device) -> str:
    return "cammra_" + _NOT_IN_ID.sub("_", level_of(device.serial))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
