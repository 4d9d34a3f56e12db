"""The keepalive, held to the vendor's sample."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cammra_edge.errors import ConfigError
from cammra_edge.model import Device
from cammra_edge.payload.keepalive import Status, keepalive_body
from cammra_edge.profile import Keepalive

SAMPLE = json.loads(
    (Path(__file__).parents[1] / "golden" / "axis_lpv" / "alpv_heartbeat_2023.json").read_text()
)
DEVICE = Device(serial="ACCC8E9BB16D")
STATUS = Status(
    now_utc_ns=1_678_443_204_000_000_000,
    app_version="2.7.1",
    os_version="11.1.72",
    frames=2476,
    frames_per_s=5,
    reads=51,
    health={"profiles": [{"name": "gate", "queued": 3}]},
)
ALL = Keepalive(
    "h", mac_address=True, device_id="defaultID", app_version=True, os_version=True, enabled=True
)


def sections_of(settings: Keepalive) -> dict[str, Any]:
    body = keepalive_body(settings, DEVICE, STATUS)
    assert body.content_type == "application/json"
    parsed: dict[str, Any] = json.loads(body.content)
    return parsed


def test_all_fields_have_the_names_and_values_of_the_vendors_sample() -> None:
    for section, members in sections_of(ALL).items():
        for name, value in members.items():
            assert SAMPLE[section][name] == value


def test_a_field_that_is_off_is_left_out() -> None:
    assert sections_of(Keepalive("h", timestamp=False)) == {
        "ALPV": {"numFrames": "2476", "numFramesAvg": "5", "numberOfReads": "51"}
    }
    assert list(sections_of(replace(ALL, mac_address=False))["identify"]) == [
        "osVersion",
        "anprVersion",
    ]


def test_the_third_section_can_be_called_otherwise_and_health_is_extra() -> None:
    parsed = sections_of(replace(ALL, section="CAMMRA", health=True))
    assert list(parsed) == ["system", "identify", "CAMMRA", "health"]
    assert parsed["health"] == {"profiles": [{"name": "gate", "queued": 3}]}


@pytest.mark.parametrize(
    ("server_url", "target"),
    [
        ("http://[fe80::1%25eth0]:8080", "/NotificationInfo/KeepAlive"),
        ("h", "/NotificationInfo/KeepAlive"),
        ("h/alive?camera=1", "/alive?camera=1"),
    ],
)
def test_a_keepalive_for_dahuas_receivers_is_what_they_read(server_url: str, target: str) -> None:
    settings = Keepalive(server_url, shape="Dahua ITSAPI", device_id="Straße 1", health=True)
    assert sections_of(settings) == {"Active": "keepAlive", "DeviceID": "Straße 1"}
    assert settings.transport().endpoint().target == target
    assert replace(settings.transport().endpoint(), target="/") == replace(
        Keepalive(server_url).transport().endpoint(), target="/"
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"enabled": True},
        {"server_url": "h", "period_minutes": 0},
        {"server_url": "ftp://h"},
        {"server_url": "h", "section": 'a"b'},
        {"server_url": "h", "auth": "basic"},
        {"server_url": "h", "timestamp": 1},
        {"server_url": "h", "shape": "Hikvision"},
        {"server_url": "h", "shape": "Dahua ITSAPI", "enabled": True},
    ],
)
def test_a_bad_setting_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Keepalive(**settings)


def test_its_password_is_masked() -> None:
    assert "geheim" not in repr(Keepalive("h", user="u", password="geheim"))
