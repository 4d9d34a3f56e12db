"""A profile's backlog and packet numbers follow its key, whatever becomes of its name, place and URL."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge import ConfigError, Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.delivery import ProfileState
from cammra_edge.receiver import Receiver
from tests.emulation import PATIENCE
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.delivery import ProfileStatus
    from cammra_edge.model import EventWord

PATIENCE_S = 60.0 * PATIENCE


def profile(key: str, url: str, *, name: str = "", kinds: EventWord = "new") -> Profile:
    return Profile(name or key, HttpPost(url), key=key, device_id=key, events={kinds}, image=None)


class Site:
    """An outbox in which two profiles have a backlog: two News for `gate`, two Losts for `vms`."""

    def __init__(self, folder: Path, *, anew: bool) -> None:
        self.anew = anew
        self.outbox = OutboxSettings(path=folder / "outbox")
        self.dead = f"http://127.0.0.1:{free_port()}/"
        self.life = ExitStack()
        self.engine = Engine(profiles=self.profiles(self.dead, self.dead), outbox=self.outbox)
        self.life.enter_context(self.engine.running(live=False))
        self.pass_by("1AB1234", "2CD5678")

    def profiles(self, gate_url: str, vms_url: str) -> tuple[Profile, Profile]:
        return profile("gate", gate_url), profile("vms", vms_url, kinds="lost")

    def pass_by(self, *texts: str) -> None:
        for track, text in enumerate(texts):
            self.engine.observe(
                None, [PlateRead(track=track, text=text, confidence=0.9)], FrameTime(0, 10**18)
            )
        self.engine.finish()
        self.engine.wait_for_room(1)

    def go_on_with(self, *profiles: Profile) -> None:
        """The same site under other settings: by a new start, or while it runs."""
        if self.anew:
            self.life.close()
            self.engine = Engine(profiles=profiles, outbox=self.outbox)
            self.life.enter_context(self.engine.running(live=False))
        else:
            self.engine.apply(replace(self.engine.settings, profiles=profiles))

    def status(self) -> dict[str, ProfileStatus]:
        return {status.key: status for status in self.engine.status().profiles}


@pytest.fixture(params=[True, False], ids=["started anew", "applied while running"])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    made = Site(tmp_path, anew=request.param)
    with made.life:
        yield made


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    with Receiver() as one, Receiver() as other:
        yield one, other


def told(receiver: Receiver) -> list[tuple[object, ...]]:
    return [
        tuple(arrival.body[name] for name in ("sensorProviderID", "carState", "packetCounter"))
        for arrival in receiver.events
    ]


GATE = [("gate", "new", "1"), ("gate", "new", "2")]
VMS = [("vms", "lost", "1"), ("vms", "lost", "2")]


def test_profiles_that_change_places_keep_what_waits_for_them(
    site: Site, receivers: tuple[Receiver, Receiver]
) -> None:
    gate, vms = site.profiles(receivers[0].http_url, receivers[1].http_url)
    site.go_on_with(vms, gate)
    assert site.engine.drain(PATIENCE_S)
    assert sorted(told(receivers[0])) == GATE
    assert sorted(told(receivers[1])) == VMS
    assert [(status.key, status.profile_id) for status in site.engine.status().profiles] == [
        ("vms", 2),
        ("gate", 1),
    ]


def test_a_profile_that_is_renamed_goes_on(
    site: Site, receivers: tuple[Receiver, Receiver]
) -> None:
    renamed = profile("gate", receivers[0].http_url, name="north gate")
    _, vms = site.profiles(site.dead, receivers[1].http_url)
    site.go_on_with(renamed, vms)
    site.pass_by("3EF9012")
    assert site.engine.drain(PATIENCE_S)
    assert sorted(told(receivers[0])) == [*GATE, ("gate", "new", "3")]
    assert site.status()["gate"].name == "north gate"


def test_a_profile_that_is_removed_keeps_its_backlog_and_finds_it_when_it_is_back(
    site: Site, receivers: tuple[Receiver, Receiver]
) -> None:
    gate, vms = site.profiles(receivers[0].http_url, receivers[1].http_url)
    lane = profile("lane", receivers[1].http_url)
    site.go_on_with(lane, vms)
    assert site.engine.drain(PATIENCE_S)
    assert sorted(told(receivers[1])) == VMS
    left = site.status()["gate"]
    assert (left.state, left.queue_events, left.profile_id) == (ProfileState.REMOVED, 2, 1)
    assert [status.key for status in site.engine.status().profiles] == ["lane", "vms", "gate"]
    assert receivers[0].events == []
    site.go_on_with(lane, gate, vms)
    site.pass_by("3EF9012")
    assert site.engine.drain(PATIENCE_S)
    assert sorted(told(receivers[0])) == [*GATE, ("gate", "new", "3")]
    assert ("lane", "new", "1") in told(receivers[1])


def test_a_removed_profile_with_nothing_left_is_shown_no_longer(
    site: Site, receivers: tuple[Receiver, Receiver]
) -> None:
    gate, vms = site.profiles(receivers[0].http_url, receivers[1].http_url)
    site.go_on_with(gate, vms)
    assert site.engine.drain(PATIENCE_S)
    site.go_on_with(gate)
    assert list(site.status()) == ["gate"]


def test_what_a_removed_profile_left_can_be_given_to_another(
    site: Site, receivers: tuple[Receiver, Receiver]
) -> None:
    gate, vms = site.profiles(receivers[0].http_url, receivers[1].http_url)
    site.go_on_with(gate)
    assert site.engine.drain(PATIENCE_S)
    with pytest.raises(ConfigError, match="no longer have"):
        site.engine.operator.give_backlog("gate", "gate")
    with pytest.raises(ConfigError, match="one of gate"):
        site.engine.operator.give_backlog("vms", "moon")
    assert site.engine.operator.give_backlog("vms", "gate") == 2
    assert site.engine.drain(PATIENCE_S)
    assert sorted(told(receivers[0])) == [("gate", "lost", "3"), ("gate", "lost", "4"), *GATE]
    assert list(site.status()) == ["gate"]
    assert vms.key not in site.engine.operator.journal()
