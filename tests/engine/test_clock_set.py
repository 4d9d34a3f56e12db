"""Whether the machine's clock is set: a live engine asks it, a replay has it from the recording."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.clock import SYSTEM_CLOCK, SyncWatch
from cammra_edge.engine.status import StreamStatus
from cammra_edge.recording import Recording, RecordingWriter
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.model import Event

S_NS = 1_000_000_000
NOW_NS = 1_700_000_000 * S_NS
READ = PlateRead(track=1, text="1AB1234", confidence=0.9)


class BootingClock(FakeClock):
    """A machine's clock that nobody has set yet."""

    def __init__(self) -> None:
        super().__init__()
        self.synced: bool | None = False
        self.asked = 0

    def is_synced(self) -> bool | None:
        self.asked += 1
        return self.synced


@contextmanager
def engine_in(folder: Path, clock: FakeClock, *, live: bool) -> Iterator[Engine]:
    wanting = Profile("gate", HttpPost("http://127.0.0.1:9/"), image=None)
    outbox = OutboxSettings(path=folder / "outbox")
    engine = Engine(profiles=[wanting], outbox=outbox, clock=clock)
    with engine.running(live=live, local_socket=False):
        yield engine


def stored(engine: Engine) -> tuple[Event, ...]:
    engine.wait_for_room(1)
    return engine.recent_events()


def test_a_live_engine_asks_the_machine_and_tells_the_new_clock(tmp_path: Path) -> None:
    clock = BootingClock()
    with engine_in(tmp_path, clock, live=True) as engine:
        engine.observe(None, [READ], FrameTime(0, 0))
        clock.synced = True
        clock.advance(2.0)
        engine.observe(None, [READ], FrameTime(2 * S_NS, NOW_NS + 2 * S_NS))
        engine.finish()
        events = stored(engine)
    assert [(event.kind, event.clock_synced, event.first_utc_ns) for event in events] == [
        ("new", False, 0),
        ("reliable", True, NOW_NS),
        ("lost", True, NOW_NS),
    ]


def test_what_the_frame_says_itself_counts_before_the_machine(tmp_path: Path) -> None:
    with engine_in(tmp_path, BootingClock(), live=True) as engine:
        engine.observe(None, [READ], FrameTime(0, NOW_NS, clock_synced=True))
        assert stored(engine)[0].clock_synced is True


