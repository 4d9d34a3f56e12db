"""Pushes what an ANPR camera reads to whoever asked for it, and keeps trying until they have it.

The public names, nothing else. What a config script needs comes from here; `cammra_edge.web` serves the page.

A name's module is imported when the name is first asked for, so a program that only encodes pictures pays for no
outbox. The stub beside this file has the same names for type checkers (`tests/house/test_public_names.py`).
"""

from importlib import import_module

_NAMES = {
    "config": "OutboxSettings Region Settings TrackingSettings env secret_file",
    "config.lists": "ListEntry ListMode PlateList",
    "engine": "Engine EngineStatus ImageEncoder Nv12",
    "errors": "CammraError ConfigError",
    "model": "Device Direction Event EventKind FrameFormat FrameTime ImageKind PlateRead Subsampling VehicleInfo",
    "outbox": "EventQuery EventState",
    "profile": "Keepalive Order Profile Timeouts Tls",
    "profile.protocols": (
        "AccessPoint AccessPointWord Auth AuthWord Framing FramingWord Ftp Genetec HttpPost Mqtt"
        " NAMING_1_3 NAMING_2_0 PATH_1_3 PATH_2_0 Payload PayloadWord Pictures PicturesWord"
        " PresenceChoice PresenceWord Tcp Template TwoN Utmc Utmc2"
    ),
}
_HOMES = {name: f"{__name__}.{home}" for home, names in _NAMES.items() for name in names.split()}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
