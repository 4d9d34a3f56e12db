from __future__ import annotations

import hashlib
import json

import pytest

from cammra_edge.receiver import Way
from cammra_edge.receiver import published as room
from cammra_edge.receiver.published import (
    NotHereError,
    Pictures,
    Published,
    UnreadableError,
    parcel_of,
)
from tests.fakes import JPEG


def listed(*pictures: tuple[str, bytes]) -> str:
    return json.dumps(
        [
            {"topic": topic, "kind": "plate", "sha256": hashlib.sha256(jpeg).hexdigest()}
            for topic, jpeg in pictures
        ]
    )


def published(images: str | None = None, **settings: object) -> Published:
    properties = {} if images is None else {"images": images}
    values: dict[str, object] = {
        "topic": "t",
        "content": b"{}",
        "content_type": "application/json",
        "properties": properties,
    }
    return Published(**(values | settings))  # type: ignore[arg-type]


def test_an_event_gets_the_pictures_that_it_lists_in_its_order() -> None:
    pictures = Pictures()
    pictures.put("a", JPEG)
    pictures.put("b", JPEG * 2)
    event = published(listed(("b", JPEG * 2), ("a", JPEG)))
    assert [picture.jpeg for picture in pictures.of(event)] == [JPEG * 2, JPEG]
    pictures.forget(event)
    assert len(pictures) == 0
    assert pictures.of(published()) == []


def test_a_picture_with_other_bytes_is_not_the_one() -> None:
    pictures = Pictures()
    pictures.put("a", JPEG)
    with pytest.raises(NotHereError, match="another SHA-256"):
        pictures.of(published(listed(("a", JPEG + b"\0"))))
    with pytest.raises(NotHereError, match="has not come"):
        pictures.of(published(listed(("b", JPEG))))
    pictures.put("a", JPEG + b"\0")
    assert pictures.of(published(listed(("a", JPEG + b"\0"))))


def test_memory_is_bounded_and_the_oldest_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_BYTES", 10 * len(JPEG))
    pictures = Pictures()
    for number in range(30):
        pictures.put(f"topic-{number}", JPEG)
    assert len(pictures) == 10
    assert pictures.of(published(listed(("topic-29", JPEG))))
    monkeypatch.setattr(room, "MOST_PICTURES", 5)
    pictures.put("topic-29", b"")
    assert len(pictures) == 5


@pytest.mark.parametrize(
    "images",
    [
        "",
        "{",
        "null",
        "{}",
        "[1]",
        '[{"topic": "a"}]',
        '[{"topic": 1, "kind": "plate", "sha256": "0"}]',
        json.dumps([{}] * 17),
        "[" * 100_000,
    ],
)
def test_what_says_nothing_of_its_pictures_is_refused(images: str) -> None:
    with pytest.raises(UnreadableError):
        Pictures().of(published(images))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'"text"', b"{" * 10_000])
def test_json_that_is_no_event_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        parcel_of(published(content=content), [])


def test_other_payloads_are_kept_and_not_judged() -> None:
    event = published(content=b"<event/>", content_type="application/xml; charset=utf-8")
    parcel = parcel_of(event, [])
    assert (parcel.way, parcel.raw, parcel.problems) == (Way.MQTT, b"<event/>", ())
