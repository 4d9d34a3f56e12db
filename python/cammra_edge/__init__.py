"""Pushes what an ANPR camera reads to whoever asked for it, and keeps trying until they have it.

The public names, nothing else. What a config script needs comes from here; `cammra_edge.web` serves the page.
"""

from cammra_edge.config import OutboxSettings, Region, Settings, TrackingSettings, env, secret_file
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
from cammra_edge.profile import Auth, Framing, Ftp, HttpPost, Profile, Tcp, Timeouts, Tls

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
    "ListEntry",
    "ListMode",
    "OutboxSettings",
    "PlateList",
    "PlateRead",
    "Profile",
    "Region",
    "Settings",
    "Subsampling",
    "Tcp",
    "Timeouts",
    "Tls",
    "TrackingSettings",
    "VehicleInfo",
    "env",
    "secret_file",
]
