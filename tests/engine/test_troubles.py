"""Wrong input: nothing raises or hangs, and each kind is counted, said once, and shown with its remedy."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge import Engine, FrameTime, HttpPost, OutboxSettings, PlateRead, Profile
from cammra_edge.engine.troubles import InputKind
from cammra_edge.model import FrameFormat
from tests.budget import NIGHTLY, examples
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.engine.troubles import InputTrouble
    from cammra_edge.model import Event

UTC_NS = 1_700_000_000_000_000_000
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


def a_read(**fields: Any) -> PlateRead:  # noqa: ANN401 - any field, of any type
    return PlateRead(**{"track": 1, "text": "1AB1234", "confidence": 0.9, **fields})


def at(ms: int) -> FrameTime:
    return FrameTime(ms * 1_000_000, UTC_NS + ms * 1_000_000)


@contextmanager
def engine_in(
    folder: Path,
    *,
    live: bool = False,
    clock: FakeClock | None = None,
    frame_format: FrameFormat = FrameFormat.RGB8,
) -> Iterator[Engine]:
    wanting = Profile("gate", HttpPost("http://127.0.0.1:9/"), events={"new"}, image=None)
    with_clock = {} if clock is None else {"clock": clock}
    engine = Engine(
        profiles=[wanting],
        outbox=OutboxSettings(path=folder / "outbox"),
        frame_format=frame_format,
        **with_clock,  # type: ignore[arg-type]
    )
    with engine.running(live=live, local_socket=False):
        yield engine


def stored(engine: Engine) -> tuple[Event, ...]:
    engine.wait_for_room(1)
    return engine.recent_events()


def troubles_of(engine: Engine) -> dict[InputKind, InputTrouble]:
    return {trouble.kind: trouble for trouble in engine.status().input_troubles}


def said_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said of wrong input at a level that shows without --verbose."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "cammra_edge.engine.troubles" and record.levelno >= logging.ERROR
    ]


WRONG_INPUTS: list[tuple[InputKind, dict[str, Any], str]] = [
    (InputKind.CONFIDENCE, {"reads": [a_read(confidence=31.0)]}, "divide percent by 100"),
    (InputKind.FORMAT, {"frame": JPEG}, "it is a JPEG: set frame_format to jpeg"),
    (InputKind.FORMAT, {"frame": "no frame"}, "set frame_format to"),
    (InputKind.TIME, {"at": None}, "time.monotonic_ns()"),
    (InputKind.TIME, {"at": FrameTime(1.5, 1.7e9)}, "time.time_ns()"),  # type: ignore[arg-type]
    (InputKind.TIME, {"at": FrameTime(2**63, 0)}, "64 bits"),
    (InputKind.ORDER, {"at": at(-5000)}, "in their order"),
    (InputKind.READ, {"reads": None}, "reads is a NoneType: want PlateReads"),
    (InputKind.READ, {"reads": [a_read(track="one")]}, "reads[0].track is a str"),
    (InputKind.READ, {"reads": [5]}, "a sequence of PlateRead"),
    (InputKind.BOX, {"reads": [a_read(vehicle=(0, 0, -5, 5))]}, "(x, y, width, height)"),
    (InputKind.TEXT, {"reads": [a_read(text="A" * 99)]}, "one plate a read"),
]


@pytest.mark.parametrize(("kind", "wrong", "told"), WRONG_INPUTS)
def test_what_is_wrong_is_counted_said_once_and_shown_with_its_remedy(
    kind: InputKind,
    wrong: dict[str, Any],
    told: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with engine_in(tmp_path) as engine:
        engine.observe(None, [a_read(track=7)], at(100))
        assert engine.status().input_troubles == ()
        for _ in range(3):
            engine.observe(**{"frame": None, "reads": [a_read()], "at": at(200), **wrong})
        assert set(troubles_of(engine)) == {kind}
        trouble = troubles_of(engine)[kind]
        assert engine.status().frames == 4
    said = said_in(caplog)
    assert len(said) == 1
    assert said[0].startswith(f"wrong input kind={kind} why={trouble.what}")
    assert said[0].endswith(trouble.remedy)
    assert told in said[0]
    assert trouble.count == 3
    assert "1AB1234" not in caplog.text


def test_each_kind_is_said_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with engine_in(tmp_path) as engine:
        for _ in range(2):
            for _kind, wrong, _told in WRONG_INPUTS:
                engine.observe(**{"frame": None, "reads": [a_read()], "at": at(200), **wrong})
    said, kinds = said_in(caplog), {f"kind={kind}" for kind, _, _ in WRONG_INPUTS}
    assert {line.split()[2] for line in said} == kinds
    assert len(said) == len(kinds)


def test_a_refused_frame_costs_its_picture_and_neither_reads_nor_time(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:
        engine.observe(JPEG, (a_read(track=track) for track in (1, 2)), at(100))
        assert [event.at_utc_ns for event in stored(engine)] == [at(100).utc_ns] * 2
        status = engine.status()
        assert (status.frames, status.reads, status.broken_frames) == (1, 2, 1)
        assert status.last_refusal == troubles_of(engine)[InputKind.FORMAT].why


def test_a_live_frame_without_a_time_was_taken_when_it_came(tmp_path: Path) -> None:
    clock = FakeClock()
    with engine_in(tmp_path, live=True, clock=clock) as engine:
        engine.observe(None, [], at(5000))
        clock.advance(0.25)
        engine.observe(None, [a_read()], FrameTime(time.monotonic(), time.time()))  # type: ignore[arg-type]
        assert [event.at_utc_ns for event in stored(engine)] == [at(5250).utc_ns]
        clock.advance(0.25)
        engine.observe(None, [a_read(text="2XY9999", track=2)], None)  # type: ignore[arg-type]
        assert stored(engine)[-1].at_utc_ns == at(5500).utc_ns
        assert troubles_of(engine)[InputKind.TIME].count == 2


def test_seconds_instead_of_nanoseconds_from_the_first_frame_on_do_not_stop_the_clock(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    with engine_in(tmp_path, live=True, clock=clock) as engine:
        for _ in range(40):
            engine.observe(None, [a_read()], FrameTime(clock.mono_ns() / 1e9, 1.7e9))  # type: ignore[arg-type]
            clock.advance(0.1)
        kinds = [event.kind for event in stored(engine)]
        assert kinds == ["new", "reliable"]
        assert stored(engine)[0].at_utc_ns == FakeClock().utc_ns()


def test_whole_numbers_of_another_type_are_times(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    with engine_in(tmp_path, live=True, clock=FakeClock()) as engine:
        moment = FrameTime(numpy.int64(10**9), numpy.int64(UTC_NS))
        engine.observe(None, [a_read()], moment)
        assert stored(engine)[0].at_utc_ns == UTC_NS
        assert engine.status().input_troubles == ()


def test_a_read_that_observes_while_it_is_looked_at_hangs_nothing(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:

        class Mirror:
            def __getattr__(self, name: str) -> object:
                if name == "text":
                    engine.observe(None, [a_read(track=2, text="2XY9999")], at(0))
                return getattr(a_read(), name)

        engine.observe(None, [Mirror()], at(0))  # type: ignore[list-item]
        assert [event.plate.text for event in stored(engine)] == ["2XY9999", "1AB1234"]
        assert engine.status().frames == 2


def test_a_read_that_observes_itself_without_end_is_looked_at_once_more(tmp_path: Path) -> None:
    with engine_in(tmp_path) as engine:

        class Endless:
            def __getattr__(self, name: str) -> object:
                engine.observe(None, [self], at(0))  # type: ignore[list-item]
                return getattr(a_read(), name)

        engine.observe(None, [Endless()], at(0))  # type: ignore[list-item]
        assert [event.plate.text for event in stored(engine)] == ["1AB1234"]
        fields = len(PlateRead.__slots__)
        assert engine.status().frames == 1 + fields
        assert troubles_of(engine)[InputKind.READ].count == fields**2


def a_jpeg(*segments: bytes) -> bytes:
    """The header of a gray JPEG of 320 x 240 with these segments in it, and a scan that nobody looks at."""
    frame = b"\xff\xc0\0\x0b\x08\0\xf0\x01\x40\x01\x01\x11\0"
    scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + bytes(64)
    return b"\xff\xd8" + b"".join(segments) + frame + scan + b"\xff\xd9"


def turned_jpeg() -> bytes:
    """Its EXIF asks viewers to turn it by a quarter."""
    entry = b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"  # the orientation, one number of 16 bits: 6
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)
    return a_jpeg(b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif)


SCRIPT = """
from cammra_edge import Engine, FrameTime, OutboxSettings, PlateRead

