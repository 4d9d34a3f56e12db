"""The types by which the page's scripts are checked are those of the answers that they get."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.delivery import KeepaliveStatus, ProfileStatus
from cammra_edge.engine import EngineStatus
from cammra_edge.engine.alarms import Alarm
from cammra_edge.engine.status import StreamStatus
from cammra_edge.engine.troubles import InputTrouble
from cammra_edge.outbox import OutboxStatus
from cammra_edge.trial import Step
from cammra_edge.web.views import events_plain
from tests.web.busy import BusyEngine
from tests.web.still import still_settings

if TYPE_CHECKING:
    from tests.web.conftest import Browser

TYPES = (Path(__file__).parents[2] / "tools" / "page" / "types.d.ts").read_text(encoding="utf-8")


def members(interface: str) -> set[str]:
    """The members of an interface and of what it extends, those of the records in it left out."""
    declared = rf"^interface {interface} (?:extends (\w+) )?\{{(.*?)\}}$"
    ((wider, body),) = re.findall(declared, TYPES, re.DOTALL | re.MULTILINE)
    flat = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", body, flags=re.DOTALL)
    return set(re.findall(r"\b(\w+)\??:", flat)) | (members(wider) if wider else set())


def schema_words(schemas: object) -> set[str]:
    """Every name in these schemas, and in the schemas in them."""
    if isinstance(schemas, dict):
        return schemas.keys() | schema_words(list(schemas.values()))
    return set().union(*map(schema_words, schemas)) if isinstance(schemas, list) else set()


@pytest.fixture
def engine(tmp_path: Path) -> BusyEngine:
    return BusyEngine(still_settings(tmp_path))


@pytest.mark.parametrize(
    ("interface", "record"),
    [
        ("ProfileStatus", ProfileStatus),
        ("OutboxStatus", OutboxStatus),
        ("InputTrouble", InputTrouble),
        ("StreamStatus", StreamStatus),
        ("KeepaliveStatus", KeepaliveStatus),
        ("Alarm", Alarm),
        ("Step", Step),
    ],
)
def test_a_record_has_what_its_type_says(interface: str, record: type) -> None:
    beside = members("Said") | {"remedy_code", "said"}
    assert members(interface) - beside <= {field.name for field in fields(record)}


def test_the_status_has_what_its_type_says() -> None:
    assert members("Status") - {"now", "alarms"} <= {field.name for field in fields(EngineStatus)}


def test_every_answer_has_the_members_of_its_type(browser: Browser) -> None:
    def answer(path: str, method: str = "GET", body: object = None) -> Any:  # noqa: ANN401 - JSON
        return browser.send(method, f"/api/{path}", body).json()

    assert answer("settings").keys() == members("SettingsState")
    assert members("Catalogue") <= answer("catalogue").keys()
    assert members("Schema") <= schema_words(answer("catalogue")["schemas"])
    changes = {"profiles[barrier].device_id": "GATE-7"}
    checked = answer("check", "POST", {"changes": changes})
    assert checked.keys() == members("Checked")
    assert checked["profiles"][0].keys() == members("Outlook")
    (wrong,) = answer("check", "POST", {"changes": {"tracking.lost_after_s": -1}})["fields"]
    assert wrong.keys() == members("WrongField")
    found = answer("events")
    assert found.keys() == members("Found")
    besides = members("VehicleEvent") - {"went"} | members("Remembered")
    assert found["events"][0].keys() == besides
    known = answer(f"event/{found['events'][0]['id']}")
    assert known.keys() == members("KnownEvent")
    assert answer("memory").keys() == members("Memory")
    assert answer("erase", "POST", {"plate": "nobody"}).keys() == members("Erased")
    assert answer("journal")[0].keys() == members("Try")
    assert answer("parked")[0].keys() == members("ParkedEvent")
    answer("settings", "PATCH", {"changes": changes})
    assert answer("history")[0].keys() == members("Version")
    assert answer("audit")[0].keys() == members("AuditLine")
    assert answer("certificate").keys() == members("Certificate")
    secret = answer("tokens", "POST", {"name": "robot", "scopes": ["read"]})
    assert members("Token") <= secret.keys()
    assert answer("tokens")[0].keys() == members("Token")
    assert answer("session").keys() == members("Session")
    assert answer("people")[0].keys() == members("Person")


def test_a_live_event_has_the_members_of_its_type(engine: BusyEngine) -> None:
    event = events_plain(engine)[0]
    assert event.keys() == members("VehicleEvent")
    assert event["images"][0].keys() == members("Picture")
    assert event["went"][0].keys() == members("Went")


@pytest.mark.timeout(60)
def test_a_sample_has_the_members_of_its_type(browser: Browser) -> None:
    while not (samples := browser.send("GET", "/api/samples").json()):
        pass
    assert samples[0].keys() == members("Sample")
    assert samples[0]["profiles"]["barrier"].keys() <= members("ProfileStatus") | {"latency_p95_ms"}
