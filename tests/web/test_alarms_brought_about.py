"""The alarms that come seldom, each brought about in a real engine, and told to programs and on the page."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from cammra_edge import FrameFormat, Mqtt
from cammra_edge.camera import VideoSource
from cammra_edge.engine.alarms import AlarmCode
from cammra_edge.outbox import tail
from cammra_edge.outbox.segment import write_all
from tests.brokers import PUBLISH, Client, ScriptedBroker, Seen, puback
from tests.fakes import file_of
from tests.servers import LOOPBACK, free_port, wait_until
from tests.web.alarmed import Camera, camera_at
from tests.web.chromium import chromium, violations, window
from tests.web.conftest import first_visitor
from tests.web.installer import enter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from playwright.sync_api import Browser

    from cammra_edge import FrameTime, PlateRead
    from cammra_edge.outbox import Outbox

    Cause = Callable[[Camera], AbstractContextManager[None]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def camera(tmp_path: Path, cause: Cause) -> Iterator[Camera]:
    frame_format = FrameFormat.JPEG if cause is frames_broken else FrameFormat.GRAY8
    with camera_at(tmp_path, frame_format) as made:
        yield made


class Nothing:
    """A recogniser that reads nothing."""

    def read(self, frame: NDArray[np.uint8], at: FrameTime) -> list[PlateRead]:  # noqa: ARG002 - as said
        return []


def outbox_of(camera: Camera) -> Outbox:
    run = camera.engine._run
    assert run is not None
    return run.outbox


@contextmanager
def left_behind(camera: Camera) -> Iterator[None]:
    """A profile is removed while its receiver is away."""
    camera.receiver.go_away()
    camera.vehicle()
    camera.engine.apply(replace(camera.engine.settings, profiles=()))
    yield


def send_to(camera: Camera, broker: ScriptedBroker) -> None:
    (gate,) = camera.engine.settings.profiles
    by_mqtt = replace(gate, protocol=Mqtt(f"mqtt://{LOOPBACK}:{broker.port}"))
    camera.engine.apply(replace(camera.engine.settings, profiles=(by_mqtt,)))


@contextmanager
def unheard(camera: Camera) -> Iterator[None]:
    """A broker that answers 0x10: nobody subscribes."""

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            client.send(puback(packet.packet_id, 0x10))
        return packet.kind == PUBLISH

    with ScriptedBroker(answer) as broker:
        send_to(camera, broker)
        camera.vehicle()
        yield


@contextmanager
def presence_failed(camera: Camera) -> Iterator[None]:
    """A broker whose rules let the camera say events, and nothing of itself."""

    def answer(client: Client, packet: Seen) -> bool:
        if packet.kind == PUBLISH:
            of_itself = packet.topic.endswith(("/state", "/health"))
            client.send(puback(packet.packet_id, 0x87 if of_itself else 0))
        return packet.kind == PUBLISH

    with ScriptedBroker(answer) as broker:
        send_to(camera, broker)
        yield


@contextmanager
def disk_slow(camera: Camera) -> Iterator[None]:
    """A write to the log hangs."""
    asked, ends = threading.Event(), threading.Event()

    def hang(*args: Any) -> int:  # noqa: ANN401 - as it takes them
        asked.set()
        assert ends.wait(120)
        return write_all(*args)

    with mock.patch.object(tail, "write_all", hang):
        camera.pass_by()
        assert asked.wait(60)
        camera.clock.advance(11)
        camera.frame()
        try:
            yield
        finally:
            ends.set()
            camera.engine.wait_for_room(1)


@contextmanager
def events_damaged(camera: Camera) -> Iterator[None]:
    """What waits for its receiver is damaged on the disk, and the engine starts anew."""
    camera.receiver.go_away()
    camera.vehicle()
    camera.vehicle()
    place = outbox_of(camera)._store.ledger.place(1)
    assert place is not None
    file, (_, offset, length) = file_of(outbox_of(camera), place[0]), place
    camera.engine.stop()
    with file.open("r+b") as segment:
        segment.seek(offset + length // 2)
        segment.write(b"\xff" * 8)
    camera.engine.start(local_socket=False)
    camera.receiver.come_back()
    yield


@contextmanager
def events_not_stored(camera: Camera) -> Iterator[None]:
    """A fault of ours: an event that the outbox cannot take."""
    with mock.patch.object(type(outbox_of(camera)), "put", side_effect=ValueError("a fault")):
        camera.vehicle()
    yield


@contextmanager
def frames_broken(camera: Camera) -> Iterator[None]:
    """A JPEG that is cut off."""
    camera.frame(b"\xff\xd8\xff\xe0" + bytes(60))
    yield


@contextmanager
def source_trouble(camera: Camera) -> Iterator[None]:
    """A camera at whose address nobody listens, as `run` reads it."""
    source = VideoSource(f"http://{LOOPBACK}:{free_port()}/stream", Nothing())
    camera.engine.source_status = source.status
    frames = iter(source)
    reading = threading.Thread(target=lambda: next(frames, None), daemon=True)
    reading.start()
    yield


@contextmanager
def source_never_came(camera: Camera) -> Iterator[None]:
    """Nothing feeds the engine."""
    camera.clock.advance(31)
    yield


CAUSES: list[tuple[Cause, AlarmCode, dict[str, object], str]] = [
    (
        left_behind,
        AlarmCode.LEFT_BEHIND,
        {"profile": "gate", "n": 1},
        "1 event of the removed profile",
    ),
    (unheard, AlarmCode.UNHEARD, {"profile": "gate"}, "nobody subscribes to"),
    (presence_failed, AlarmCode.PRESENCE_FAILED, {"profile": "gate"}, "(0x87)"),
    (disk_slow, AlarmCode.DISK_SLOW, {}, "has not answered for"),
    (events_damaged, AlarmCode.EVENTS_DAMAGED, {"n": 1}, "Events known to be lost: 1."),
    (events_not_stored, AlarmCode.EVENTS_NOT_STORED, {"n": 1}, "1 event could not be stored"),
    (frames_broken, AlarmCode.FRAMES_BROKEN, {"n": 1}, "Frames cannot be used"),
    (source_trouble, AlarmCode.SOURCE_TROUBLE, {"kind": "refused"}, "nobody listens"),
    (source_never_came, AlarmCode.SOURCE_NEVER_CAME, {}, "No frame"),
]


@pytest.mark.parametrize(("cause", "code", "values", "words"), CAUSES)
def test_it_is_told_to_programs(
    camera: Camera,
    cause: Cause,
    code: AlarmCode,
    values: dict[str, object],
    words: str,
) -> None:
    del words
    with first_visitor(camera.served) as visitor:
        assert visitor.http.get("/api/alarms").json() == []
        with cause(camera):
            told: list[dict[str, Any]] = []

            def comes() -> bool:
                told[:] = [
                    one for one in visitor.http.get("/api/alarms").json() if one["code"] == code
                ]
                return bool(told)

            wait_until(comes, str(code))
            (alarm,) = told
            assert values.items() <= alarm["values"].items()


@pytest.mark.parametrize(("cause", "code", "values", "words"), CAUSES)
def test_the_page_has_a_badge_for_it_and_says_what_to_do(  # noqa: PLR0913 - the table's columns
    browser: Browser,
    camera: Camera,
    *,
    cause: Cause,
    code: AlarmCode,
    values: dict[str, object],
    words: str,
) -> None:
    del values
    with window(browser, width=360, height=740) as page:
        enter(page, camera.served)
        page.locator("#live", has_text="Live").wait_for()
        with cause(camera):
            page.locator("#live button", has_text="alarm").click()
            alarm = page.locator("dialog .alarms li", has_text=words)
            alarm.wait_for()
            assert len(alarm.locator("p").first.inner_text()) > 20, code
            assert violations(page) == []