engine = Engine(outbox=OutboxSettings(path={outbox!r}), frame_format="jpeg")


def a_read(**fields):
    return PlateRead(**{{"track": 1, "text": "1AB1234", "confidence": 0.9, **fields}})


WRONG = [
    ("no frame", [a_read()], None),
    (b"\\xff\\xd8\\xff\\xe0 broken", [a_read()], None),
    (None, [a_read()], FrameTime(1.5, 1.7e9)),
    (None, [a_read()], FrameTime(-5, 0)),
    (None, [5], None),
    (None, [a_read(confidence=31.0)], None),
    (None, [a_read(vehicle=(0, 0, -5, 5))], None),
    (None, [a_read(text="A" * 99)], None),
    ({turned!r}, [a_read()], None),
]
source = [
    (frame, reads, at or FrameTime(10**9 + step, 10**18 + step))
    for step, (frame, reads, at) in enumerate(3 * WRONG)
]
"""


def test_each_kind_is_seen_once_on_stderr_without_verbose(tmp_path: Path) -> None:
    script = tmp_path / "camera.py"
    script.write_text(SCRIPT.format(outbox=str(tmp_path / "outbox"), turned=turned_jpeg()))
    command = [sys.executable, "-m", "cammra_edge", "run", str(script)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = [line for line in ran.stderr.splitlines() if "wrong input" in line]
    kinds = Counter(re.findall(r"wrong input kind=(\w+) ", "\n".join(said)))
    from_recogniser = set(InputKind) - {InputKind.ENCODER}  # `test_image_encoder.py` has that
    assert kinds == dict.fromkeys(from_recogniser, 1), ran.stderr
    assert any("divide percent by 100" in line for line in said)
    assert "1AB1234" not in ran.stderr


class Raising:
    """Raises whatever is asked of it."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


