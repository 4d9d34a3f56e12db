"""Equal settings have one name, whatever their secrets; anything else has another."""

from __future__ import annotations

import pytest

from cammra_edge import Device, HttpPost, Mqtt, Profile, Settings, TrackingSettings
from cammra_edge.config.fingerprint import fingerprint


def settings(password: str = "a", **fields: object) -> Settings:  # noqa: S107 - a test's
    way = Mqtt("mqtts://broker.test", user="u", password=password, **fields)  # type: ignore[arg-type] # the tests' own
    return Settings(profiles=[Profile("hub", way)], device=Device(serial="A"))


def test_secrets_do_not_count() -> None:
    assert fingerprint(settings()) == fingerprint(settings("b"))
    assert len(fingerprint(settings())) == 16


@pytest.mark.parametrize(
    "other",
    [
        settings(site="two"),
        Settings(profiles=[Profile("hub", HttpPost("http://a.test"))], device=Device(serial="A")),
        Settings(profiles=settings().profiles, device=Device(serial="B")),
        Settings(
            profiles=settings().profiles,
            device=Device(serial="A"),
            tracking=TrackingSettings(lost_after_s=9),
        ),
    ],
)
def test_anything_else_does(other: Settings) -> None:
    assert fingerprint(other) != fingerprint(settings())
