"""The audit log: who did what, bounded and over restarts, without plates, and yet to be asked about a plate."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import audit as audit_module
from cammra_edge.audit import MAX_BYTES, MAX_LOOKUP_BYTES, AuditLog, Deed, Outcome, Who
from cammra_edge.errors import OutboxError
from cammra_edge.search.noted import MOST_NOTED, Noted
from tests.fakes import FakeClock
from tests.web.test_local import spoken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Browser
    from tests.web.still import StillEngine

ANNA = Who("Anna", "10.0.0.7")
BOB = Who("token Bob", "::1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "page" / "audit.jsonl"


@pytest.fixture
def hand() -> FakeClock:
    return FakeClock()


@pytest.fixture
def audit(path: Path, hand: FakeClock) -> AuditLog:
    return AuditLog(path, hand)


def said(audit: AuditLog, **only: Any) -> list[str]:  # noqa: ANN401 - filters
    return [line["what"] for line in audit.entries(1000, **only)]


def test_a_line_says_who_where_when_what_and_its_outcome(audit: AuditLog, hand: FakeClock) -> None:
    audit.note(ANNA, Deed.CHANGE, "settings saved", fields=["device.model"], outcome=Outcome.FAILED)
    (line,) = audit.entries()
    assert line == {
        "at": hand.utc_ns() // 10**6,
        "who": "Anna",
        "from": "10.0.0.7",
        "kind": "change",
        "what": "settings saved",
        "fields": ["device.model"],
        "plate": "",
        "outcome": "failed",
    }


def test_it_is_the_owner_s_alone(audit: AuditLog, path: Path) -> None:
    audit.note(ANNA, Deed.SEARCH, "events searched", plate="1AB1234")
    audit.note(ANNA, Deed.SIGN_IN, "wrong password", outcome=Outcome.REFUSED)
    audit.note(ANNA, Deed.CHANGE, "settings saved")
    files = sorted(path.parent.iterdir())
    assert [one.name for one in files] == [
        "audit.jsonl",
        "lookups.jsonl",
        "plates.key",
        "refusals.jsonl",
    ]
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_newest_come_first_over_all_files_and_a_restart(
    audit: AuditLog, path: Path, hand: FakeClock
) -> None:
    for number, (deed, outcome) in enumerate(
        (
            (Deed.CHANGE, Outcome.DONE),
            (Deed.SEARCH, Outcome.DONE),
            (Deed.SIGN_IN, Outcome.REFUSED),
            (Deed.ERASURE, Outcome.DONE),
        )
    ):
        hand.advance(1)
        audit.note(ANNA, deed, str(number), outcome=outcome)
    again = AuditLog(path, hand)
    assert said(again) == ["3", "2", "1", "0"]
    assert [line["what"] for line in again.entries(2)] == ["3", "2"]


def test_lines_are_filtered_by_kind_by_who_and_by_where(audit: AuditLog) -> None:
    audit.note(ANNA, Deed.CHANGE, "a")
    audit.note(BOB, Deed.EXPORT, "b")
    assert said(audit, kind="export") == ["b"]
    assert said(audit, who="ANNA") == ["a"]
    assert said(audit, who="10.0.0") == ["a"]
    assert said(audit, who="token") == ["b"]
    assert said(audit, kind="test") == []


def test_guesses_and_searches_are_bounded_and_push_nothing_else_out(
    audit: AuditLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "MAX_BYTES", 2000)
    monkeypatch.setattr(audit_module, "MAX_LOOKUP_BYTES", 4000)
    audit.note(ANNA, Deed.PEOPLE, "first password set")
    for number in range(200):
        audit.note(ANNA, Deed.SEARCH, f"search {number}", plate="1AB1234")
        audit.note(ANNA, Deed.SIGN_IN, f"guess {number}", outcome=Outcome.REFUSED)
    kept = said(audit)
    assert "first password set" in kept
    assert {"search 199", "guess 199"} < set(kept)
    sizes = {one.name: one.stat().st_size for one in path.parent.glob("*.jsonl")}
    assert max(sizes["lookups.jsonl"], sizes["lookups.1.jsonl"]) <= 4000
    assert max(sizes["refusals.jsonl"], sizes["refusals.1.jsonl"]) <= 2000
    assert MAX_BYTES < MAX_LOOKUP_BYTES


@pytest.mark.parametrize(
    ("deed", "name"),
    [
        (Deed.EXPORT, "exports"),
        (Deed.TEST, "work"),
        (Deed.PARKED, "work"),
        (Deed.SIGN_IN, "visits"),
        (Deed.SIGN_OUT, "visits"),
    ],
)
def test_what_there_may_be_many_of_pushes_out_neither_a_change_nor_a_search(
    audit: AuditLog, path: Path, monkeypatch: pytest.MonkeyPatch, deed: Deed, name: str
) -> None:
    monkeypatch.setattr(audit_module, "MAX_BYTES", 2000)
    audit.note(ANNA, Deed.CHANGE, "settings saved")
    audit.note(BOB, Deed.SEARCH, "events searched")
    for number in range(100):
        audit.note(BOB, deed, f"deed {number}")
    assert {"settings saved", "events searched", "deed 99"} < set(said(audit))
    sizes = [one.stat().st_size for one in path.parent.glob(f"{name}*.jsonl")]
    assert len(sizes) == 2
    assert max(sizes) <= 2000


def test_a_torn_line_is_skipped_and_the_next_one_is_whole(audit: AuditLog, path: Path) -> None:
    audit.note(ANNA, Deed.CHANGE, "before")
    whole = path.read_bytes()
    audit.note(ANNA, Deed.CHANGE, "torn")
    path.write_bytes(path.read_bytes()[: len(whole) + 40])
    with path.open("ab") as out:
        out.write(b'\n[1]\n{"at": 1}\n\xff\n{"at": "x", "who": "y"')
    audit.note(ANNA, Deed.CHANGE, "after")
    assert said(audit) == ["after", "before"]


def test_lines_of_before_there_were_people_are_shown(audit: AuditLog, path: Path) -> None:
    path.parent.mkdir()
    old = {"at": 5, "who": "page from 10.0.0.1", "what": "settings saved", "fields": ["a"]}
    path.write_text(json.dumps(old) + "\n")
    assert audit.entries() == [{**old, "from": "", "kind": "", "plate": "", "outcome": ""}]


def test_a_disk_that_refuses_a_line_stops_nothing(audit: AuditLog, path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    audit.note(ANNA, Deed.SEARCH, "events searched", plate="1AB1234")
    assert audit.entries() == []
    assert audit.mark("1AB1234") == audit.mark("1ab-1234"), "marks are those of this run"


def test_root_s_shell_leaves_the_log_to_whoever_owns_the_place(
    audit: AuditLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    os.chown(path.parent.parent, 4711, 4712)
    audit.note(ANNA, Deed.SEARCH, "events searched", plate="1AB1234")
    owners = {
        (one.stat().st_uid, one.stat().st_gid) for one in (path.parent, *path.parent.iterdir())
    }
    assert owners == {(4711, 4712)}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    audit.note(ANNA, Deed.CHANGE, "not root: nothing is given away")
    assert path.stat().st_uid == 0


@pytest.mark.parametrize("name", ["audit.jsonl", "lookups.jsonl", "plates.key"])
def test_no_link_leads_root_s_shell_to_another_file(
    audit: AuditLog, path: Path, tmp_path: Path, name: str
) -> None:
    """Whoever owns the folder could have root's shell write to any file, or give it away."""
    other = tmp_path / "shadow"
    other.write_text("root's own")
    path.parent.mkdir()
    (path.parent / name).symlink_to(other)
    audit.note(ANNA, Deed.SEARCH, "events searched", plate="1AB1234")
    audit.note(ANNA, Deed.CHANGE, "settings saved")
    audit.forget_key()
    assert other.read_text() == "root's own"


