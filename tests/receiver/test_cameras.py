"""Cameras that come, go and fail: one line for each change, and none for a reconnect."""

from __future__ import annotations

import json

import pytest

from cammra_edge.receiver.cameras import MOST, Cameras

NS = 1_000_000_000


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.cameras = Cameras(self.lines.append)

    def state(self, at_s: float, *, online: bool, boot: str = "a") -> None:
        said = json.dumps({"online": online, "boot": boot}).encode()
        self.cameras.take("north", "CAM", "state", said, round(at_s * NS))

    def health(self, *reasons: object) -> None:
        self.cameras.take("north", "CAM", "health", json.dumps({"reasons": reasons}).encode(), 0)

    def tick(self, at_s: float) -> list[str]:
        self.cameras.tick(round(at_s * NS))
        lines = self.lines[:]
        self.lines.clear()
        return lines


def test_a_camera_comes_and_goes() -> None:
    heard = Heard()
    heard.state(0, online=True)
    heard.state(1, online=True)
    assert heard.tick(1) == ["north/CAM is there"]
    heard.state(2, online=False)
    heard.state(10, online=False)
    assert heard.tick(31.9) == []
    assert heard.tick(32) == ["north/CAM is gone"]
    assert heard.tick(99) == []
    heard.state(100, online=True)
    assert heard.tick(100) == ["north/CAM is there"]


def test_a_reconnect_is_no_news_and_a_new_start_is() -> None:
    heard = Heard()
    heard.state(0, online=True)
    heard.state(5, online=False)
    heard.state(6, online=True)
    assert heard.tick(60) == ["north/CAM is there"]
    heard.state(61, online=True, boot="b")
    heard.state(62, online=False, boot="a")
    assert heard.tick(120) == ["north/CAM was started anew"], "the old start's will came late"


def test_health_is_told_when_it_changes() -> None:
    heard = Heard()
    heard.health()
    heard.health("source_gone")
    heard.health("source_gone")
    heard.health()
    assert heard.tick(0) == ["north/CAM fails: source_gone", "north/CAM works again"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[" * 9_000, b"[]", b'{"online": 1, "boot": "a"}', b'{"online": true}',
     b'{"online": true, "boot": "\\u001b[2J"}', b'{"online": true, "boot": ["a"]}'],
)  # fmt: skip
def test_nonsense_tells_nothing(content: bytes) -> None:
    heard = Heard()
    heard.cameras.take("north", "CAM", "state", content, 0)
    heard.cameras.take("north", "\x1b[2J", "state", b'{"online": true, "boot": "a"}', 0)
    heard.cameras.take("north", "CAM", "health", b'{"reasons": "no"}', 0)
    heard.health("\x1b[2J", 7, "A" * 99)
    assert heard.tick(99) == []


def test_only_so_many_are_remembered() -> None:
    heard = Heard()
    for number in range(MOST + 5):
        heard.cameras.take("n", f"C{number}", "state", b'{"online": true, "boot": "a"}', 0)
    assert len(heard.tick(0)) == MOST
