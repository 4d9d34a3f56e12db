"""EVENTS shows what an event tells beside its values; a profile's part shows what its filters keep back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.delivery import ProfileState, ProfileStatus
from cammra_edge.model import Candidate, EventKind, Recalled, Repeat
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, window
from tests.web.installer import enter
from tests.web.still import StillEngine, an_event, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from cammra_edge.engine.status import EngineStatus

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class KeepingEngine(StillEngine):
    """One whose first profile keeps events back, and whose vehicle has a New, a Reliable and an Update."""

    def status(self) -> EngineStatus:
        kept = ProfileStatus(
            key="barrier",
            profile_id=1,
            name="barrier",
            state=ProfileState.IDLE,
            kept_back={"rois": 12, "repeat_window_s": 3},
        )
        return replace(super().status(), profiles=(kept,))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    engine = KeepingEngine(still_settings(tmp_path))
    new = replace(an_event(1, "1AB1234"), first_utc_ns=1_700_000_000_000_000_000)
    repeat = Repeat(count=4, first_utc_ns=1, last_utc_ns=2)
    reliable = replace(
        new,
        event_id="2" * 32,
        kind=EventKind.RELIABLE,
        ordinal=2,
        at_utc_ns=new.at_utc_ns + 10**9,
        reliable_by="timeout",
        recalled=(Recalled(profile="barrier", repeat=repeat),),
    )
    update = replace(
        reliable,
        event_id="3" * 32,
        kind=EventKind.UPDATE,
        ordinal=3,
        at_utc_ns=new.at_utc_ns + 2 * 10**9,
        last_utc_ns=new.at_utc_ns + 2 * 10**9,
        changed=("plate",),
        previous_plate="1A81234",
        candidates=(
            Candidate(text="1AB1234", confidence=0.8),
            Candidate(text="1A81234", confidence=0.31),
        ),
        clock_synced=False,
        recalled=(),
    )
    engine.events = [new, reliable, update]
    with (
        chromium() as browser,
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as served,
        window(browser, width=1440) as made,
    ):
        enter(made, served, "events")
        yield made


def test_a_vehicle_tells_why_it_is_reliable_what_else_it_may_be_and_its_repeats(page: Page) -> None:
    card = page.locator("article.vehicle")
    card.wait_for()
    said = " ".join(card.inner_text().split())
    for words in (
        "time was up, 4 repeats before",
        "plate, was 1A81234",
        "or 1A81234 31 %",
        "clock not set",
        "seen ",
    ):
        assert words in said, words
    page.goto(page.url.partition("#")[0] + "#integration/deliveries")
    page.get_by_text("Kept back: 12 in other regions, 3 of plates just sent.").wait_for()
