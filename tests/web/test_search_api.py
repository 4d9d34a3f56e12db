"""The API's search, pictures, export and erasure over a memory that is known."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.audit import AuditLog
from cammra_edge.model import Direction, EventKind, ListMatch, Plate
from cammra_edge.outbox import EventState
from cammra_edge.web.page import EXPORTS_AT_ONCE
from tests.web.still import JPEG, PATIENT_S, StillEngine, an_event, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.clock import Clock
    from cammra_edge.outbox import EventQuery, FoundPage
    from tests.web.conftest import Browser

DAY_NS = 86_400 * 10**9
NOON_NS = 1_764_158_400 * 10**9
"""2025-11-26T12:00Z; 13:00 in Stockholm."""


@pytest.fixture
def engine(tmp_path: Path) -> StillEngine:
    """One that remembers five events of five days, the newest with the highest number."""
    settings = still_settings(tmp_path)
    device = replace(settings.device, time_zone="Europe/Stockholm")
    engine = StillEngine(replace(settings, device=device), texts=())
    for number, text in enumerate(("1AB 1234", "1AB1235", "=HYPERLINK(1)", "MLB84R", "1ab-1234")):
        event = replace(
            an_event(number + 1, text),
            at_utc_ns=NOON_NS + number * DAY_NS,
            kind=EventKind.LOST if number == 4 else EventKind.RELIABLE,
            direction=Direction.IN if number % 2 else Direction.OUT,
            roi_id=number,
            plate=Plate(text=text, confidence=0.5 + number / 10),
            listed=ListMatch(name="staff", mode="allow") if number == 3 else ListMatch(),
        )
        state = EventState.WAITING if number == 4 else EventState.DELIVERED
        jpegs = {} if number == 0 else {"a1": JPEG}
        engine.history.add(event, state, jpegs=jpegs, waits=("vms",) if number == 4 else ())
    return engine


def found(browser: Browser, query: str = "") -> list[int]:
    answer = browser.http.get(f"/api/events?{query}")
    assert answer.status_code == 200, answer.text
    return [event["seq"] for event in answer.json()["events"]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("plate=1ab1234", [5, 1]),
        ("plate=1AB-123%3F", [5, 2, 1]),
        ("plate=*84*", [4]),
        ("plate=1AB1234&one_off=true", [5, 2, 1]),
        ("plate=1AB1234&kind=lost", [5]),
        ("kind=lost,new&kind=reliable", [5, 4, 3, 2, 1]),
        ("from=2025-11-28T13:00", [5, 4, 3]),
        ("from=2025-11-28T13:00:01", [5, 4]),
        ("from=2025-11-28T13:00Z", [5, 4]),
        ("to=2025-11-26", [1]),
        ("to=2025-11-27T13:00:00%2B01:00", [1]),
        ("direction=in", [4, 2]),
        ("region=3", [4]),
        ("list=staff", [4]),
        ("min_confidence=0.8", [5, 4]),
        ("state=waiting", [5]),
        ("profile=vms", [5]),
        ("profile=vms&state=delivered", []),
        ("direction=&state=&region=&from=&min_confidence=", [5, 4, 3, 2, 1]),
        ("plate=nobody", []),
    ],
)
def test_filters_combine_and_the_newest_comes_first(
    browser: Browser, query: str, numbers: list[int]
) -> None:
    assert found(browser, query) == numbers


def test_how_far_back_is_told_with_its_zone(browser: Browser, engine: StillEngine) -> None:
    told = browser.http.get("/api/memory").json()
    assert told["events"] == 5
    assert told["bound"] == "bytes"
    assert told["texts_since"] == "2025-11-26T13:00:00.000+01:00"
    assert told["pictures_since"] == "2025-11-27T13:00:00.000+01:00"
    engine.history.events.clear()
    told = browser.http.get("/api/memory").json()
    assert (told["texts_since"], told["pictures_since"]) == ("", "")


def test_pages_follow_one_another_by_their_cursor(browser: Browser) -> None:
    numbers, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        answer = browser.http.get(f"/api/events?limit=2&cursor={cursor}").json()
        numbers += [event["seq"] for event in answer["events"]]
        cursor, pages = answer["cursor"], pages + 1
    assert (numbers, pages) == ([5, 4, 3, 2, 1], 3)


def test_times_have_their_date_and_the_camera_s_zone(browser: Browser) -> None:
    answer = browser.http.get("/api/events?from=2025-11-30&to=2025-11-30").json()
    assert answer["from"] == "2025-11-30T00:00:00.000+01:00"
    assert answer["to"] == "2025-12-01T00:00:00.000+01:00"
    (event,) = answer["events"]
    assert event["time"] == "2025-11-30T13:00:00.000+01:00"


def test_what_is_found_says_what_became_of_it_and_which_pictures_are_left(browser: Browser) -> None:
    events = browser.http.get("/api/events?plate=1AB1234&one_off=true").json()["events"]
    assert [event["exact"] for event in events] == [True, False, True]
    assert [event["states"] for event in events] == [["waiting"], ["delivered"], ["delivered"]]
    assert [[image["key"] for image in event["images"]] for event in events] == [["a1"], ["a1"], []]
    assert browser.http.get("/api/events/5/images/a1").content == JPEG
    assert browser.http.get("/api/events/1/images/a1").status_code == 404
    for seq in (0, 99, 10**30):
        assert browser.http.get(f"/api/events/{seq}/images/a1").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("plate=--", "plate"),
        ("plate=A*&one_off=true", "one_off"),
        ("one_off=maybe", "one_off"),
        ("from=yesterday", "from"),
        ("to=1969-12-31T00:00Z", "to"),
        ("from=2025-11-26&to=2025-11-25", "to"),
        ("direction=up", "direction"),
        ("region=north", "region"),
        ("kind=old", "kind"),
        ("min_confidence=2", "min_confidence"),
        ("min_confidence=nan", "min_confidence"),
        ("plates=1AB1234", "plates"),
        ("plate=1AB1234&plate=MLB84R", "plate"),
        ("region=1&region=2", "region"),
        ("to=9999-12-31T23:59:59-23:59", "to"),
        ("state=lost", "state"),
        ("cursor=next", "cursor"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("list=%00", "list"),
    ],
)
def test_what_cannot_be_asked_is_named(browser: Browser, query: str, field: str) -> None:
    for path in (
        "/api/events",
        *(() if "limit" in query else ("/api/events.zip", "/api/events.csv")),
    ):
        answer = browser.http.get(f"{path}?{query}")
        assert answer.status_code == 422, path
        assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]


def test_a_zip_has_the_table_json_and_the_pictures(browser: Browser) -> None:
    answer = browser.http.get("/api/events.zip?kind=reliable")
    assert answer.headers["content-type"] == "application/zip"
    assert "cammra-events.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        events = json.loads(archive.read("events.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("events.csv").decode())))
        pictures = {name: archive.read(name) for name in archive.namelist() if "/" in name}
    assert [event["seq"] for event in events] == [4, 3, 2, 1]
    assert [row["seq"] for row in rows] == ["4", "3", "2", "1"]
    assert set(pictures.values()) == {JPEG}
    assert [" ".join(event["pictures"]) for event in events] == [row["pictures"] for row in rows]
    assert set(pictures) == {row["pictures"] for row in rows} - {""}


def test_a_table_has_no_formula(browser: Browser) -> None:
    answer = browser.http.get("/api/events.csv?plate=*hyper*")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["plate"] == "'=HYPERLINK(1)"
    assert row["states"] == "delivered"


@pytest.mark.parametrize(("name", "cut"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
def test_a_table_opens_in_a_spreadsheet_of_any_country(
    browser: Browser, name: str, cut: str
) -> None:
    content = browser.http.get(f"/api/events.csv?separator={name}").content
    assert content.startswith(b"\xef\xbb\xbf"), "or Excel guesses the letters"
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=cut))
    assert [row["seq"] for row in rows] == ["5", "4", "3", "2", "1"]
    assert rows[0]["time"].startswith("2025-11-30T13:00")
    archive = zipfile.ZipFile(
        io.BytesIO(browser.http.get(f"/api/events.zip?separator={name}").content)
    )
    assert archive.read("events.csv") == content
    refused = browser.http.get("/api/events.csv?separator=pipe")
    (wrong,) = refused.json()["fields"]
    assert (wrong["field"], wrong["want"]) == ("separator", "one of comma, semicolon, tab")


def test_so_many_exports_at_once_and_the_next_when_one_has_ended(
    browser: Browser, engine: StillEngine
) -> None:
    for number in range(6, 400):
        engine.history.add(an_event(number, "9XX0001"))
    go_on = threading.Event()
    plain = engine.history.search

    def slow(query: EventQuery) -> FoundPage:
        if query.cursor:
            go_on.wait(PATIENT_S)
        return plain(query)

    engine.history.search = slow  # type: ignore[method-assign]
    try:
        with ExitStack() as stack:
            under_way = [
                stack.enter_context(browser.http.stream("GET", "/api/events.csv?plate=9XX0001"))
                for _ in range(EXPORTS_AT_ONCE)
            ]
            refused = browser.http.get("/api/events.zip")
            assert refused.status_code == 429
            assert refused.headers["Retry-After"] == "5"
            go_on.set()
            assert all(len(one.read().splitlines()) == 395 for one in under_way)
        assert browser.http.get("/api/events.zip").status_code == 200
    finally:
        go_on.set()


def test_exports_that_come_at_once_wait_for_nobody(browser: Browser, engine: StillEngine) -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)
    plain = engine.history.search

    def slow(query: EventQuery) -> FoundPage:
        begun.release()
        go_on.wait(PATIENT_S)
        return plain(query)

    engine.history.search = slow  # type: ignore[method-assign]
    ask = partial(browser.http.get, "/api/events.csv")
    try:
        with ThreadPoolExecutor(EXPORTS_AT_ONCE) as pool:
            under_way = [pool.submit(ask) for _ in range(EXPORTS_AT_ONCE)]
            assert all(begun.acquire(timeout=PATIENT_S) for _ in under_way)
            assert ask().status_code == 429
            go_on.set()
            assert [one.result().status_code for one in under_way] == [200] * EXPORTS_AT_ONCE
    finally:
        go_on.set()


def test_exports_that_are_refused_leave_their_turn(browser: Browser) -> None:
    for _ in range(EXPORTS_AT_ONCE + 1):
        assert browser.http.get("/api/events.csv?since=yesterday").status_code == 422
    assert browser.http.get("/api/events.csv").status_code == 200


def test_an_export_has_all_pages(browser: Browser, engine: StillEngine) -> None:
    for number in range(6, 600):
        engine.history.add(an_event(number, "9XX0001"))
    events = browser.http.get("/api/events.json?plate=9XX0001").json()
    assert [event["seq"] for event in events] == list(range(599, 5, -1))


def test_an_export_of_nothing_is_empty(browser: Browser) -> None:
    assert browser.http.get("/api/events.json?plate=nobody").json() == []
    assert len(browser.http.get("/api/events.csv?plate=nobody").text.splitlines()) == 1


def test_what_comes_in_during_an_export_is_in_none_of_its_files(
    browser: Browser, engine: StillEngine
) -> None:
    plain = engine.history.search
    numbers = iter(range(100, 200))

    def search(query: Any) -> Any:  # noqa: ANN401 - as the history's
        engine.history.add(an_event(next(numbers), "1AB1234"))
        return plain(query)

    engine.history.search = search  # type: ignore[method-assign]
    content = browser.http.get("/api/events.zip?plate=1AB1234").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("events.csv").decode())))
        assert [row["seq"] for row in rows] == [
            str(event["seq"]) for event in json.loads(archive.read("events.json"))
        ]


def test_erasing_names_what_was_kept(browser: Browser, engine: StillEngine) -> None:
    answer = browser.send("POST", "/api/erase", {"plate": "1AB1234"})
    assert answer.json() == {"events": 1, "pictures": 0, "waiting": {"vms": 1}}
    assert found(browser) == [5, 4, 3, 2]
    answer = browser.send("POST", "/api/erase", {"plate": "1AB1234", "undelivered": True})
    assert answer.json() == {"events": 1, "pictures": 1, "waiting": {}}
    assert found(browser) == [4, 3, 2]
    browser.send("POST", "/api/erase", {"before": "2025-11-29"})
    assert found(browser) == [4]
    browser.send("POST", "/api/erase", {"all": True})
    assert engine.history.events == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "plate"),
        ({"plate": "A", "all": True}, "plate"),
        ({"plate": "--"}, "plate"),
        ({"before": "long ago"}, "before"),
        ({"all": "yes"}, "all"),
        ({"everything": True}, "everything"),
    ],
)
def test_what_cannot_be_erased_is_named(
    browser: Browser, engine: StillEngine, body: dict[str, object], field: str
) -> None:
    answer = browser.send("POST", "/api/erase", body)
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]
    assert len(engine.history.events) == 5


def test_an_engine_that_does_not_run_says_so(browser: Browser, engine: StillEngine) -> None:
    engine.ill = "the engine does not run"
    for path in ("/api/events", "/api/events.zip", "/api/memory"):
        answer = browser.http.get(path)
        assert answer.status_code == 503
        assert "does not run" in answer.json()["error"]


def test_the_audit_log_has_no_plate_but_the_same_mark_for_the_same(browser: Browser) -> None:
    for plate in ("1AB1234", "1ab-1234", "MLB84R"):
        browser.http.get(f"/api/events?plate={plate}&direction=in")
    browser.http.get("/api/events.csv?plate=1AB1234")
    browser.send("POST", "/api/erase", {"plate": "1AB1234", "undelivered": True})
    lines = browser.http.get("/api/audit").json()
    assert "1AB1234" not in json.dumps(lines).upper()
    searched = [line for line in lines if "searched" in line["what"]]
    assert [line["fields"] for line in searched] == [["direction"]] * 3
    marks = [line["plate"] for line in searched]
    assert len(set(marks)) == 2
    assert marks[1] == marks[2]
    kept = [(line["what"], line["plate"]) for line in lines if "searched" not in line["what"]]
    assert kept[0] == ("2 events and 1 picture erased", marks[1])
    assert kept[1] == ("events exported as csv", marks[1])


def test_many_searches_push_nothing_else_out_of_the_audit_log(browser: Browser) -> None:
    for number in range(30):
        browser.http.get(f"/api/events?plate={number}")
    lines = browser.http.get("/api/audit?limit=1000").json()
    assert sum("searched" in line["what"] for line in lines) == 30
    assert any(line["what"] == "first password set" for line in lines)


def test_the_key_of_the_marks_is_the_owner_s_and_stays(tmp_path: Path, clock: Clock) -> None:
    audit = tmp_path / "audit.jsonl"
    mark = AuditLog(audit, clock).mark("1AB 1234")
    assert (tmp_path / "plates.key").stat().st_mode & 0o777 == 0o600
    assert AuditLog(audit, clock).mark("1ab1234") == mark
    (tmp_path / "plates.key").unlink()
    assert AuditLog(audit, clock).mark("1AB1234") != mark
