"""What the recogniser's thread does inside `observe`: listed by the interpreter itself, and timed by nobody.

`sys.setprofile` reports every Python function that is entered and every C function that is called. On the calling
thread only tracking, copying and queueing may show; encoding, disk and network must show on other threads.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.receiver import Receiver
from tests.emulation import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

WIDTH, HEIGHT = 640, 360
NV12 = memoryview(bytes([128]) * (WIDTH * HEIGHT * 3 // 2)).cast("B", (HEIGHT * 3 // 2, WIDTH))
PATIENCE_S = 60.0 * PATIENCE

STANDARD = Path(threading.__file__).parent.name
HERE = {"engine/test_calling_thread.py", f"{STANDARD}/contextlib.py"}
MAY_RUN_IN = {
    "engine/engine.py",
    "engine/encoder.py",
    "engine/timing.py",
    "tracking.py",
    "clock.py",
} | {
    f"{STANDARD}/threading.py",
    "collections/__init__.py",
    "<string>",  # what the interpreter writes itself: the constructor of a named tuple
}
"""Python files whose functions `observe` may enter."""

MAY_CALL = {
    "Tracker.observe",
    "len",
    "monotonic_ns",
    "next",
    "tuple.__new__",
    *(f"deque.{name}" for name in ("append", "remove")),
    *(f"lock.{name}" for name in ("acquire", "release", "__enter__", "__exit__")),
    *(f"RLock.{name}" for name in ("acquire", "release", "__enter__", "__exit__", "_is_owned")),
}
"""C functions that `observe` may call: the tracker's one call, locks, a queue, a clock."""

WORK = {"Shot.encode", "LogGroup.event", "socket.sendmsg"}
"""What must happen elsewhere: an image encoded, a record written, bytes sent."""


class Called:
    """Which functions each thread has called since the profile began."""

    def __init__(self) -> None:
        self.python: dict[str, set[str]] = defaultdict(set)
        self.c: dict[str, set[str]] = defaultdict(set)

    def note(self, frame: FrameType, event: str, argument: Any) -> None:  # noqa: ANN401 - the interpreter's own
        thread = threading.current_thread().name
        if event == "call":
            parts = Path(frame.f_code.co_filename).parts
            ours = parts.index("cammra_edge") + 1 if "cammra_edge" in parts else -2
            self.python[thread].add("/".join(parts[ours:]))
        elif event == "c_call":
            self.c[thread].add(argument.__qualname__)

    @contextmanager
    def on_this_thread(self) -> Iterator[None]:
        # What a garbage collection calls is not ours: it may come at any allocation.
        gc.disable()
        sys.setprofile(self.note)
        try:
            yield
        finally:
            sys.setprofile(None)
            gc.enable()


def engine_for(receiver: Receiver, folder: Path) -> Engine:
    profile = Profile("gate", HttpPost(receiver.http_url), events={"new"}, two_images=True)
    return Engine(
        profiles=[profile],
        frame_format=FrameFormat.NV12_FULL,
        outbox=OutboxSettings(path=folder / "outbox.db"),
    )


def a_read(track: int) -> PlateRead:
    return PlateRead(
        track=track,
        # Far from all others, which would be the same car in this place else.
        text=sha256(str(track).encode()).hexdigest()[:8].upper(),
        confidence=0.9,
        vehicle=(200.0, 100.0, 160.0, 120.0),
        plate=(240.0, 180.0, 60.0, 16.0),
    )


def at(milliseconds: int) -> FrameTime:
    return FrameTime(milliseconds * 1_000_000, 1_700_000_000_000_000_000 + milliseconds * 1_000_000)


def test_observe_encodes_writes_and_sends_nothing_on_the_calling_thread(tmp_path: Path) -> None:
    called = Called()
    with Receiver() as receiver:
        engine = engine_for(receiver, tmp_path)
        threading.setprofile(called.note)  # the engine's threads, which start now
        try:
            engine.start(live=False)
        finally:
            threading.setprofile(None)
        for track in range(4):
            reads, time = [a_read(track)], at(500 * track)
            with called.on_this_thread():
                engine.observe(NV12, reads, time)
        assert engine.drain(PATIENCE_S)
        engine.stop()
        assert [len(arrival.pictures) for arrival in receiver.events] == [2, 2, 2, 2]
    here = threading.current_thread().name
    assert called.python[here] - HERE <= MAY_RUN_IN
    assert called.c[here] - {"setprofile"} <= MAY_CALL
    assert "Tracker.observe" in called.c[here]
    elsewhere = {name for thread, names in called.c.items() if thread != here for name in names}
    assert elsewhere >= WORK, "the profile did not see the work at all"


def test_observe_returns_while_the_disk_hangs_and_nobody_answers(tmp_path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    with Receiver() as receiver:
        engine = engine_for(receiver, tmp_path)
        with engine.running(live=False):
            assert engine._run is not None
            outbox = engine._run.outbox

            def hold_the_disk() -> None:
                with outbox._lock:
                    held.set()
                    release.wait(PATIENCE_S)

            holder = threading.Thread(target=hold_the_disk)
            holder.start()
            assert held.wait(PATIENCE_S)
            for track in range(30):
                engine.observe(NV12, [a_read(track)], at(500 * track))
            assert holder.is_alive(), "observe has waited for the disk"
            assert engine._encoder.pending() >= 30
            assert receiver.events == []
            release.set()
            holder.join()
            assert engine.drain(PATIENCE_S)
        assert len(receiver.events) == 30
