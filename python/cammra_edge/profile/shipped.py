"""The templates that are shipped: each a file under `presets`, which says for whom it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

Preset = Literal[
    "alpr-database",
    "bof2",
    "cloudevents",
    "csv",
    "dahua-itsapi",
    "hikvision",
    "home-assistant",
    "kafka-rest",
    "milesight",
    "node-red",
    "onvif",
    "openalpr",
    "plate-recognizer",
]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)
"""What the protocol Template offers."""
SHIPPED: Final = ("utmc", "utmc-2", "genetec", "2n", *PRESETS)
"""Those and the templates of protocols of their own."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What whoever sets up a profile must know of a template's receiver; empty where there is nothing to say.

    Args:
        name: Of the receiver.
        auth_header: What goes into Auth-Header.
        images: Which pictures it takes.
        events: Which event types suit it.
        success: What it answers when it has taken an event, and what to set so that this is understood.
        left_out: What it does not get.
        source: How sure the shape is.
    """

    name: str
    auth_header: str = ""
    images: str = ""
    events: str = ""
    success: str = ""
    left_out: str = ""
    source: str = ""


@cache
def preset_text(name: str) -> str:
    """A shipped template's own text, to be read or changed."""
    from importlib.resources import files  # noqa: PLC0415 - a profile with a template pays for it, no other start

    path = files("cammra_edge.profile").joinpath("presets", f"{name}.toml")
    return path.read_text(encoding="utf-8")


def receiver(name: str) -> Receiver:
    """For whom a shipped template is."""
    import tomllib  # noqa: PLC0415 - as above

    return Receiver(**tomllib.loads(preset_text(name))["receiver"])
