"""The option that keeps the page from sending to the camera itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.errors import ConfigError
from cammra_edge.web import serve_page
from cammra_edge.web.egress import is_local
from cammra_edge.web.operation import wrong_fields
from cammra_edge.web.sentences import PageWant
from tests.web.still import PASSWORD, PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/a", "127.1.2.3:80", "localhost:7001", "ftp://[::1]", "http://0.0.0.0", "169.254.169.254",
     "[fe80::1]:9", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://127.1/"],
)  # fmt: skip
def test_the_camera_itself_is_known_however_it_is_written(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.5.223:8077/listener.php",
        "192.168.1.4:7001",
        "http://[2001:db8::1]/",
        "http://[::1",
    ],
)
def test_the_private_network_is_where_receivers_are(url: str) -> None:
    assert not is_local(url)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[tuple[httpx.Client, StillEngine]]:
    engine = StillEngine(still_settings(tmp_path))
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", deny_local=True, say=False) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        answer = http.post("/api/setup", json={"code": served.setup_code, "password": PASSWORD})
        http.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield http, engine


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "settings"), ("POST", "profiles/vms/test"), ("POST", "check")]
)
def test_saving_testing_and_checking_refuse_it(
    strict: tuple[httpx.Client, StillEngine], method: str, path: str
) -> None:
    http, engine = strict
    changes = {"profiles[vms].server_url": "127.0.0.1:22"}
    answer = http.request(method, f"/api/{path}", json={"changes": changes})
    refused = ConfigError("profiles[vms].server_url", "", PageWant.ADDRESS_OUTSIDE())
    assert answer.json()["fields"] == wrong_fields([refused])
    assert [settings.profiles for settings in engine.applied] == [engine.settings.profiles]


def test_the_engine_sends_by_it_too(strict: tuple[httpx.Client, StillEngine]) -> None:
    http, engine = strict
    assert engine.settings.deny_local
    changes = {"profiles[vms].server_url": "198.51.100.7:22"}
    assert http.patch("/api/settings", json={"changes": changes}).status_code == 200
    assert engine.settings.deny_local


def test_what_the_script_says_stays(strict: tuple[httpx.Client, StillEngine]) -> None:
    http, engine = strict
    assert (
        http.patch("/api/settings", json={"changes": {"tracking.lost_after_s": 4.0}}).status_code
        == 200
    )
    assert engine.settings.tracking.lost_after_s == 4.0
