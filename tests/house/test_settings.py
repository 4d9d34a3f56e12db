"""Every setting is documented where it is declared, and the Rust half takes each that is the tracker's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cammra_edge.config import Settings, TrackingSettings
from cammra_edge.fields import settings_of
from cammra_edge.profile import PROTOCOLS, Profile
from tests.house.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

CROSSING = ROOT / "rust" / "cammra-py" / "src" / "tracking" / "settings.rs"


def with_those_inside(cls: type) -> Iterator[type]:
    """A class of settings, and those of its fields."""
    yield cls
    for one in settings_of(cls).values():
        if one.check.record:
            yield from with_those_inside(one.check.record)


CLASSES = sorted(
    {
        inside
        for cls in (Settings, Profile, *PROTOCOLS.values())
        for inside in with_those_inside(cls)
    },
    key=lambda cls: cls.__name__,
)


def test_there_are_classes() -> None:
    assert {TrackingSettings, Profile} < set(CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_documented(cls: type) -> None:
    text = "\n".join(base.__doc__ or "" for base in cls.__mro__ if base is not object)
    assert settings_of(cls).keys() - re.findall(r"^ +(\w+): ", text, re.MULTILINE) == set()


def test_the_tracker_takes_its_settings_and_no_other() -> None:
    taken = re.findall(r'\btracking(?:, |\.getattr\()"(\w+)"', CROSSING.read_text(encoding="utf-8"))
    assert sorted(taken) == sorted(settings_of(TrackingSettings))
