"""The watchdog is fed as long as all loops show that they live, and not by one that hangs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.camera import VideoSource
from cammra_edge.cli.notify import ALIVE, Notifier
from cammra_edge.cli.watchdog import Watchdog
from cammra_edge.engine.encoder import Encoder
from cammra_edge.pulse import Pulse
from cammra_edge.web import serve_page
from tests.camera.mjpeg_server import HEAD, camera
from tests.engine.test_encoder import words
from tests.receiver.samples import jpeg
from tests.servers import LOOPBACK, SLACK_S, free_port, wait_until
from tests.web.still import StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cammra_edge.model import FrameTime, PlateRead


class Manager(Notifier):
    """Remembers what it is told."""

    def __init__(self, watchdog_s: float = 60.0) -> None:
        super().__init__({}, pid=1)
        self.watchdog_s = watchdog_s
        self.told: list[str] = []

    def tell(self, *words: str) -> None:
        self.told += words

    @property
    def fed(self) -> int:
        return self.told.count(ALIVE)


class Answering(Pulse):
    """Beats as soon as it is asked."""

    def __init__(self) -> None:
        super().__init__(self.beat)


def watchdog(manager: Manager, **pulses: Pulse) -> Watchdog:
    return Watchdog(manager, pulses, lambda: "STATUS=well")


def test_it_is_fed_at_half_its_time_while_all_loops_answer() -> None:
    manager, woken = Manager(watchdog_s=60.0), []
    one = Pulse(lambda: woken.append(1))
    other = Pulse()
    dog = watchdog(manager, one=one, other=other)
    for number in range(1, 4):
        assert dog.step() == 30.0
        assert manager.fed == number
        assert len(woken) == number
        one.beat()
        other.beat()
    assert manager.told[-2:] == [ALIVE, "STATUS=well"]


def test_a_loop_that_hangs_starves_it_is_named_once_and_feeds_it_again_when_it_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    manager = Manager(watchdog_s=60.0)
    good, hung = Pulse(), Pulse()
    dog = watchdog(manager, good=good, hung=hung)
    dog.step()
    for _ in range(40):
        good.beat()
        assert dog.step() == 1.0
    assert manager.fed == 1
    assert caplog.text.count("no sign of life, the watchdog is not fed loops=hung") == 1
    hung.beat()
    assert dog.step() == 30.0
    assert manager.fed == 2
    assert "all loops live again" in caplog.text


def test_a_loop_that_waits_for_somebody_else_need_not_answer() -> None:
    manager = Manager()
    pulse = Pulse(lambda: pytest.fail("woken in vain"))
    dog = watchdog(manager, source=pulse)
    pulse.rest()
    for _ in range(3):
        dog.step()
    assert manager.fed == 3


class RestsMeanwhile(Pulse):
    """One whose loop begins to rest between the look whether it rests and the question."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_is_asked" and value:
            self.rest()
        super().__setattr__(name, value)


def test_a_loop_that_begins_to_wait_for_somebody_else_while_it_is_asked_need_not_answer() -> None:
    manager = Manager()
    dog = watchdog(manager, source=RestsMeanwhile())
    for _ in range(3):
        dog.step()
    assert manager.fed == 3


def test_where_nobody_watches_no_thread_is_started() -> None:
    before = threading.active_count()
    with watchdog(Manager(watchdog_s=0.0), one=Pulse()).watching():
        assert threading.active_count() == before


def test_it_is_fed_from_a_thread_of_its_own_until_the_end() -> None:
    manager = Manager(watchdog_s=0.02)
    pulse = Answering()
    with watchdog(manager, one=pulse).watching():
        wait_until(lambda: manager.fed > 3, "food")
    wait_until(
        lambda: all(one.name != "watchdog" for one in threading.enumerate()), "the thread's end"
    )


# ---- the loops themselves ----------------------------------------------------------------------


def answers(pulse: Pulse) -> bool:
    """Whether a loop answers."""
    pulse.ask()
    wait_until(lambda: not pulse.is_missed, "an answer")
    return True


def test_the_encoder_answers_while_it_has_nothing_to_do_and_not_while_a_disk_holds_it() -> None:
    encoder = Encoder(lambda: None)
    writes, written = threading.Event(), threading.Event()

    def store(_: Sequence[object]) -> None:
        writes.set()
        written.wait(SLACK_S)

    encoder.start(store)
    assert answers(encoder.pulse)
    encoder.append(words(range(1)))
    assert writes.wait(SLACK_S)
    encoder.pulse.ask()
    encoder.wake()
    assert encoder.pulse.is_missed
    written.set()
    wait_until(lambda: not encoder.pulse.is_missed, "an answer")
    encoder.stop()


class Recogniser:
    """Reads nothing, or hangs."""

    def __init__(self) -> None:
        self.reads = threading.Event()
        self.hangs = threading.Event()

    def read(self, frame: object, at: FrameTime) -> list[PlateRead]:
        del frame, at
        self.reads.set()
        self.hangs.wait(SLACK_S)
        return []


def iterated(source: VideoSource) -> threading.Thread:
    thread = threading.Thread(target=lambda: next(iter(source), None), daemon=True)
    thread.start()
    return thread


def test_a_source_that_waits_for_its_camera_answers() -> None:
    source = VideoSource(f"http://{LOOPBACK}:{free_port()}/video.mjpg", Recogniser())
    thread = iterated(source)
    assert answers(source.pulse)
    assert answers(source.pulse)
    source._reader.stop()
    thread.join(SLACK_S)


def test_a_recogniser_that_hangs_does_not() -> None:
    picture = jpeg(320, 240)
    part = b"--frame\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(picture), picture)
    recogniser = Recogniser()
    with camera((HEAD, part * 3, threading.Event())) as server:
        source = VideoSource(f"http://{LOOPBACK}:{server.port}/", recogniser, frame_format="jpeg")
        thread = iterated(source)
        assert recogniser.reads.wait(SLACK_S)
        source.pulse.ask()
        assert source.pulse.is_missed
        recogniser.hangs.set()
        source._reader.stop()
        thread.join(SLACK_S)


def test_the_page_answers_and_not_while_its_loop_is_held_up(tmp_path: Path) -> None:
    engine = StillEngine(still_settings(tmp_path))
    with serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page:
        assert answers(page.pulse)
        held, go_on = threading.Event(), threading.Event()

        def hang() -> None:
            held.set()
            go_on.wait(SLACK_S)

        loop = page.pulse._wake.__self__._loop  # type: ignore[attr-defined] # the server's
        loop.call_soon_threadsafe(hang)
        assert held.wait(SLACK_S)
        page.pulse.ask()
        assert page.pulse.is_missed
        go_on.set()
        wait_until(lambda: not page.pulse.is_missed, "an answer")
