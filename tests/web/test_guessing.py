"""Whoever guesses passwords waits, by a clock that moves only when told: no machine is too slow or too fast for it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.web.brake import FREE_TRIES
from cammra_edge.web.porter import MAX_STRANGERS_OF_ONE
from tests.fakes import FakeClock
from tests.web.still import PASSWORD, PATIENT_S

if TYPE_CHECKING:
    from cammra_edge.web.serve import ServedPage
    from tests.web.conftest import Browser


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_guessing_is_slowed_down_also_for_the_right_password(
    browser: Browser, stranger: Browser, clock: FakeClock
) -> None:
    for _ in range(FREE_TRIES + 1):
        assert stranger.sign_in("wrong wrong wrong").status_code == 422
    answer = stranger.sign_in(PASSWORD)
    assert answer.status_code == 429
    wait_s = int(answer.headers["retry-after"])
    assert wait_s >= 1
    assert browser.send("GET", "/api/settings").status_code == 200
    clock.advance(wait_s)
    assert stranger.sign_in(PASSWORD).status_code == 200


def test_guessing_at_once_is_no_faster_than_one_by_one(page: ServedPage, browser: Browser) -> None:
    def guess(number: int) -> int:
        with httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http:
            body = {"password": f"wrong wrong {number}"}
            return http.post("/api/session", json=body).status_code

    with ThreadPoolExecutor(MAX_STRANGERS_OF_ONE) as pool:
        answers = Counter(pool.map(guess, range(24)))
    assert answers == {422: FREE_TRIES + 1, 429: 23 - FREE_TRIES}
    assert browser.send("GET", "/api/settings").status_code == 200
