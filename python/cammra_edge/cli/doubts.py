"""Filters that let nothing through, and what receivers or file names miss: for `check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.config.lists import ListMode
from cammra_edge.model import Direction, EventKind
from cammra_edge.profile import FilesContent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.config import Settings
    from cammra_edge.profile import Profile

_OF_THE_DEVICE = {"#M": "MAC address", "#DEVICE_ID": "Device ID"}
"""Variables of file names, and what of the camera each stands for."""


def filter_doubts(profile: Profile, settings: Settings) -> Iterator[str]:
    """Filters that cannot match, each alone or with the others."""
    yield from _of_lists(profile, settings)
    there = {region.roi_id for region in settings.tracking.regions} or {1}
    for roi in sorted(profile.rois - there):
        yield f"asks for region {roi}, which there is not: only a recogniser that names it itself makes one match"
    if profile.events == {EventKind.NEW} and Direction.UNKNOWN not in (
        profile.directions or {Direction.UNKNOWN}
    ):
        yield "sends New alone, whose direction is not known yet, and asks for a direction: nothing passes"
    if profile.min_confidence >= 1:
        yield f"min_confidence is {profile.min_confidence:g}: hardly any plate is read without a doubt"


def _of_lists(profile: Profile, settings: Settings) -> Iterator[str]:
    names = {one.name for one in settings.plate_lists}
    filled = {word for one in settings.plate_lists if one.entries for word in (one.name, one.mode)}
    for word in sorted(profile.lists - filled):
        if word in names:
            yield f"asks for plates on {word!r}, a list without plates"
        elif word in set(ListMode):
            yield f"asks for plates on {word} lists, and none of those has plates"
        else:
            yield f"asks for plates on {word!r}, a list that there is not"
    if profile.lists and not profile.lists & filled:
        yield "no plate is on any list that it asks for: nothing passes"


def device_doubts(profile: Profile, settings: Settings) -> Iterator[str]:
    """What of the camera is missing where something is named by it."""
    if not profile.device_id:
        yield "the Device ID is empty; receivers tell cameras apart by it"
    content = profile.protocol.content()
    if not isinstance(content, FilesContent):
        return
    values = {"#M": settings.device.mac, "#DEVICE_ID": profile.device_id}
    for variable, what in _OF_THE_DEVICE.items():
        if variable in f"{content.path}/{content.naming}" and not values[variable]:
            yield f"its file names have {variable}, and the {what} is not set: that part stays empty"
