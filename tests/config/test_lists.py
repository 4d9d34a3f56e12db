"""Which list a plate stands on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.config import Settings
from cammra_edge.config.lists import (
    MAX_ENTRIES,
    MAX_LISTS,
    MAX_PATTERNS,
    MAX_PLATES,
    ListEntry,
    ListIndex,
    ListMode,
    PlateList,
)
from cammra_edge.errors import ConfigError
from cammra_edge.model import ListMatch
from cammra_edge.plates import list_key

STAFF = PlateList(
    "Staff", ListMode.ALLOW, (ListEntry("AB 123-CD", "Anna"), ListEntry("FF*", "fleet"))
)
BANNED = PlateList("Banned", ListMode.BLOCK, (ListEntry("FF666", "unpaid"),))


@pytest.mark.parametrize("text", ["AB123CD", "ab 123 cd", "AB-123-CD", "AB·123·CD", "АВ１２３CD"])  # noqa: RUF001 - Cyrillic
def test_only_letters_and_digits_count_by_their_shape(text: str) -> None:
    assert ListIndex([STAFF]).find(text) == ListMatch(
        name="Staff", mode="allow", description="Anna"
    )


def test_a_block_list_speaks_before_an_allow_list() -> None:
    index = ListIndex([STAFF, BANNED])
    assert index.find("FF666").mode == "block"
    assert index.find("FF667").description == "fleet"


def test_an_unknown_or_empty_plate_stands_on_no_list() -> None:
    index = ListIndex([STAFF, PlateList("all", ListMode.CUSTOM, (ListEntry("?*"),))])
    assert index.find("") == index.find("-*?") == ListMatch()
    assert ListIndex([STAFF]).find("XY1") == ListMatch()
    assert ListIndex([]).find("XY1") == ListMatch()


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("A?1", "AB1", True),
        ("A?1", "A1", False),
        ("*9", "AB99", True),
        ("A*B*C", "AXXBYYC", True),
        ("Ａ-？＊", "А·77", True),  # noqa: RUF001 - Cyrillic
    ],
)
def test_wildcards_mean_what_people_expect(pattern: str, text: str, fits: bool) -> None:  # noqa: FBT001 - a table
    found = ListIndex([PlateList("one", entries=(ListEntry(pattern),))]).find(text)
    assert bool(found.name) is fits


def test_many_stars_and_a_long_plate_are_answered_at_once() -> None:
    index = ListIndex([PlateList("evil", entries=(ListEntry("*A" * 16),))])
    assert index.find("A" * 10_000 + "B") == ListMatch()


def fits(pattern: str, text: str) -> bool:
    """As a child would try it."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(fits(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and fits(pattern[1:], text[1:])


PATTERNS = st.text("ABÖ*?- ", min_size=1, max_size=6).filter(
    lambda text: list_key(text, pattern=True)
)
LISTS = st.lists(
    st.builds(
        PlateList,
        st.just("x"),
        st.sampled_from(ListMode),
        st.lists(st.builds(ListEntry, PATTERNS, PATTERNS), max_size=4),
    ),
    max_size=4,
)


@given(LISTS, st.text("ABÖab- ", max_size=6))
def test_the_first_match_in_order_of_the_modes_speaks(lists: list[PlateList], text: str) -> None:
    key = list_key(text)
    matches = [
        ListMatch(name="x", mode=mode.value, description=entry.description)
        for mode in (ListMode.BLOCK, ListMode.ALLOW, ListMode.CUSTOM)
        for plate_list in lists
        if plate_list.mode is mode
        for entry in plate_list.entries
        if key and fits(list_key(entry.pattern, pattern=True), key)
    ]
    assert ListIndex(lists).find(text) == (matches[0] if matches else ListMatch())


def of_length(count: int, pattern: str = "A") -> PlateList:
    return PlateList("x", entries=[ListEntry(pattern)] * count)


@pytest.mark.parametrize(
    ("lists", "where", "want"),
    [
        ([of_length(0)] * (MAX_LISTS + 1), "plate_lists", "at most 50 items"),
        (
            [of_length(MAX_ENTRIES)] * 5 + [of_length(1)],
            r"plate_lists\[5\]",
            "at most 100000 plates in all lists",
        ),
        (
            [of_length(MAX_PATTERNS // 2, "A*")] * 2 + [of_length(1, "?")],
            r"plate_lists\[2\]",
            r"at most 10000 patterns with \* or \? in all lists",
        ),
    ],
)
def test_all_lists_together_have_bounds(lists: list[PlateList], where: str, want: str) -> None:
    with pytest.raises(ConfigError, match=f"{where} .*: want {want}"):
        Settings(plate_lists=lists)
    assert Settings(plate_lists=lists[:-1]).plate_lists


def test_one_list_and_one_pattern_have_bounds() -> None:
    assert MAX_PLATES > MAX_ENTRIES
    with pytest.raises(ConfigError, match="entries is '20001 items': want at most 20000 items"):
        of_length(MAX_ENTRIES + 1)
    for pattern in ("A" * 33, "ﷺ" * 3):
        with pytest.raises(ConfigError, match="at most 32 letters, digits and wildcards"):
            ListEntry(pattern)
    with pytest.raises(ConfigError, match="at most 64 characters"):
        ListEntry("-" * 64 + "A")
    assert ListIndex([PlateList("x", entries=[ListEntry("A-" * 32)])]).find("A" * 32).name == "x"
    with pytest.raises(ConfigError, match="want a plate or a pattern"):
        ListEntry("·-·")


@pytest.mark.parametrize(
    ("plate", "meant"),
    [
        ("1AB 1234", ""),  # on the list itself
        ("1AB1Z34", "1AB-1234"),
        ("1AB134", "1AB-1234"),
        ("1AB12344", "1AB-1234"),
        ("I1AB1234", "1AB-1234"),
        ("1AB4321", None),
        ("1BA1234", None),  # two characters
        ("X", None),
    ],
)
def test_a_plate_one_character_off_stands_on_lists_that_ask_for_it(
    plate: str, meant: str | None
) -> None:
    entries = (ListEntry("1AB-1234", "stolen"), ListEntry("Y"), ListEntry("9*"))
    watched = ListIndex([PlateList("watched", ListMode.BLOCK, one_off=True, entries=entries)])
    found = watched.find(plate)
    assert (found.meant if found.name else None) == meant
    barrier = ListIndex([PlateList("barrier", ListMode.ALLOW, entries=entries)])
    assert bool(barrier.find(plate).name) == (meant == "")


def test_a_plate_that_is_known_is_never_taken_for_another() -> None:
    lists = [
        PlateList("watched", ListMode.BLOCK, one_off=True, entries=(ListEntry("1AB1234"),)),
        PlateList("staff", ListMode.ALLOW, entries=(ListEntry("1AB1235"),)),
    ]
    assert ListIndex(lists).find("1AB1235").name == "staff"


def test_what_one_character_off_costs_is_bounded_whatever_letters_a_list_has() -> None:
    entries = tuple(ListEntry(f"A{chr(0x4E00 + number)}C") for number in range(5_000))
    index = ListIndex([PlateList("watched", entries=entries, one_off=True)])
    assert len(index._letters) == 100
    assert index.find("A" + chr(0x4E00) + "CC").meant == entries[0].pattern
    assert not index.find("A" * 17).name
