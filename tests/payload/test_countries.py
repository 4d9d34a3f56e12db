"""Two letters for three, and nothing for what is no country's code."""

import pytest

from cammra_edge.payload.countries import alpha_2


@pytest.mark.parametrize(
    ("alpha_3", "letters"),
    [("DEU", "DE"), ("SWE", "SE"), ("gbr", "GB"), ("POL", "PL"), ("USA", "US"), ("UKR", "UA"), ("CHN", "CN")],
)  # fmt: skip
def test_a_country_has_two_letters(alpha_3: str, letters: str) -> None:
    assert alpha_2(alpha_3) == letters


@pytest.mark.parametrize("text", ["", "XX", "D1U", "ÅÄÖ", "DEUT"])
def test_what_is_no_code_has_none(text: str) -> None:
    assert not alpha_2(text)
