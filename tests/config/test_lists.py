"""Which list a plate stands on, and lists as CSV."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.config.lists import (
    ListEntry,
    ListIndex,
    ListMode,
    PlateList,
    csv_from_entries,
    entries_from_csv,
)
from cammra_edge.errors import ConfigError
from cammra_edge.model import ListMatch

STAFF = PlateList(
    "Staff", ListMode.ALLOW, (ListEntry("AB 123-CD", "Anna"), ListEntry("FF*", "fleet"))
)
BANNED = PlateList("Banned", ListMode.BLOCK, (ListEntry("FF666", "unpaid"),))


@pytest.mark.parametrize("text", ["AB123CD", "ab 123 cd", "AB-123-CD"])
def test_case_spaces_and_hyphens_do_not_count(text: str) -> None:
    assert ListIndex([STAFF]).find(text) == ListMatch(
        name="Staff", mode="allow", description="Anna"
    )


def test_a_block_list_speaks_before_an_allow_list() -> None:
    index = ListIndex([STAFF, BANNED])
    assert index.find("FF666").mode == "block"
    assert index.find("FF667").description == "fleet"


def test_an_unknown_or_empty_plate_stands_on_no_list() -> None:
    index = ListIndex([STAFF, PlateList("all", ListMode.CUSTOM, (ListEntry("?*"),))])
    assert index.find("") == ListMatch()
    assert ListIndex([STAFF]).find("XY1") == ListMatch()


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("A?1", "AB1", True), ("A?1", "A1", False), ("*9", "AB99", True), ("A*B*C", "AXXBYYC", True)],
)
def test_wildcards_mean_what_people_expect(pattern: str, text: str, fits: bool) -> None:  # noqa: FBT001 - a table
    found = ListIndex([PlateList("one", entries=(ListEntry(pattern),))]).find(text)
    assert bool(found.name) is fits


def test_many_stars_and_a_long_plate_are_answered_at_once() -> None:
    index = ListIndex([PlateList("evil", entries=(ListEntry("*A" * 30),))])
    assert index.find("A" * 10_000 + "B") == ListMatch()


def test_a_csv_comes_back_as_it_went() -> None:
    assert entries_from_csv(csv_from_entries(STAFF.entries)) == STAFF.entries


def test_a_csv_from_a_spreadsheet_is_understood() -> None:
    text = "\ufeffPlate;Description\r\nAB123;Anna, second gate\r\n\r\n XY1 ;\r\n"
    assert entries_from_csv(text) == (ListEntry("AB123", "Anna, second gate"), ListEntry("XY1"))


def test_a_bad_line_is_named() -> None:
    with pytest.raises(ConfigError, match="line 2"):
        entries_from_csv("AB1,x\n-,y\n")


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_a_config_error(text: str) -> None:
    try:
        entries = entries_from_csv(text)
    except ConfigError:
        return
    assert ListIndex([PlateList("x", entries=entries)]).find(text) is not None