numbers = st.floats() | st.integers() | st.none() | st.text(max_size=3) | st.booleans()
anything = numbers | st.binary(max_size=8) | st.lists(numbers, max_size=5) | st.builds(Raising)
any_times = (
    anything | st.builds(FrameTime, numbers, numbers) | st.builds(at, st.integers(0, 60_000))
)
good_reads = st.builds(
    a_read, track=st.integers(0, 5), text=st.sampled_from(["1AB1234", "1AB1235", "9XX0000", None])
)
any_reads = anything | st.builds(
    a_read,
    **dict.fromkeys(
        (
            "track",
            "text",
            "confidence",
            "vehicle",
            "plate",
            "roi",
            "direction",
            "info",
            "country",
        ),
        anything,
    ),
)
calls = st.tuples(
    st.none() | anything | st.just(JPEG),
    anything | st.lists(good_reads | any_reads, max_size=6),
    any_times,
)
CALLS = 500_000 if NIGHTLY else examples(4_000)
EXAMPLE = 50


def is_time(moment: object) -> bool:
    """Whether a value is a time of whole numbers of 64 bits."""
    return isinstance(moment, FrameTime) and all(
        isinstance(field, int) and -(2**63) <= field < 2**63 for field in moment
    )


@pytest.mark.timeout(3600)  # by night
@settings(max_examples=CALLS // EXAMPLE, deadline=None)
@given(batch=st.lists(calls, min_size=EXAMPLE, max_size=EXAMPLE), live=st.booleans())
def test_whatever_is_handed_in_nothing_raises_and_all_is_counted(
    batch: list[Any], *, live: bool
) -> None:
    log = logging.getLogger("cammra_edge.engine.troubles")
    engine = Engine(clock=FakeClock())
    engine._time.live = live
    log.setLevel(logging.CRITICAL)
    try:
        for frame, reads, moment in batch:
            engine.observe(frame, reads, moment)
            engine.tick(moment)
        engine.finish()
        status = engine.status()
    finally:
        log.setLevel(logging.NOTSET)
    assert status.frames == EXAMPLE
    assert status.broken_frames == sum(frame is not None for frame, _, _ in batch)
    counts = {trouble.kind: trouble.count for trouble in status.input_troubles}
    without_time = sum(not is_time(moment) for _, _, moment in batch)
    assert counts.get(InputKind.TIME, 0) >= without_time
    assert status.tracker["open_tracks"] == 0


def test_the_formats_that_a_refused_frame_may_have_are_named(tmp_path: Path) -> None:
    flat = memoryview(bytes(48)).cast("B", (6, 8))
    with engine_in(tmp_path) as engine:
        for frame, fits, remedy in (
            (JPEG, ("jpeg",), "set frame_format to jpeg"),
            (flat, ("gray8", "nv12", "i420"), "set frame_format to gray8 or nv12 or i420"),
            (b"neither", (), "set frame_format to the format that the recogniser hands in"),
        ):
            engine.observe(frame, [], at(1))
            trouble = troubles_of(engine)[InputKind.FORMAT]
            assert (trouble.fits, trouble.remedy) == (fits, remedy)


def test_each_kind_says_how_long_ago_it_last_came(tmp_path: Path) -> None:
    clock = FakeClock()
    with engine_in(tmp_path, clock=clock) as engine:
        engine.observe(JPEG, [], at(1))
        clock.advance(100)
        engine.observe(None, [a_read(confidence=31.0)], at(2))
        clock.advance(60)
        engine.observe(None, [a_read(confidence=0.3)], at(3))
        engine.observe(None, [a_read(confidence=31.0, track=2)], at(4))
        clock.advance(5)
        ages = {kind: trouble.ago_s for kind, trouble in troubles_of(engine).items()}
    assert ages == {InputKind.FORMAT: 165.0, InputKind.CONFIDENCE: 5.0}


def test_frames_that_ask_to_be_turned_are_said_once_and_are_no_lasting_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be as it should: a reader that decodes them as they are stored gives the right boxes."""
    upright, turned = a_jpeg(), turned_jpeg()
    clock = FakeClock()
    with engine_in(tmp_path, clock=clock, frame_format=FrameFormat.JPEG) as engine:
        engine.observe(upright, [a_read()], at(0))
        assert engine.status().input_troubles == ()
        for second in range(1, 4):
            engine.observe(turned, [a_read(confidence=31.0)], at(second * 1000))
            clock.advance(60.0)
        trouble = troubles_of(engine)[InputKind.TURNED]
        assert (trouble.count, trouble.ago_s) == (3, 180.0)
        assert troubles_of(engine)[InputKind.CONFIDENCE].ago_s == 60.0
        assert engine.status().broken_frames == 0
    (said,) = [said for said in said_in(caplog) if "kind=turned" in said]
    assert "IMREAD_IGNORE_ORIENTATION" in said
