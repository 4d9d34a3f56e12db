"""What is saved on the page and what waits in the outbox belong to a profile's key, through changes of the script."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.receiver import Receiver
from cammra_edge.web import serve_page
from cammra_edge.web.saved import SavedSettings
from tests.emulation import PATIENCE
from tests.servers import free_port
from tests.web.still import PASSWORD, PATIENT_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.model import EventWord

PATIENCE_S = 60.0 * PATIENCE
DEAD = f"http://127.0.0.1:{free_port()}/"
AT_GATE = ("127.0.0.1", free_port())
"""Where the gate's receiver is once it runs: what was saved as its password is for this server alone."""
CHANGES = {
    "profiles[gate].device_id": "GATE-1",
    "profiles[gate].user": "cam",
    "profiles[gate].password": "s3cret",
    "profiles[vms].device_id": "GATE-2",
}


def profile(key: str, url: str = DEAD, *, name: str = "", kind: EventWord = "new") -> Profile:
    return Profile(name or key, HttpPost(url), key=key, events={kind}, image=None)


GATE = profile("gate", f"http://127.0.0.1:{AT_GATE[1]}/")
VMS = profile("vms", kind="lost")


class Camera:
    """An engine of these profiles with its page, and a browser that is signed in."""

    def __init__(self, engine: Engine, http: httpx.Client) -> None:
        self.engine = engine
        self.http = http

    def send(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        answer = self.http.request(method, f"/api/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self) -> dict[str, dict[str, Any]]:
        return {one["key"]: one for one in self.send("GET", "status")["profiles"]}


@contextmanager
def camera(folder: Path, *profiles: Profile, locked: tuple[str, ...] = ()) -> Iterator[Camera]:
    outbox = OutboxSettings(path=folder / "outbox")
    engine = Engine(profiles=profiles, outbox=outbox, locked=locked)
    with (
        serve_page(engine, port=0, say=False) as page,
        engine.running(live=False),
        httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        first = {"code": page.setup_code, "password": PASSWORD}
        path, body = ("setup", first) if page.setup_code else ("session", {"password": PASSWORD})
        http.headers["X-CSRF-Token"] = http.post(f"/api/{path}", json=body).json()["csrf"]
        yield Camera(engine, http)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A camera on which fields of both profiles are saved, and one event waits for each."""
    with camera(tmp_path, GATE, VMS) as first:
        first.send("PATCH", "settings", {"changes": CHANGES})
        read = PlateRead(track=1, text="1AB1234", confidence=0.9)
        first.engine.observe(None, [read], FrameTime(0, 10**18))
        first.engine.finish()
        first.engine.wait_for_room(1)
    return tmp_path


def told(receiver: Receiver) -> list[tuple[str, str]]:
    return [(event.text("sensorProviderID"), event.kind) for event in receiver.events]


@pytest.mark.parametrize("name", ["gate", "main gate"], ids=["swapped", "swapped and renamed"])
def test_what_was_saved_and_what_waits_follow_a_profile_to_its_new_place(
    folder: Path, name: str
) -> None:
    with Receiver(http=AT_GATE) as at_gate, Receiver() as at_vms:
        vms = profile("vms", at_vms.http_url, kind="lost")
        gate = profile("gate", at_gate.http_url, name=name)
        with camera(folder, vms, gate, locked=("profiles[gate].device_id",)) as second:
            settings = second.send("GET", "settings")
            assert settings["profiles"] == ["vms", "gate", "Profile 3"]
            assert settings["secrets"] == ["profiles[gate].password"]
            assert "profiles[vms].device_id" not in settings["locked"]
            second.engine.drain(PATIENCE_S)
        assert told(at_gate) == [("defaultID", "new")], (
            "as the script has it, which locks the field"
        )
        assert told(at_vms) == [("GATE-2", "lost")]


def test_a_profile_that_is_removed_and_added_again_finds_everything(folder: Path) -> None:
    with camera(folder, GATE) as second:
        state = second.send("GET", "settings")
        assert "vms" in state["notice"]
        assert state["secrets"] == ["profiles[gate].password"]
        assert second.status()["vms"]["state"] == "removed"
        assert second.status()["vms"]["queue_events"] == 1
        second.send("PATCH", "settings", {"changes": {"profiles[gate].name": "main gate"}})
    with Receiver(http=AT_GATE) as at_gate, Receiver() as at_vms:
        vms = profile("vms", at_vms.http_url, kind="lost")
        with camera(folder, vms, profile("gate", at_gate.http_url)) as third:
            assert third.send("GET", "settings")["notice"] == ""
            names = {one.key: one.name for one in third.engine.settings.profiles}
            assert names == {"vms": "vms", "gate": "main gate"}
            third.engine.drain(PATIENCE_S)
        assert told(at_gate) == [("GATE-1", "new")]
        assert told(at_vms) == [("GATE-2", "lost")]


def test_what_waits_for_a_profile_that_is_gone_can_be_given_to_another(folder: Path) -> None:
    with (
        Receiver(http=AT_GATE) as at_gate,
        camera(folder, profile("gate", at_gate.http_url)) as second,
    ):
        second.engine.drain(PATIENCE_S)
        for key, to, field in (
            ("vms", "vms", "to"),
            ("gate", "gate", "from"),
            ("who", "gate", "from"),
        ):
            answer = second.http.post(f"/api/profiles/{key}/give", json={"to": to})
            assert answer.status_code == 422, answer.text
            assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]
        assert second.send("POST", "profiles/vms/give", {"to": "gate"}) == {"events": 1}
        assert second.engine.drain(PATIENCE_S)
        assert told(at_gate) == [("GATE-1", "new"), ("GATE-1", "lost")]
        assert "vms" not in second.status()
        audit = second.send("GET", "audit")[0]
        assert audit["what"] == "1 event of profile vms given to gate"


def test_run_sends_nothing_before_the_saved_settings_are_in_force(folder: Path) -> None:
    with Receiver() as by_script, Receiver() as by_page:
        script = folder / "camera.py"
        script.write_text(
            "from pathlib import Path\n"
            "from cammra_edge import Engine, HttpPost, OutboxSettings, Profile\n"
            "def profile(key, kind):\n"
            f"    return Profile(key, HttpPost({by_script.http_url!r}), events={{kind}}, image=None)\n"
            "engine = Engine(profiles=[profile('vms', 'lost'), profile('gate', 'new')],\n"
            f"    outbox=OutboxSettings(path=Path({str(folder / 'outbox')!r})))\n"
            "source = []\n"
        )
        settings = load_script(script).engine.settings
        saved = SavedSettings(folder / "cammra-page", settings, lambda _: None, SYSTEM_CLOCK)
        changes = {f"profiles[{key}].server_url": by_page.http_url for key in ("gate", "vms")}
        saved.save({**changes, "profiles[gate].password": ""}, on=None, who="test")
        assert main(["run", str(script), "--page", f"127.0.0.1:{free_port()}"]) == Exit.OK
        assert sorted(told(by_page)) == [("GATE-1", "new"), ("GATE-2", "lost")]
        assert told(by_script) == []
