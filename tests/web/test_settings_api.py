"""Settings over the API: all or nothing, two editors, history, and a camera's own file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from cammra_edge.profile import Ftp, HttpPost, Profile, Tcp
from cammra_edge.web import serve_page
from tests.web.conftest import first_visitor
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.web.conftest import Browser

GOOD = {"tracking.lost_after_s": 4.0}
BAD = {
    "tracking.lost_after_s": 4.0,
    "tracking.reliable_reads": 0,
    "profiles[vms].server_url": "no port",
}
XML = {"Content-Type": "text/xml"}


def patch(browser: Browser, changes: object, **more: Any) -> httpx.Response:  # noqa: ANN401 - also what is wrong
    return browser.send("PATCH", "/api/settings", {"changes": changes, **more})


def test_a_save_is_in_force_when_it_is_answered(browser: Browser, engine: StillEngine) -> None:
    answer = patch(browser, GOOD, version=0)
    assert answer.status_code == 200
    assert engine.settings.tracking.lost_after_s == 4.0
    assert answer.json()["version"] == 1


def test_one_wrong_field_keeps_all_of_them_out(browser: Browser, engine: StillEngine) -> None:
    answer = patch(browser, BAD)
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["fields"]} == {
        "tracking.reliable_reads",
        "profiles[vms].server_url",
    }
    assert engine.applied == []
    assert browser.send("GET", "/api/settings").json()["version"] == 0


def test_the_second_of_two_editors_is_told(browser: Browser, engine: StillEngine) -> None:
    assert patch(browser, GOOD, version=0).status_code == 200
    answer = patch(browser, {"tracking.lost_after_s": 9.0}, version=0)
    assert answer.status_code == 409
    assert answer.json()["version"] == 1
    assert engine.settings.tracking.lost_after_s == 4.0


def test_an_earlier_version_comes_back(browser: Browser, engine: StillEngine) -> None:
    patch(browser, GOOD)
    patch(browser, {"tracking.lost_after_s": 9.0})
    assert browser.send("POST", "/api/history/1/restore").status_code == 200
    assert engine.settings.tracking.lost_after_s == 4.0
    assert [one["version"] for one in browser.send("GET", "/api/history").json()] == [3, 2, 1]
    assert browser.send("POST", "/api/history/99/restore").status_code == 404


def test_one_profile_can_be_changed_by_its_key(browser: Browser, engine: StillEngine) -> None:
    fields = {"device_id": "GATE-9", "tls.pin": "ab" * 32}
    assert browser.send("PUT", "/api/profiles/vms", fields).status_code == 200
    assert engine.settings.profiles[1].device_id == "GATE-9"
    protocol = engine.settings.profiles[1].protocol
    assert isinstance(protocol, Tcp)
    assert protocol.tls.pin == "ab" * 32
    assert browser.send("PUT", "/api/profiles/2", fields).status_code == 404
    wrong = browser.send("PUT", "/api/profiles/vms", {"key": "x", "x].quality": 1})
    assert wrong.status_code == 422
    assert [one["field"] for one in wrong.json()["fields"]] == [
        "profiles[vms].key",
        "profiles[vms].x].quality",
    ]


@pytest.mark.parametrize(
    "key",
    ["a/cloud", "x/test", "100 %", "x%2Fy", "brána ]. [1]", "?a=b#c", "a+b;c", "profiles[x].name"],
)
def test_any_key_finds_its_profile(tmp_path: Path, key: str) -> None:
    script = still_settings(tmp_path)
    weird = Profile("weird", HttpPost("http://127.0.0.1:9/a"), key=key)
    engine = StillEngine(replace(script, profiles=(*script.profiles[:2], weird), locked=()))
    part = quote(key, safe="")
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page,
        first_visitor(page) as browser,
    ):
        answer = browser.send("PUT", f"/api/profiles/{part}", {"device_id": "GATE-9"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["settings"][f"profiles[{key}].device_id"] == "GATE-9"
        assert engine.settings.profiles[2].device_id == "GATE-9"
        assert browser.send("POST", f"/api/profiles/{part}/resume").json() == {"profile": key}
        assert browser.send("GET", f"/api/profiles/{part}/cloud").status_code == 200
        steps = browser.send("POST", f"/api/profiles/{part}/test", {"plate": "1AB1234"}).json()
        assert steps["detail"] == "weird 1AB1234"


def test_a_removed_profiles_backlog_is_given_by_key(browser: Browser) -> None:
    given = browser.send("POST", "/api/profiles/old%2Fgate/give", {"to": "vms"})
    assert given.json() == {"events": len("old/gate") + len("vms")}
    refused = browser.send("POST", "/api/profiles/barrier/give", {"to": "vms"})
    assert refused.status_code == 422
    (field,) = refused.json()["fields"]
    assert field == {
        "field": "from",
        "want": "a profile that the settings no longer have",
        "code": "removed_profile",
        "values": {},
    }
    assert browser.send("POST", "/api/profiles/old/give", {"to": "ill"}).status_code == 503
    assert browser.send("POST", "/api/profiles/old/give", {}).status_code == 422


def test_a_check_changes_nothing_and_says_what_would_be(
    browser: Browser, engine: StillEngine
) -> None:
    fields = {"protocol": "FTP", "server_url": "ftp://h", "path": "a", "naming": "#PLATE"}
    changes = {f"profiles[vms].{name}": value for name, value in fields.items()}
    made = browser.send("POST", "/api/check", {"changes": changes}).json()
    assert made["fields"] == []
    assert [one["profile"] for one in made["profiles"]] == ["barrier", "vms", "archive"]
    assert made["profiles"][0]["of"] == 1
    assert made["profiles"][0]["would_send"] == 1
    assert made["profiles"][0]["kept_back"] == {}
    only = {"changes": {"profiles[barrier].directions": ["out"]}}
    (barrier, *_) = browser.send("POST", "/api/check", only).json()["profiles"]
    assert (barrier["would_send"], barrier["kept_back"]) == (0, {"directions": 1})
    barrier, *_ = browser.send("GET", "/api/outlook").json()
    assert (barrier["profile"], barrier["would_send"]) == ("barrier", 1)
    assert engine.applied == []
    changes["profiles[vms].image"] = "full frame"
    made = browser.send("POST", "/api/check", {"changes": changes}).json()
    assert made["profiles"][1]["names"] == ["a/AXIS1234.jpg"]


def test_a_camera_s_own_file_becomes_a_profile_and_comes_back(
    browser: Browser, engine: StillEngine
) -> None:
    xml = browser.send("GET", "/api/profiles/barrier/cloud").content
    xml = xml.replace(b"<sensorProviderID>defaultID", b"<sensorProviderID>GATE-7")
    headers = {**XML, "X-CSRF-Token": browser.csrf}
    answer = browser.http.put("/api/profiles/barrier/cloud", content=xml, headers=headers)
    assert answer.status_code == 200
    profile = engine.settings.profiles[0]
    assert profile.device_id == "GATE-7"
    assert isinstance(profile.protocol, HttpPost)
    assert profile.protocol.password == "s3cret-one", (
        "a file without a password leaves the saved one"
    )


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b'{"cammra_edge":1}', b'{"cammra_edge":9,"settings":{}}']
)
def test_a_foreign_file_is_not_imported(
    browser: Browser, engine: StillEngine, content: bytes
) -> None:
    headers = {"Content-Type": "application/json", "X-CSRF-Token": browser.csrf}
    assert browser.http.post("/api/import", content=content, headers=headers).status_code == 422
    assert engine.applied == []


def test_an_import_leaves_locked_fields_and_secrets_as_they_are(
    browser: Browser, engine: StillEngine
) -> None:
    held = browser.send("GET", "/api/export").json()
    held["settings"]["profiles[archive].server_url"] = "ftp://127.0.0.2"
    held["settings"]["tracking.lost_after_s"] = 4.0
    assert browser.send("POST", "/api/import", held).status_code == 200
    first, third = engine.settings.profiles[0].protocol, engine.settings.profiles[2].protocol
    assert isinstance(first, HttpPost)
    assert isinstance(third, Ftp)
    assert (first.password, third.server_url) == ("s3cret-one", "ftp://127.0.0.1:9")
    assert engine.settings.tracking.lost_after_s == 4.0
