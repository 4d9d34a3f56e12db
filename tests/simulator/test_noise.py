"""Each model of noise does what its name says, and no more."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest

from tests.simulator.edits import edits
from tests.simulator.noise import CLEAN_CONFIDENCE, FLAT_CONFIDENCE, Noise, Reader, Text
from tests.simulator.traffic import S_NS

PLATE = "OB15Z82"
FRAME_NS = S_NS // 25


def reads(noise: Noise, height_px: float = 30, count: int = 4000, site: int = 0) -> list[Text]:
    """Of a vehicle a frame."""
    reader = Reader(noise, site, seed=1)
    return [reader.read(at, PLATE, height_px, at * FRAME_NS) for at in range(count)]


def share_of_wrong(noise: Noise, height_px: float) -> float:
    found = reads(noise, height_px)
    return sum(read.text != PLATE for read in found) / len(found)


def test_clean_reads_are_right() -> None:
    assert set(reads(Noise.CLEAN)) == {Text(PLATE, CLEAN_CONFIDENCE)}


def test_a_tenth_of_the_lookalikes_is_confused() -> None:
    pairs = {"O0", "B8", "I1", "5S", "Z2"}
    wrong = [
        (sign, read)
        for text in reads(Noise.CONFUSED)
        for sign, read in zip(PLATE, text.text, strict=True)
        if sign != read
    ]
    assert all({sign + read, read + sign} & pairs for sign, read in wrong)
    assert len(wrong) / (4000 * len(PLATE)) == pytest.approx(0.1, abs=0.01)


def test_of_three_tenths_an_end_is_cut() -> None:
    texts = [read.text for read in reads(Noise.CUT)]
    cut = [text for text in texts if text != PLATE]
    assert all(PLATE.startswith(text) or PLATE.endswith(text) for text in cut)
    assert {len(text) for text in cut} == {4, 5, 6}
    assert len(cut) / len(texts) == pytest.approx(0.3, abs=0.03)


def test_a_tenth_of_the_characters_is_doubled_or_dropped() -> None:
    off = [edits(read.text, PLATE) for read in reads(Noise.DOUBLED)]
    assert sum(off) / (len(off) * len(PLATE)) == pytest.approx(0.1, abs=0.01)


def test_below_thirty_pixels_everything_is_garbage() -> None:
    assert share_of_wrong(Noise.GARBAGE, 29.9) > 0.99
    assert share_of_wrong(Noise.GARBAGE, 30) < 0.6
    assert len({read.text for read in reads(Noise.GARBAGE, 20)}) > 3000


@pytest.mark.parametrize("noise", [one for one in Noise if one is not Noise.CLEAN])
def test_near_plates_are_read_better_than_far_ones(noise: Noise) -> None:
    assert share_of_wrong(noise, 70) < share_of_wrong(noise, 14)


def test_a_flat_confidence_says_nothing() -> None:
    assert {read.confidence for read in reads(Noise.FLAT)} == {FLAT_CONFIDENCE}


def test_a_confidence_is_missing_here_and_in_percent_there() -> None:
    assert {read.confidence for read in reads(Noise.UNSCALED, site=0)} == {0.0}
    assert min(read.confidence for read in reads(Noise.UNSCALED, site=1)) > 1


@pytest.mark.parametrize("noise", [Noise.CONFUSED, Noise.CUT, Noise.DOUBLED, Noise.GLARE])
def test_right_reads_are_surer_than_wrong_ones(noise: Noise) -> None:
    found = reads(noise)
    assert all(0 < read.confidence < 1 for read in found)
    means = [
        sum(values) / len(values)
        for values in (
            [read.confidence for read in found if (read.text == PLATE) is is_right]
            for is_right in (True, False)
        )
    ]
    assert means[0] > means[1] + 0.05


def test_glare_hides_the_same_part_for_half_a_second() -> None:
    reader = Reader(Noise.GLARE, site_no=0, seed=1)
    wrong = [edits(reader.read(1, PLATE, 72, at * FRAME_NS).text, PLATE) > 1 for at in range(4000)]
    runs = [len(list(run)) for is_wrong, run in groupby(wrong) if is_wrong]
    bursts = [run for run in runs if run >= 10]
    assert len(bursts) >= 30
    assert sorted(bursts)[len(bursts) // 2] in (12, 13)


def test_a_misread_is_often_read_again() -> None:
    reader = Reader(Noise.CONFUSED, site_no=0, seed=1)
    texts = [reader.read(1, PLATE, 14, at * FRAME_NS).text for at in range(4000)]
    again = sum(a == b != PLATE for a, b in pairwise(texts))
    assert again / sum(text != PLATE for text in texts) > 0.4


@pytest.mark.parametrize("noise", Noise)
def test_the_same_seed_reads_the_same(noise: Noise) -> None:
    assert reads(noise, count=200) == reads(noise, count=200)
