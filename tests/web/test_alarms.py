"""The table of alarms: from an engine's status to codes, values and places, each with its words on the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.camera import SourceState, SourceStatus
from cammra_edge.camera.troubles import SourceRemedy, stream_error
from cammra_edge.delivery import KeepaliveStatus, ProfileState, ProfileStatus
from cammra_edge.engine import EngineStatus
from cammra_edge.engine.alarms import AlarmCode, alarms_of
from cammra_edge.engine.status import StreamStatus
from cammra_edge.engine.troubles import InputKind, InputTrouble
from cammra_edge.outbox import OutboxStatus
from cammra_edge.sinks.whys import Why
from cammra_edge.web.api_traffic import OPERATIONS
from cammra_edge.web.roles import Role
from cammra_edge.web.views import alarms_plain

if TYPE_CHECKING:
    from tests.web.conftest import Browser
    from tests.web.still import StillEngine

STATIC = Path(__file__).parents[2] / "python" / "cammra_edge" / "web" / "static"
TEXTS: dict[str, str] = json.loads((STATIC / "en-alarms.json").read_text(encoding="utf-8"))

DISK = OutboxStatus(path="o", durability="power", max_events=5, max_bytes=7)
LIVELY = StreamStatus(silent_s=0.04, usual_gap_s=0.04, clock_synced=True)
GATE = ProfileStatus(key="gate", profile_id=1, name="barrier", state=ProfileState.IDLE)
WELL = EngineStatus(
    stream_id="s", running=True, frames=250, stream=LIVELY, outbox=DISK, profiles=(GATE,),
    keepalive=KeepaliveStatus(sent=3),
)  # fmt: skip


def trouble(kind: InputKind, **more: Any) -> tuple[InputTrouble]:  # noqa: ANN401 - any field
    return (InputTrouble(kind=kind, count=3, what="what", why="why", remedy="remedy", **more),)


def gate(**fields: Any) -> tuple[ProfileStatus]:  # noqa: ANN401 - any field
    return (replace(GATE, **fields),)


WRONG: list[tuple[dict[str, Any], AlarmCode, dict[str, object], str]] = [
    (
        {"profiles": (GATE, *gate(state=ProfileState.PAUSED, alarm=True, why="401"))},
        AlarmCode.PROFILE_PAUSED,
        {"profile": "gate", "name": "barrier", "why": "401"},
        "integration/push/2",
    ),
    (
        {"profiles": gate(parked_now=2)},
        AlarmCode.PARKED,
        {"profile": "gate", "name": "barrier", "n": 2},
        "integration/deliveries",
    ),
    (
        {"profiles": gate(state=ProfileState.RETRYING, unheard="nobody subscribes")},
        AlarmCode.UNHEARD,
        {"profile": "gate", "name": "barrier", "why": "nobody subscribes"},
        "integration/push/1",
    ),
    (
        {"profiles": gate(presence="the broker refuses cammra/v1/site/A/state (0x87)")},
        AlarmCode.PRESENCE_FAILED,
        {
            "profile": "gate",
            "name": "barrier",
            "why": "the broker refuses cammra/v1/site/A/state (0x87)",
        },
        "integration/push/1",
    ),
    (
        {"profiles": gate(state=ProfileState.REMOVED, parked_now=2, queue_events=5)},
        AlarmCode.LEFT_BEHIND,
        {"profile": "gate", "name": "barrier", "n": 7},
        "integration/deliveries",
    ),
    (
        {"outbox": replace(DISK, durable=False, trouble="full", not_yet_durable=4)},
        AlarmCode.DISK_ILL,
        {"why": "full", "n": 4},
        "settings/camera",
    ),
    (
        {"outbox": replace(DISK, storage_waits_s=11.2)},
        AlarmCode.DISK_SLOW,
        {"s": 11},
        "settings/camera",
    ),
    (
        {"outbox": replace(DISK, lost_events=3, damage="torn")},
        AlarmCode.EVENTS_DAMAGED,
        {"n": 3, "why": "torn"},
        "settings/camera",
    ),
    ({"not_stored": 1}, AlarmCode.EVENTS_NOT_STORED, {"n": 1}, "settings/camera"),
    (
        {
            "stream": replace(LIVELY, silent_s=31.0),
            "source": SourceStatus(
                address="rtsp://10.0.0.9/",
                state=SourceState.LOST,
                trouble=stream_error("refused", "errno 111").trouble,
            ),
        },
        AlarmCode.SOURCE_TROUBLE,
        {
            "kind": "refused",
            "why": "nobody listens at this address and port (errno 111)",
            "remedy": str(SourceRemedy.MEND_REFUSED()),
        },
        "settings/camera",
    ),
    (
        {"stream": replace(LIVELY, silent_s=31.0)},
        AlarmCode.SOURCE_GONE,
        {"s": 31},
        "settings/camera",
    ),
    (
        {"frames": 0, "stream": StreamStatus(silent_s=31.0, usual_gap_s=0.0, clock_synced=None)},
        AlarmCode.SOURCE_NEVER_CAME,
        {"s": 31},
        "settings/camera",
    ),
    (
        {"stream": replace(LIVELY, clock_synced=False)},
        AlarmCode.CLOCK_UNSET,
        {},
        "settings/camera",
    ),
    (
        {"input_troubles": trouble(InputKind.FORMAT, fits=("rgb8", "bgr8"))},
        AlarmCode.FRAMES_REFUSED,
        {"n": 3, "why": "why", "formats": ["rgb8", "bgr8"]},
        "settings/camera",
    ),
    (
        {"input_troubles": trouble(InputKind.FRAME)},
        AlarmCode.FRAMES_BROKEN,
        {"n": 3, "why": "why"},
        "settings/camera",
    ),
    (
        {"input_troubles": trouble(InputKind.CONFIDENCE)},
        AlarmCode.WRONG_INPUT,
        {"n": 3, "why": "why", "kind": "confidence", "what": "what", "remedy": "remedy"},
        "settings/camera",
    ),
    (
        {"keepalive": KeepaliveStatus(sent=9, failed=2, why="refused")},
        AlarmCode.KEEPALIVE_FAILED,
        {"why": "refused", "n": 2},
        "integration/keepalive",
    ),
]


@pytest.mark.parametrize(("fields", "code", "values", "where"), WRONG)
def test_each_trouble_is_one_alarm_with_its_values_and_its_place(
    fields: dict[str, Any], code: AlarmCode, values: dict[str, object], where: str
) -> None:
    (alarm,) = alarms_of(replace(WELL, **fields))
    assert (alarm.code, alarm.values, alarm.where) == (code, values, where)


def test_the_table_above_has_every_code() -> None:
    assert {code for _, code, _, _ in WRONG} == set(AlarmCode)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stream": None, "outbox": None, "profiles": (), "keepalive": None},
        {"stream": replace(LIVELY, clock_synced=None)},
        {"stream": replace(LIVELY, silent_s=30.0)},
        {"stream": replace(LIVELY, silent_s=1_900.0, usual_gap_s=100.0)},
        {"outbox": replace(DISK, storage_waits_s=9.0)},
        {"profiles": gate(state=ProfileState.RETRYING, why="refuses", queue_events=9)},
        {"keepalive": KeepaliveStatus()},
        {"input_troubles": trouble(InputKind.FORMAT, ago_s=121.0)},
    ],
)
def test_what_needs_nobody_is_no_alarm(fields: dict[str, Any]) -> None:
    assert alarms_of(replace(WELL, **fields)) == []


def test_the_most_urgent_comes_first() -> None:
    ill = replace(
        WELL,
        stream=replace(LIVELY, clock_synced=False),
        outbox=replace(DISK, durable=False, trouble="full"),
        profiles=gate(state=ProfileState.PAUSED, alarm=True, parked_now=1),
    )
    assert [alarm.code for alarm in alarms_of(ill)] == [
        "profile_paused", "disk_ill", "parked", "clock_unset",
    ]  # fmt: skip


@pytest.mark.parametrize("code", AlarmCode)
def test_every_code_has_a_text_and_a_remedy_on_the_page(code: AlarmCode) -> None:
    known = {
        name
        for _, other, values, _ in WRONG
        for name in [*values, "profile", "age", "formats"]
        if code is other
    }
    keys = [str(code)]
    if code is AlarmCode.WRONG_INPUT:
        keys = [f"input_{kind}" for kind in set(InputKind) - {InputKind.FORMAT, InputKind.FRAME}]
    if code is AlarmCode.FRAMES_REFUSED:
        keys.append("misfits")
    for text in [f"{half}_{key}" for key in keys for half in ("alarm", "cure")]:
        assert set(re.findall(r"\{(\w+)\}", TEXTS[text])) <= known, text


def test_programs_and_the_page_are_told_the_same(browser: Browser, engine: StillEngine) -> None:
    assert browser.send("GET", "/api/alarms").json() == []
    engine.input_troubles = trouble(InputKind.FORMAT, fits=("jpeg",))
    (alarm,) = browser.send("GET", "/api/alarms").json()
    assert alarm == {
        "code": "frames_refused",
        "values": {"n": 3, "why": "why", "formats": ["jpeg"]},
        "said": {},
        "where": "settings/camera",
    }
    assert browser.send("GET", "/api/status").json()["alarms"] == [alarm]
    answer = browser.send("GET", "/api/view").json()
    assert answer["error"] == "Frames refused: set frame format to JPEG."


def test_a_reason_is_told_with_its_code() -> None:
    why = Why.AT(where="10.0.0.7:443", why=Why.BROKEN_OFF())
    trouble = stream_error("refused", "errno 111").trouble
    source = SourceStatus(address="a", state=SourceState.LOST, trouble=trouble)
    ill = replace(
        WELL, source=source, profiles=gate(state=ProfileState.PAUSED, alarm=True, why=str(why))
    )
    receiver, camera = alarms_plain(ill)
    assert receiver["values"]["why"] == why
    assert receiver["said"] == {"why": why.plain()}
    assert camera["said"]["remedy"] == SourceRemedy.MEND_REFUSED().plain()
    assert camera["said"]["why"]["values"]["what"]["code"] == trouble.what.code


def test_whoever_sees_the_status_may_ask_for_the_alarms_in_it() -> None:
    roles = {one.path: one.role for one in OPERATIONS if one.method == "GET"}
    assert roles["/api/alarms"] is roles["/api/status"] is Role.VIEWER