def test_no_folder_of_another_user_is_written_to_through_a_link(
    audit: AuditLog, path: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    other = tmp_path / "etc"
    other.mkdir(mode=0o755)
    path.parent.symlink_to(other)
    os.chown(path.parent, 4711, 4712, follow_symlinks=False)
    audit.note(ANNA, Deed.SEARCH, "events searched", plate="1AB1234")
    assert list(other.iterdir()) == []
    assert other.stat().st_mode & 0o777 == 0o755
    os.chown(other, 4711, 4712)
    audit.note(ANNA, Deed.CHANGE, "their own folder, elsewhere")
    assert said(audit) == ["their own folder, elsewhere"]


# ---- plates -----------------------------------------------------------------------------------


def test_who_looked_for_a_plate_is_answered_without_a_plate_being_kept(
    audit: AuditLog, path: Path
) -> None:
    audit.note(ANNA, Deed.SEARCH, "a", plate="1AB 1234")
    audit.note(BOB, Deed.EXPORT, "b", plate="1ab-1234")
    audit.note(BOB, Deed.SEARCH, "c", plate="1AB*")
    audit.note(BOB, Deed.ERASURE, "d", plate="MLB84R")
    audit.note(BOB, Deed.SEARCH, "e")
    assert sorted(said(audit, plate="1\u0410\u04121234")) == ["a", "b"], "typed in Cyrillic, too"
    assert said(audit, plate="1AB*") == ["c"], "a pattern by that very pattern"
    assert said(audit, plate="MLB84R", who="bob") == ["d"]
    assert said(audit, plate="2CD5678") == []
    kept = b"".join(one.read_bytes() for one in path.parent.iterdir()).upper()
    for plate in (b"1AB1234", b"1AB 1234", b"1AB-1234", b"1AB*", b"MLB84R"):
        assert plate not in kept


def test_nobody_without_the_key_makes_a_mark(tmp_path: Path, hand: FakeClock) -> None:
    marks = {
        AuditLog(tmp_path / str(one) / "audit.jsonl", hand).mark("1AB1234") for one in range(9)
    }
    assert len(marks) == 9
    assert {len(mark) for mark in marks} == {16}


def test_with_the_key_gone_nobody_can_say_what_a_mark_stood_for(
    audit: AuditLog, path: Path, hand: FakeClock
) -> None:
    audit.note(ANNA, Deed.SEARCH, "a", plate="1AB1234")
    before = (path.parent / "plates.key").read_bytes()
    with (path.parent / "plates.key").open("rb") as held:
        audit.forget_key()
        assert held.read() != before, "it is overwritten, not only unlinked"
    assert said(audit, plate="1AB1234") == []
    assert said(audit) == ["a"]
    audit.note(ANNA, Deed.SEARCH, "b", plate="1AB1234")
    assert said(AuditLog(path, hand), plate="1AB1234") == ["b"]


# ---- over HTTP --------------------------------------------------------------------------------


def test_everything_that_is_asked_for_has_its_line(
    engine: StillEngine, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.http.get("/api/events?plate=1AB1234")
    browser.http.get("/api/events?limit=5")
    browser.http.get("/api/events.zip?plate=1AB1234")
    browser.http.get("/api/export?secrets=true")
    browser.http.get("/api/parked/export")
    monkeypatch.setattr(engine, "parked_bytes", lambda _key, _seq: b"whole")
    browser.http.get("/api/profiles/vms/parked/1")
    browser.send("POST", "/api/profiles/vms/test", {"changes": {"profiles[vms].device_id": "X"}})
    browser.send("POST", "/api/erase", {"before": "2001-01-01"})
    engine.ill = "the disk is ill"
    engine.refuses = "it does not fit"
    browser.send("PATCH", "/api/settings", {"changes": {"device.model": "M"}})
    with spoken(engine, tmp_path / "socket") as (shell, _):
        engine.ill = ""
        shell.get("/api/events?plate=1AB1234&export=csv&cursor=")
        shell.get("/api/events?plate=1AB1234&export=csv&limit=1&cursor=1")
    browser.send("DELETE", "/api/session")
    browser.sign_in()
    lines = browser.http.get("/api/audit").json()[::-1]
    expected = [
        ("people", "first password set", [], "done"),
        ("search", "events searched", [], "done"),
        ("export", "events exported as zip", [], "done"),
        ("export", "settings exported with secrets", ["profiles[barrier].password"], "done"),
        ("export", "parked events exported", [], "done"),
        ("export", "parked event of profile vms downloaded", [], "done"),
        ("test", "profile vms tested", ["profiles[vms].device_id"], "done"),
        ("erasure", "0 events and 0 pictures erased", ["before"], "done"),
        ("export", "events exported as csv", [], "done"),
        ("sign-out", "signed out", [], "done"),
        ("sign-in", "signed in", [], "done"),
    ]
    told = [(line["kind"], line["what"], line["fields"], line["outcome"]) for line in lines]
    assert sorted(told) == sorted(expected)
    assert {line["who"] for line in lines} == {"admin", "shell"}


def test_an_admin_asks_whether_a_plate_was_looked_for(browser: Browser) -> None:
    browser.http.get("/api/events?plate=1AB1234")
    browser.http.get("/api/events?plate=2CD5678")
    (line,) = browser.http.get("/api/audit?plate=1ab+1234").json()
    assert line["what"] == "events searched"
    assert browser.http.get("/api/audit?plate=3EF9999").json() == []
    answer = browser.http.get("/api/audit?kind=gossip")
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "kind"


def test_a_made_up_cursor_hides_no_search_and_a_further_page_has_no_line(browser: Browser) -> None:
    pages = (
        "plate=1AB1234&cursor=999",
        "plate=1AB1234&cursor=998",
        "plate=2CD5678&cursor=997",
        "plate=2CD5678",
        "plate=2CD5678&cursor=996&limit=7",
        "plate=2CD5678",
        "plate=2CD5678&export=csv&cursor=995",
        "cursor=994",
    )
    for page in pages:
        assert browser.http.get(f"/api/events?{page}").status_code == 200
    lines = browser.http.get("/api/audit?plate=1AB1234").json()
    assert [line["kind"] for line in lines] == ["search"]
    lines = browser.http.get("/api/audit?plate=2CD5678").json()
    assert sorted(line["kind"] for line in lines) == ["export", "search", "search", "search"]


def test_of_the_noted_searches_only_the_latest_are_remembered() -> None:
    noted = Noted()
    for number in range(MOST_NOTED + 1):
        assert noted.begins(number, anew=False)
    assert not noted.begins(MOST_NOTED, anew=False)
    assert noted.begins(0, anew=False), "one line too many rather than none"


def test_an_erasure_that_breaks_off_has_its_line(
    engine: StillEngine, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise OutboxError("the disk is ill")

    monkeypatch.setattr(engine, "erase", broken)
    assert browser.send("POST", "/api/erase", {"plate": "1AB1234"}).status_code == 503
    (line,) = browser.http.get("/api/audit?plate=1AB1234").json()
    assert (line["kind"], line["outcome"]) == ("erasure", "failed")