def test_the_machine_is_asked_once_a_second_and_a_clock_that_cannot_tell_never() -> None:
    clock = BootingClock()
    watch = SyncWatch(clock)
    assert [watch.look(now_ns) for now_ns in (0, S_NS // 2, S_NS - 1)] == [False] * 3
    assert clock.asked == 1
    clock.synced = None
    assert watch.look(S_NS) is None
    assert clock.asked == 2
    assert SyncWatch(FakeClock()).look(0) is None


def test_the_kernel_says_whether_its_clock_is_set() -> None:
    assert SYSTEM_CLOCK.is_synced() in {True, False, None}


TRACKS = {0: 1, 2: 2, 5: 3, 10: 4}
"""Who is read in which ten frames."""


def test_a_replay_of_what_was_recorded_while_the_clock_was_set_tells_the_times_that_were_told(
    tmp_path: Path,
) -> None:
    """Nobody is read where the clock jumps and where it is called set; Lost comes before, between and behind."""
    clock, started_ns = BootingClock(), 5 * S_NS
    recording = tmp_path / "recording"
    watch = SyncWatch(clock)
    with (
        RecordingWriter(recording, size=(64, 48), fps=4, start_utc_ns=0, pictures=False) as writer,
        engine_in(tmp_path / "live", clock, live=True) as engine,
    ):
        for step in range(160):
            t_ns = step * S_NS // 4
            jumped, clock.synced = step >= 61, step >= 90
            utc_ns = started_ns + t_ns + (NOW_NS if jumped else 0)
            flag = watch.look(started_ns + t_ns)
            at = FrameTime(started_ns + t_ns, utc_ns, flag)
            track = TRACKS.get(step // 10)
            reads = [] if track is None else [replace(READ, track=track)]
            engine.observe(None, reads, at)
            writer.add(None, reads, t_ns, at=at)
        engine.finish()
        live = told(stored(engine))
    lost = [
        (first_ns < NOW_NS, synced) for _, kind, _, first_ns, _, synced in live if kind == "lost"
    ]
    assert lost == [(True, False), (True, False), (False, True), (False, True)]
    with engine_in(tmp_path / "replayed", BootingClock(), live=False) as engine:
        for jpeg, reads, at in Recording.open(recording).frames():
            engine.observe(jpeg, reads, at)
        engine.finish()
        assert told(stored(engine)) == live


def told(events: tuple[Event, ...]) -> list[tuple[int, str, int, int, int | None, bool | None]]:
    """Whose event, its kind, and every time that it tells."""
    return [
        (
            event.vehicle_no,
            event.kind.value,
            event.at_utc_ns,
            event.first_utc_ns,
            event.last_utc_ns,
            event.clock_synced,
        )
        for event in events
    ]


def record(folder: Path, *, flags: tuple[bool | None, ...]) -> Recording:
    with RecordingWriter(folder, size=(64, 48), fps=25, start_utc_ns=0, pictures=False) as writer:
        for step, flag in enumerate(flags):
            t_ns = step * 2 * S_NS
            at = FrameTime(t_ns, t_ns if flag is False else NOW_NS + t_ns, flag)
            writer.add(None, [READ], t_ns, at=at)
    return Recording.open(folder)


def test_a_replay_has_it_from_the_recording_and_not_from_the_machine(tmp_path: Path) -> None:
    recording = record(tmp_path / "recording", flags=(False, True, None))
    times = [frame.at for frame in recording.frames()]
    assert times == [
        FrameTime(0, 0, clock_synced=False),
        FrameTime(2 * S_NS, NOW_NS + 2 * S_NS, clock_synced=True),
        FrameTime(4 * S_NS, NOW_NS + 4 * S_NS),
    ]
    clock = BootingClock()
    with engine_in(tmp_path, clock, live=False) as engine:
        for jpeg, reads, at in recording.frames():
            engine.observe(jpeg, reads, at)
        engine.finish()
        events = stored(engine)
    assert clock.asked == 0
    assert [(event.clock_synced, event.first_utc_ns) for event in events] == [
        (False, 0),
        (True, NOW_NS),
        (None, NOW_NS),
    ]


def test_the_status_says_whether_the_clock_of_the_frames_is_set(tmp_path: Path) -> None:
    clock = BootingClock()
    with engine_in(tmp_path, clock, live=True) as engine:

        def said() -> bool | None:
            stream = engine.status().stream
            assert stream is not None
            return stream.clock_synced

        assert said() is False
        clock.synced = True
        clock.advance(2.0)
        assert said() is True
        engine.observe(None, [], FrameTime(clock.mono_ns(), 0, clock_synced=False))
        assert said() is False, "whoever took the frame knows better"


def test_the_status_says_how_long_no_frame_has_come_and_how_often_they_do(tmp_path: Path) -> None:
    clock = BootingClock()
    with engine_in(tmp_path, clock, live=True) as engine:
        clock.advance(40.0)
        assert engine.status().stream == StreamStatus(
            silent_s=40.0, usual_gap_s=0.0, clock_synced=False
        )
        for _ in range(4):
            clock.advance(5.0)
            engine.observe(None, [], FrameTime(clock.mono_ns(), clock.utc_ns()))
        clock.advance(7.0)
        stream = engine.status().stream
        assert stream is not None
        assert (stream.silent_s, stream.usual_gap_s) == (7.0, 15.0)
    assert engine.status().stream is None, "it does not run"
    with engine_in(tmp_path, clock, live=False) as replay:
        assert replay.status().stream is None
