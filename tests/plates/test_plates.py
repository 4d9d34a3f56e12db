"""The normal form of plates: by shape, and nothing but letters and digits where plates are compared."""

from __future__ import annotations

import unicodedata

import pytest
from anyascii import anyascii
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.plates import ascii_text, edits, file_token, list_key
from tests.simulator.edits import edits as edits_by_definition

SAME_SHAPE = {
    "А123ВС77": "A123BC77",
    "М004РУ50": "M004PY50",
    "АВЕКМНОРСТУХ": "ABEKMHOPCTYX",
    "авекмнорстух": "abekmhopctyx",
    "АІ1234ЈЅ": "AI1234JS",
    "1234УНҮ": "1234YHY",
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "ABEZHIKMNOPTYX",
    "ΥΧΝ1234": "YXN1234",
    "ＡＢ１２３": "AB123",
    "Ⓐ12": "A12",
}


@pytest.mark.parametrize(("plate", "twin"), SAME_SHAPE.items())
def test_a_letter_that_looks_latin_is_its_twin(plate: str, twin: str) -> None:
    assert ascii_text(plate) == file_token(plate) == twin
    assert list_key(plate) == list_key(twin) == twin.lower()


@pytest.mark.parametrize(("plate", "twin"), [("АЁ1", "AË1"), ("ΆΪ1", "ÁÏ1"), ("Ї77", "Ï77")])
def test_a_letter_that_looks_latin_does_so_beneath_an_accent(plate: str, twin: str) -> None:
    assert ascii_text(plate) == ascii_text(twin)
    assert list_key(plate) == list_key(twin)


@pytest.mark.parametrize("plate", ["ЖДЛ", "ΔΘΛ", "TÖL SL123", "京PL3N67", "บพ 1234", "12가3456"])
def test_a_letter_without_a_twin_is_transliterated(plate: str) -> None:
    assert ascii_text(plate) == anyascii(plate)


@pytest.mark.parametrize("symbol", ["😀", "❤", "〰", "\U0001fa75", "★", "°", "\u200b", "\ue000"])
def test_what_has_no_spelling_is_dropped(symbol: str) -> None:
    assert ascii_text(f"AB{symbol}12") == "AB12"


@pytest.mark.parametrize(
    "written",
    [
        "34A-368.37",
        "34a 368 37",
        "34A·368•37",
        "34A・368‧37",
        "34A–368—37",
        "34A−368－37",
        "\ufeff34A\u200b368\u200d\u00ad37\u2060",
        "34A\u034f36837\ufe0f",
        "34A_368/37",
        "３４Ａ３６８３７",
        "34А36837",
    ],
)
def test_lists_compare_letters_and_digits_alone(written: str) -> None:
    assert list_key(written) == "34a36837"


@pytest.mark.parametrize(
    ("plate", "other"), [("冀A12345", "吉A12345"), ("मे १ च", "म १ च"), ("TÖL1", "TOL1"), ("0", "O")]
)
def test_lists_keep_apart_what_looks_different(plate: str, other: str) -> None:
    assert list_key(plate) != list_key(other)


def test_a_character_that_nobody_sees_does_not_part_a_letter_from_its_accent() -> None:
    assert list_key("TO\u200d\u0308L1") == list_key("TÖL1")
    assert list_key("\u0308TOL1") == list_key("TOL1")


def test_wildcards_stay_where_they_are_asked_for() -> None:
    assert list_key("A-?*", pattern=True) == list_key("Ａ－？＊", pattern=True) == "a?*"
    assert list_key("A-?*") == list_key("Ａ－？＊") == "a"


@given(st.text(max_size=40))
def test_any_text_has_an_ascii_form_and_a_key(text: str) -> None:
    assert ascii_text(text).isascii()
    assert file_token(text).isalnum() or not file_token(text)
    key = list_key(text)
    assert list_key(key) == key
    assert list_key(text.upper()) == list_key(text.lower().upper())
    assert all(unicodedata.category(char)[0] in "LMN" for char in key)


PLATES = st.text("ab1é車", max_size=32)


@given(PLATES, PLATES)
def test_plates_are_as_many_edits_apart_as_levenshtein_says(one: str, other: str) -> None:
    assert edits(one, other) == edits_by_definition(one, other)


def test_of_more_than_any_plate_has_the_beginning_is_compared() -> None:
    assert edits("a" * 32 + "b", "a" * 32 + "c") == 0
    assert edits("a" * 1000, "") == 32
