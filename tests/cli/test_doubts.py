"""What `check` finds in settings that are allowed and cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.cli.explain import warnings
from cammra_edge.config import Settings
from cammra_edge.config.lists import ListEntry, ListMode, PlateList
from cammra_edge.model import Device
from cammra_edge.profile import Ftp, HttpPost, Profile

if TYPE_CHECKING:
    from collections.abc import Collection

STAFF = PlateList("staff", ListMode.ALLOW, [ListEntry("AB1")])
NOBODY = PlateList("nobody", ListMode.BLOCK)


def doubts(profile: Profile, **settings: Any) -> list[str]:  # noqa: ANN401 - of any field
    found = warnings(Settings(profiles=[profile], plate_lists=[STAFF, NOBODY], **settings))
    return [why.removeprefix("gate: ") for why in found]


def gate(**fields: Any) -> Profile:  # noqa: ANN401 - of any field
    return Profile("gate", HttpPost("https://h/"), **{"device_id": "G1", **fields})


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ({"staff"}, []),
        ({"allow"}, []),
        ({"staff", "guests"}, ["asks for plates on 'guests', a list that there is not"]),
        (
            {"nobody"},
            [
                "asks for plates on 'nobody', a list without plates",
                "no plate is on any list that it asks for: nothing passes",
            ],
        ),
        (
            {"block"},
            [
                "asks for plates on block lists, and none of those has plates",
                "no plate is on any list that it asks for: nothing passes",
            ],
        ),
    ],
)
def test_lists_that_are_not_there_or_empty_are_found(
    lists: Collection[str], found: list[str]
) -> None:
    assert doubts(gate(lists=lists)) == found


def test_a_region_that_is_not_there_is_found() -> None:
    assert doubts(gate(rois={1})) == []
    (why,) = doubts(gate(rois={1, 2}))
    assert why.startswith("asks for region 2, which there is not")


def test_a_direction_that_is_not_known_yet_is_found() -> None:
    assert doubts(gate(events={"new"}, directions={"unknown", "in"})) == []
    assert doubts(gate(events={"new", "reliable"}, directions={"in"})) == []
    (why,) = doubts(gate(events={"new"}, directions={"in"}))
    assert why.startswith("sends New alone, whose direction is not known yet")


def test_a_confidence_that_hardly_any_plate_has_is_found() -> None:
    assert doubts(gate(min_confidence=0.99)) == []
    (why,) = doubts(gate(min_confidence=1))
    assert why.startswith("min_confidence is 1")


def test_an_empty_device_id_is_found() -> None:
    assert doubts(gate(device_id="")) == [
        "the Device ID is empty; receivers tell cameras apart by it"
    ]


def test_a_camera_without_what_its_file_names_have_is_found() -> None:
    named = Profile("gate", Ftp("ftps://h", naming="#M_#PLATE"), device_id="G1")
    assert doubts(named, device=Device(mac="B8:A4:4F:96:0A:CE")) == []
    assert doubts(named) == [
        "its file names have #M, and the MAC address is not set: that part stays empty"
    ]
