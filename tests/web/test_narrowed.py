"""A viewer is told how profiles stand, and not where receivers, camera, folders and the local socket are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.camera import SourceState, SourceStatus
from cammra_edge.delivery import KeepaliveStatus, ProfileState, ProfileStatus, Try
from cammra_edge.outbox import OutboxStatus
from cammra_edge.sinks.whys import Why
from cammra_edge.web.roles import Role
from tests.web import test_roles
from tests.web.still import StillEngine
from tests.web.test_roles import callers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cammra_edge.engine import EngineStatus
    from tests.web.test_roles import Callers

HOST = "vms.inside.example"
SECRET_PLACE = "/srv/secret-place"
REFUSES = str(Why.AT(where=f"{HOST}:443", why=Why.BROKEN_OFF()))


class Placed(StillEngine):
    """All that it says names places."""

    def status(self) -> EngineStatus:
        gate = ProfileStatus(
            key="barrier", profile_id=1, name="barrier", state=ProfileState.PAUSED, alarm=True, why=REFUSES,
            last_error=REFUSES, unheard=REFUSES, presence=REFUSES,
        )  # fmt: skip
        return replace(
            super().status(),
            profiles=(gate,),
            keepalive=KeepaliveStatus(sent=2, failed=1, why=REFUSES),
            outbox=OutboxStatus(path=SECRET_PLACE, durability="power", max_events=5, max_bytes=7),
            source=SourceStatus(address=f"rtsp://{HOST}/1", state=SourceState.PLAYING),
            local_socket=f"{SECRET_PLACE}/socket",
            local_socket_trouble=f"{SECRET_PLACE} is no place",
        )

    def journal(self) -> Mapping[str, Sequence[Try]]:
        return {
            "barrier": [
                Try(
                    at_utc_ns=1, event_id=event.event_id, kind="new", packet=1, number=1, outcome="paused", why=REFUSES,
                    took_ns=1, size_bytes=1,
                )
                for event in self.events
            ]
        }  # fmt: skip


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callers]:
    monkeypatch.setattr(test_roles, "StillEngine", Placed)
    with callers(tmp_path) as made:
        yield made


def told(called: Callers, kind: str) -> str:
    """All that the status, the alarms and the live events tell."""
    http = called.clients[kind].http
    answers = [http.get("/api/status").text, http.get("/api/alarms").text]
    with http.stream("GET", "/api/events/stream") as stream:
        for line in stream.iter_lines():  # the events, and then the status
            answers.append(line)
            if line.startswith("data:") and answers[-2] == "event: status":
                break
    return "\n".join(answers)


@pytest.mark.parametrize("kind", [Role.OPERATOR, Role.ADMIN, "token read"])
def test_whoever_may_see_deliveries_is_told_all(called: Callers, kind: str) -> None:
    said = told(called, kind)
    assert HOST in said
    assert SECRET_PLACE in said
    assert "an operator sees why" not in said


def test_a_viewer_is_told_what_there_is_and_not_where(called: Callers) -> None:
    said = told(called, Role.VIEWER)
    assert HOST not in said
    assert SECRET_PLACE not in said
    assert "an operator sees why" in said
    status = called.clients[Role.VIEWER].http.get("/api/status").json()
    (gate,) = status["profiles"]
    assert (gate["name"], gate["state"], gate["alarm"]) == ("barrier", "paused", True)
    assert (gate["code"], gate["values"]) == ("operators_see_why", {})
    assert [alarm["code"] for alarm in status["alarms"]] == [
        "profile_paused",
        "unheard",
        "presence_failed",
        "keepalive_failed",
    ]
