"""The plots of the deliveries: what is not known is no nought, and nothing is drawn of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.delivery import ProfileState, ProfileStatus
from cammra_edge.phrases import quoted
from cammra_edge.web import serve_page
from tests.web.chromium import chromium, window
from tests.web.installer import enter
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.engine.status import EngineStatus

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOON_MS = 1_764_158_400_000
OLD = {
    "queue_events": 1,
    "delivered": 60,
    "retried": 0,
    "latency_p50_ms": 9.0,
    "latency_p95_ms": 9.0,
}
NEW = OLD | {"delivered": 83, "latency_p50_ms": 0.0}


class BusyMinute(StillEngine):
    """Its first profile has delivered since long, its second came back with what it had delivered before."""

    def status(self) -> EngineStatus:
        first, second = (
            ProfileStatus(
                key=key,
                profile_id=number,
                name=key,
                state=ProfileState.RETRYING,
                why=quoted("the receiver refuses the connection"),
                next_try_s=number * 42.0,
                delivered=delivered,
                latency_p50_ms=took_ms,
                latency_p95_ms=took_ms,
                latency_p99_ms=took_ms,
            )
            for number, (key, delivered, took_ms) in enumerate(
                (("barrier", 60, 0.64), ("vms", 83, 0.0)), start=1
            )
        )
        return replace(super().status(), profiles=(first, second))


def test_a_profile_that_comes_in_makes_no_outburst_and_no_hole_in_the_plots(tmp_path: Path) -> None:
    samples = [{"at": NOON_MS + n * 5000, "profiles": {"barrier": OLD}} for n in range(3)]
    samples += [
        {"at": NOON_MS + n * 5000, "profiles": {"barrier": OLD, "vms": NEW}} for n in range(3, 6)
    ]
    with (
        chromium() as browser,
        serve_page(
            BusyMinute(still_settings(tmp_path)), port=0, folder=tmp_path / "page", say=False
        ) as served,
        window(browser) as page,
    ):
        page.route("**/api/samples", lambda route: route.fulfill(json=samples))
        enter(page, served, "integration/deliveries")
        first, second = page.locator("#panel section:has(.plots)").all()
        assert "0.6 ms" in first.locator(".plot").nth(2).inner_text()
        assert "\N{EN DASH}" in second.locator(".plot").nth(2).inner_text(), (
            "nothing measured is not 0 ms"
        )
        assert "Next try in 42 s." in first.inner_text()
        assert "Next try in 84 s." in second.inner_text()
        rate = second.locator(".plot").nth(1)
        assert "0.0" in rate.inner_text()
        assert "83 delivered" in rate.inner_text()
        (label,) = [rate.locator("svg").get_attribute("aria-label")]
        assert "276" not in (label or ""), "83 in five seconds"
        for path in page.locator(".plot path").all():
            assert "NaN" not in (path.get_attribute("d") or "")
        points = (rate.locator("path").last.get_attribute("d") or "").removeprefix("M").split("L")
        assert points == ["0.00 30.00", "100.00 30.00"]
