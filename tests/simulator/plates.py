"""Plates of ten countries as streets have them: most are local, some belong to a fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

LOCAL = 0.7
"""Vehicles that come from where the camera stands."""
FLEET = 0.06
"""Vehicles whose plate is that of the vehicle before with one to three other characters."""

_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Country:
    """How a country's plates look.

    Args:
        code: ISO 3166-1 alpha-3.
        local: What plates begin with where the camera stands.
        away: What others begin with.
        tails: What follows: `A` a letter, `9` a digit, anything else itself.
    """

    code: str
    local: tuple[str, ...]
    away: tuple[str, ...]
    tails: tuple[str, ...]


COUNTRIES = (
    Country("GBR", ("KH", "KN"), ("FJ", "LB", "YS", "AO", "BD"), ("05AAA", "14AAA", "68AAA")),
    Country("DEU", ("H",), ("HI", "B", "CE", "WOB", "M"), ("AA999", "AA9999", "A9999")),
    Country("CZE", ("1A", "2S"), ("5B", "8T", "3Z"), ("99999", "A9999")),
    Country("FRA", ("GA", "GB"), ("FX", "BZ", "DS"), ("999AA",)),
    Country("ITA", ("GH",), ("FB", "GB", "EZ"), ("999AA",)),
    Country("ESP", ("51", "50"), ("28", "91", "03"), ("99LBA", "99LSA", "99MAA")),
    Country("POL", ("WA", "WB"), ("KR", "GD", "SZ"), ("9999A", "99999")),
    Country("TUR", ("34A",), ("06B", "41S", "35Z"), ("9999", "A999", "99999")),
    Country("UKR", ("AA", "KA"), ("BC", "AI", "BH"), ("9999AA",)),
    Country("NLD", ("TX", "Z5"), ("GB", "K8", "SR"), ("999A", "9AA9")),
)


def plate_of(country: Country, chance: random.Random) -> str:
    """A plate as the next vehicle may have it."""
    heads = country.local if chance.random() < LOCAL else country.away
    tail = chance.choice(country.tails)
    return chance.choice(heads) + "".join(_drawn(sign, chance) for sign in tail)


def neighbour_of(plate: str, chance: random.Random) -> str:
    """The plate of another vehicle of the same fleet: one to three of the last four characters are others."""
    signs = list(plate)
    for at in chance.sample(range(len(signs) - 4, len(signs)), chance.choice((1, 1, 2, 3))):
        pool = _DIGITS if signs[at].isdigit() else _LETTERS
        signs[at] = chance.choice(pool.replace(signs[at], ""))
    return "".join(signs)


def _drawn(sign: str, chance: random.Random) -> str:
    if sign == "A":
        return chance.choice(_LETTERS)
    return chance.choice(_DIGITS) if sign == "9" else sign
