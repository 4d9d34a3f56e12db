"""What a type checker finds in a config script, and that it finds nothing in a good one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, get_args

import pytest
from mypy import api

from cammra_edge.config import Durability, DurabilityWord, Settings, SettingsFields
from cammra_edge.config.lists import ListMode, ListWord
from cammra_edge.fields import settings_of
from cammra_edge.model import (
    Direction,
    DirectionWord,
    EventKind,
    EventWord,
    FrameFormat,
    FrameFormatWord,
    ImageKind,
    ImageWord,
    Subsampling,
    SubsamplingWord,
)
from cammra_edge.profile import (
    Auth,
    AuthWord,
    Framing,
    FramingWord,
    NetworkMode,
    NetworkModeWord,
    Order,
    OrderWord,
)

if TYPE_CHECKING:
    from enum import StrEnum
    from pathlib import Path

GOOD = """
from pathlib import Path
from cammra_edge import *
from cammra_edge.profile import NetworkMode

expires = {EventKind.RELIABLE: 5.0}
lanes = [1, 2]
settings = Settings(
    profiles=[
        Profile("a", HttpPost("h", also_delivered=[409]), events={"new", "lost"}, image="full frame"),
        Profile("e", HttpPost("h", auth="basic", user="u")),
        Profile("b", Tcp("h:1", framing="nul"), events=[EventKind.NEW], image=None, order="live_first"),
        Profile("c", Utmc("h", tag_bits=18), directions={"in"}, rois=lanes, expires_s={"reliable": 5}),
        Profile("d", Template("h", preset="csv"), subsampling="4:4:4", expires_s=expires),
    ],
    frame_format="nv12",
    network_mode="http",
    outbox=OutboxSettings(path="x", durability="process"),
    plate_lists=[PlateList("staff", "allow", [ListEntry("AB1")])],
    locked={"server_url"},
)
engine = Engine(profiles=settings.profiles, network_mode=NetworkMode.HTTPS, frame_format="jpeg")
events: frozenset[EventKind] = settings.profiles[0].events
image: ImageKind | None = settings.profiles[0].image
path: Path = settings.outbox.path
"""
WRONG = [
    'Profile("p", Tcp("h:1"), events={"reliabel"})',
    'Profile("p", Tcp("h:1"), events="new")',
    'Profile("p", Tcp("h:1"), image="vehicle")',
    'Profile("p", Tcp("h:1"), order="fifo")',
    'Profile("p", Tcp("h:1"), subsampling="4:1:1")',
    'Profile("p", Tcp("h:1"), directions={"up"})',
    'Profile("p", Tcp("h:1"), expires_s={"soon": 1})',
    'Profile("p", Tcp("h:1"), quality="90")',
    'Profile("p", "h:1")',
    'Profile("p")',
    'HttpPost("h", auth="kerberos")',
    "HttpPost()",
    'Tcp("h:1", framing="crlf")',
    'Utmc("h", tag_bits=20)',
    'Template("h", preset="nedap")',
    'Settings(network_mode="ftp")',
    'Settings(frame_format="nv13")',
    "Settings(tracking={})",
    'OutboxSettings(durability="x")',
    'PlateList("staff", "deny")',
    "Engine(profile=[])",
    'Engine(network_mode="ftp")',
    'Profile("p", Tcp("h:1")).name = "q"',
]
WORDS: list[tuple[Any, type[StrEnum]]] = [
    (AuthWord, Auth),
    (DirectionWord, Direction),
    (DurabilityWord, Durability),
    (EventWord, EventKind),
    (FrameFormatWord, FrameFormat),
    (FramingWord, Framing),
    (ImageWord, ImageKind),
    (ListWord, ListMode),
    (NetworkModeWord, NetworkMode),
    (OrderWord, Order),
    (SubsamplingWord, Subsampling),
]


@pytest.mark.slow  # it types the package first
def test_a_type_checker_finds_each_wrong_word_and_no_good_one(tmp_path: Path) -> None:
    script = tmp_path / "config_script.py"
    script.write_text(GOOD + "\n".join(WRONG))
    out, errors, _ = api.run(
        ["--strict", "--python-executable", sys.executable, "--no-error-summary", str(script)]
    )
    assert not errors
    found = {int(line.split(":")[1]) for line in out.splitlines() if ": error: " in line}
    begin = GOOD.count("\n") + 1
    assert found == set(range(begin, begin + len(WRONG))), out


def test_an_engine_takes_every_field_of_the_settings() -> None:
    assert list(SettingsFields.__annotations__) == list(settings_of(Settings))


@pytest.mark.parametrize(("words", "kind"), WORDS)
def test_the_words_of_a_script_are_those_of_the_enumeration(
    words: object, kind: type[StrEnum]
) -> None:
    assert get_args(words) == tuple(member.value for member in kind)
