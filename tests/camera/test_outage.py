"""A camera that goes away twice while vehicles pass. By the wall clock, for two minutes: `make soak`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.camera.outage import watch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_what_is_seen_wholly_between_two_gaps_is_reported_once(tmp_path: Path) -> None:
    watched = watch(tmp_path, [(0, 170), (275, 480), (575, 770)], gap_s=0.0)
    assert watched.wrong() == []
    assert watched.seen_wholly(), "each part has vehicles in its middle"
