"""What recognisers make of a plate: eight models.

Far plates are read worse than near ones. What a recogniser reads wrong it often reads wrong in the next frame, too.
"""

from __future__ import annotations

import random
from enum import StrEnum
from typing import NamedTuple

from tests.simulator.traffic import S_NS


class Noise(StrEnum):
    """The eight models."""

    CLEAN = "clean"
    CONFUSED = "confused"
    CUT = "cut"
    DOUBLED = "doubled"
    GARBAGE = "far garbage"
    FLAT = "flat"
    UNSCALED = "missing or percent"
    GLARE = "glare"


class Text(NamedTuple):
    text: str
    confidence: float


CLEAN_CONFIDENCE = 0.95
FLAT_CONFIDENCE = 0.9
GARBAGE_BELOW_PX = 30.0

_LOOKALIKES = {
    "O": "0", "0": "O", "B": "8", "8": "B", "I": "1", "1": "I", "5": "S", "S": "5", "Z": "2", "2": "Z",
}  # fmt: skip
_SIGNS = "ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789"
_STICKS = 0.5
"""How often a reader reads what it has read in the frame before."""
_GLARE_NS = S_NS // 2
_GLARE_EVERY_S = 2.0


class Reader:
    """A recogniser at one site."""

    def __init__(self, noise: Noise, site_no: int, seed: int) -> None:
        self._noise = noise
        self._site_no = site_no
        # Not for secrets; the same everywhere.
        self._chance = random.Random(f"noise {seed} {noise} {site_no}")  # noqa: S311
        self._before: dict[int, tuple[str, float, Text]] = {}
        self._glares_from_ns = 0
        self._hidden: dict[int, tuple[int, int, str]] = {}

    def read(self, vehicle: int, plate: str, height_px: float, mono_ns: int) -> Text:
        """What is read of a plate; an empty text where nothing is."""
        if self._noise is Noise.CLEAN:
            return Text(plate, CLEAN_CONFIDENCE)
        if self._noise is Noise.GARBAGE and height_px < GARBAGE_BELOW_PX:
            return self._garbage(plate)
        before = self._before.get(vehicle)
        if (
            before is not None
            and before[0] == plate
            and height_px < 1.15 * before[1]
            and self._chance.random() < _STICKS
        ):
            read = before[2]
        else:
            text = self._misread(plate, (30 / height_px) ** 0.8)
            read = Text(text, self._confidence(height_px, is_right=text == plate))
            self._before[vehicle] = (plate, height_px, read)
        if self._noise is Noise.GLARE and self._glares(mono_ns):
            read = self._dazzled(vehicle, read)
        return self._scaled(read)

    def _misread(self, plate: str, far: float) -> str:
        """`far` is 1 where a plate is 30 px high, and more beyond."""
        match self._noise:
            case Noise.CONFUSED:
                return self._confused(plate, 0.1 * far)
            case Noise.CUT:
                return self._cut(plate, 0.3 * far)
            case Noise.DOUBLED:
                return self._doubled(plate, 0.1 * far)
            case _:
                text = self._confused(plate, 0.06 * far, any_sign=0.015 * far)
                return self._doubled(self._cut(text, 0.08 * far), 0.015 * far)

    def _confused(self, text: str, share: float, any_sign: float = 0.0) -> str:
        signs = []
        for sign in text:
            drawn = self._chance.random()
            if drawn < any_sign:
                signs.append(self._chance.choice(_SIGNS))
            elif drawn < any_sign + share:
                signs.append(_LOOKALIKES.get(sign, sign))
            else:
                signs.append(sign)
        return "".join(signs)

    def _cut(self, text: str, share: float) -> str:
        if self._chance.random() >= share:
            return text
        signs = self._chance.randint(1, 3)
        return text[signs:] if self._chance.random() < 0.5 else text[:-signs]

    def _doubled(self, text: str, share: float) -> str:
        signs = []
        for sign in text:
            drawn = self._chance.random()
            signs.append(sign * 2 if drawn < share / 2 else "" if drawn < share else sign)
        return "".join(signs)

    def _garbage(self, plate: str) -> Text:
        """Half of it holds a piece of the plate."""
        chance = self._chance
        text = "".join(chance.choice(_SIGNS) for _ in range(chance.randint(2, 7)))
        if chance.random() < 0.5:
            at = chance.randrange(len(plate) - 2)
            text = text[:at] + plate[at : at + chance.randint(2, 3)] + text[at + 3 :]
        return Text(text, chance.uniform(0.1, 0.6))

    def _confidence(self, height_px: float, *, is_right: bool) -> float:
        base = 0.6 + 0.35 * min(height_px / 60, 1.0)
        drawn = self._chance.gauss(base, 0.06) if is_right else self._chance.gauss(base - 0.12, 0.1)
        return min(max(drawn, 0.05), 0.99)

    def _glares(self, mono_ns: int) -> bool:
        while mono_ns >= self._glares_from_ns + _GLARE_NS:
            pause_s = self._chance.expovariate(1 / _GLARE_EVERY_S)
            self._glares_from_ns += _GLARE_NS + round(pause_s * S_NS)
            self._hidden.clear()
        return mono_ns >= self._glares_from_ns

    def _dazzled(self, vehicle: int, read: Text) -> Text:
        """The same part of the plate is hidden, or read as the same nonsense, for as long as the glare lasts."""
        chance = self._chance
        if vehicle not in self._hidden:
            length = chance.randint(2, 4)
            at = chance.randrange(max(1, len(read.text) - length + 1))
            instead = chance.choice(["", "".join(chance.choice(_SIGNS) for _ in range(length - 1))])
            self._hidden[vehicle] = (at, length, instead)
        at, length, instead = self._hidden[vehicle]
        text = read.text[:at] + instead + read.text[at + length :]
        return Text(text, chance.uniform(0.3, 0.8))

    def _scaled(self, read: Text) -> Text:
        if self._noise is Noise.FLAT:
            return Text(read.text, FLAT_CONFIDENCE)
        if self._noise is Noise.UNSCALED:
            return Text(read.text, 100 * read.confidence if self._site_no % 2 else 0.0)
        return read
