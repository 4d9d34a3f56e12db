"""Our own member on the whole way: every value is the vehicle's, and what arrives fits the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cammra_edge import (
    Engine,
    EventKind,
    FrameFormat,
    FrameTime,
    HttpPost,
    OutboxSettings,
    Profile,
    Settings,
    TrackingSettings,
)
from cammra_edge.receiver import Receiver
from tests.engine.test_engine import HEIGHT, PATIENCE_S, WIDTH, a_read, grey_frame

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "ref" / "event.schema.json").read_text(encoding="utf-8"))
UTC_NS = 1_760_000_000_000_000_000
MS = 1_000_000


def told(
    folder: Path, times: list[tuple[int, str]], *, clock_synced: bool | None = None
) -> list[dict[str, Any]]:
    """What a receiver is told of a vehicle that is read as these texts at these milliseconds."""
    with Receiver() as receiver:
        engine = Engine(
            Settings(
                profiles=[
                    Profile(
                        "gate",
                        HttpPost(receiver.http_url),
                        events=frozenset(EventKind),
                        extended=True,
                    ),
                ],
                tracking=TrackingSettings(update_interval_s=0),
                frame_format=FrameFormat.GRAY8,
                frame_size=(WIDTH, HEIGHT),
                outbox=OutboxSettings(path=folder / "outbox"),
            ),
            stream_id="told",
        )
        with engine.running(live=False, local_socket=False):
            for at_ms, text in times:
                at = FrameTime(at_ms * MS, UTC_NS + at_ms * MS, clock_synced)
                engine.observe(grey_frame(), [a_read(text)], at)
            engine.finish()
            assert engine.drain(PATIENCE_S)
        assert receiver.problems == []
        return [dict(event.body) for event in receiver.events]


def test_every_member_is_what_happened_and_fits_the_schema(tmp_path: Path) -> None:
    texts = ["1A81234"] + ["1AB1234"] * 9
    events = told(tmp_path, [(40 * step, text) for step, text in enumerate(texts)])
    for event in events:
        jsonschema.Draft202012Validator(SCHEMA).validate(event)
    own = [event["cammra_edge"] for event in events]
    assert [event["carState"] for event in events] == ["new", "update", "reliable", "lost"]
    new, update, reliable, lost = own
    assert len({one["event_id"] for one in own}) == len(own)
    assert [one["changed"] for one in own] == [[], ["plate"], [], []]
    assert [one["previous_plate"] for one in own] == ["", "1A81234", "", ""]
    assert [one["final"] for one in own] == [False, False, False, True]
    assert new["reliable_by"] == ""
    assert reliable["reliable_by"] == lost["reliable_by"] != ""
    assert [one["image_text"] for one in own] == ["1A81234", "1AB1234", "1AB1234", "1AB1234"]
    assert [candidate["text"] for candidate in lost["candidates"]] == ["1AB1234", "1A81234"]
    assert {one["first_seen"] for one in own} == {str(UTC_NS)}
    assert lost["last_seen"] == str(UTC_NS + 360 * MS)
    for one, event in zip(own, events, strict=True):
        assert UTC_NS <= int(one["image_utc_ns"]) <= int(one["last_seen"])
        assert one["candidates"][0]["text"] == event["plateText"]
    assert {one["repeat"] for one in own} == {None}
    assert (new["schema"], update["schema"]) == ("1", "1")


@pytest.mark.parametrize("clock_synced", [None, False, True])
def test_every_event_tells_whether_the_clock_was_set(
    tmp_path: Path, *, clock_synced: bool | None
) -> None:
    events = told(tmp_path, [(0, "1AB1234")], clock_synced=clock_synced)
    assert [event["cammra_edge"]["clock_synced"] for event in events] == [clock_synced] * 3
