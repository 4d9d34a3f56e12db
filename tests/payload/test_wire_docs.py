"""The description of the wire names every field, variable and preset that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from cammra_edge.profile import (
    NAMING_1_3,
    NAMING_2_0,
    PATH_1_3,
    PATH_2_0,
    SHIPPED,
)
from cammra_edge.profile.fields import FIELDS, Kind
from cammra_edge.profile.protocols.ftp import NAMING_VARIABLES
from tests.payload.events import sent_members

WIRE = (Path(__file__).parents[2] / "docs" / "ref" / "wire.md").read_text()


def section(heading: str) -> str:
    return WIRE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def keys_in(tables: str) -> list[str]:
    """What the first column names."""
    rows = re.findall(r"^\| ([^|]*) \|", tables, re.MULTILINE)
    return [key for row in rows for key in re.findall(r"`([A-Za-z0-9_-]+)`", row)]


def test_every_key_of_the_event_stands_there() -> None:
    vendors, _, _ = section("The event").partition("\n### ")
    assert set(keys_in(vendors)) == sent_members().keys()


def test_every_member_of_our_own_stands_there_in_its_order() -> None:
    _, _, own = section("The event").partition("\n### Our own member\n")
    assert keys_in(own) == list(sent_members()["cammra_edge"])


def test_every_field_of_a_template_stands_under_its_type() -> None:
    rows = dict(
        re.findall(
            r"^\| (text|whole|number|pixel|time|image) \|(.*)\|$",
            section("Templates"),
            re.MULTILINE,
        )
    )
    for kind in Kind:
        names = re.findall(r"`([a-z0-9_]+)`", rows[kind.value].rpartition("|")[2])
        assert set(names) == {name for name, of_kind in FIELDS.items() if of_kind is kind}


def test_every_preset_stands_there() -> None:
    shipped = section("Templates").partition("Shipped: ")[2].partition(". ")[0]
    assert set(re.findall(r"`([a-z0-9-]+)`", shipped)) == set(SHIPPED)


def test_every_variable_of_ftp_and_the_defaults_stand_there() -> None:
    text_of_ftp = section("FTP")
    for variable in NAMING_VARIABLES:
        assert f"`{variable}`" in text_of_ftp
    for text in (PATH_2_0, NAMING_2_0, PATH_1_3):
        assert f"`{text}`" in text_of_ftp
    assert NAMING_2_0.replace("#ROI", "#AOI") == NAMING_1_3
