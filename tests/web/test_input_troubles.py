"""What a recogniser hands in wrong is told by the page, with its remedy: never that no frame came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.engine.troubles import InputKind, InputTrouble

if TYPE_CHECKING:
    from tests.web.conftest import Browser
    from tests.web.still import StillEngine

FORMAT = InputTrouble(
    kind=InputKind.FORMAT,
    count=3,
    what="frames do not fit",
    why="shape (4, 4): want (height, width, 3)",
    remedy="set frame_format",
)
PERCENT = InputTrouble(
    kind=InputKind.CONFIDENCE, count=9, what="percent", why="", remedy="divide by 100"
)


def test_without_a_frame_the_view_says_that_none_came(
    browser: Browser, engine: StillEngine
) -> None:
    engine.input_troubles = (PERCENT,)
    answer = browser.send("GET", "/api/view")
    assert answer.status_code == 404
    assert answer.json()["error"] == "No picture came from the camera just now."


def test_refused_frames_are_named_with_their_remedy(browser: Browser, engine: StillEngine) -> None:
    engine.input_troubles = (FORMAT, PERCENT)
    answer = browser.send("GET", "/api/view")
    assert answer.status_code == 404
    assert answer.json()["error"] == (
        "Frames refused: shape (4, 4): want (height, width, 3). To mend it: set frame_format."
    )


def test_the_status_has_every_kind_for_the_banner(browser: Browser, engine: StillEngine) -> None:
    engine.input_troubles = (FORMAT, PERCENT)
    told = browser.send("GET", "/api/status").json()["input_troubles"]
    assert [(one["kind"], one["count"], one["remedy"]) for one in told] == [
        ("format", 3, "set frame_format"),
        ("confidence", 9, "divide by 100"),
    ]
