"""Pushes what an ANPR camera reads to whoever asked for it, and keeps trying until they have it.

The public names, nothing else. What a config script needs comes from here; `cammra_edge.web` serves the page.

A name's module is imported when the name is first asked for: a program that only encodes pictures pays for no
outbox (`tests/house/test_public_names.py`).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cammra_edge.config import (
        OutboxSettings,
        Region,
        Settings,
        TrackingSettings,
        env,
        secret_file,
    )
    from cammra_edge.config.lists import ListEntry, ListMode, PlateList
    from cammra_edge.engine import Engine, EngineStatus
    from cammra_edge.errors import CammraError, ConfigError
    from cammra_edge.model import (
        Device,
        Direction,
        Event,
        EventKind,
        FrameFormat,
        FrameTime,
        ImageKind,
        PlateRead,
        Subsampling,
        VehicleInfo,
    )
    from cammra_edge.profile import (
        Auth,
        Framing,
        Ftp,
        HttpPost,
        Keepalive,
        Order,
        Profile,
        Tcp,
        Template,
        Timeouts,
        Tls,
        Utmc,
        Utmc2,
    )

_HOMES = {
    "cammra_edge.config": (
        "OutboxSettings",
        "Region",
        "Settings",
        "TrackingSettings",
        "env",
        "secret_file",
    ),
    "cammra_edge.config.lists": ("ListEntry", "ListMode", "PlateList"),
    "cammra_edge.engine": ("Engine", "EngineStatus"),
    "cammra_edge.errors": ("CammraError", "ConfigError"),
    "cammra_edge.model": (
        "Device",
        "Direction",
        "Event",
        "EventKind",
        "FrameFormat",
        "FrameTime",
        "ImageKind",
        "PlateRead",
        "Subsampling",
        "VehicleInfo",
    ),
    "cammra_edge.profile": (
        "Auth",
        "Framing",
        "Ftp",
        "HttpPost",
        "Keepalive",
        "Order",
        "Profile",
        "Tcp",
        "Template",
        "Timeouts",
        "Tls",
        "Utmc",
        "Utmc2",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Auth",
    "CammraError",
    "ConfigError",
    "Device",
    "Direction",
    "Engine",
    "EngineStatus",
    "Event",
    "EventKind",
    "FrameFormat",
    "FrameTime",
    "Framing",
    "Ftp",
    "HttpPost",
    "ImageKind",
    "Keepalive",
    "ListEntry",
    "ListMode",
    "Order",
    "OutboxSettings",
    "PlateList",
    "PlateRead",
    "Profile",
    "Region",
    "Settings",
    "Subsampling",
    "Tcp",
    "Template",
    "Timeouts",
    "Tls",
    "TrackingSettings",
    "Utmc",
    "Utmc2",
    "VehicleInfo",
    "env",
    "secret_file",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME_OF]
