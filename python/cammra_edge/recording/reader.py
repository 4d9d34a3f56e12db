"""A recorded stream, read as a stream: its frames and reads in order, in bounded memory.

Invariants, held by `tests/recording/test_reader.py`:

1. A broken line, read or JPEG is counted, reported once and skipped; it never stops the stream, and the frames
   after it keep their numbers and times.
2. Frame time never goes back, also across loops.
3. Memory holds one JPEG and one line at a time, whatever the recording's length.
4. Same content, same `stream_id`, same frames: replaying it into an outbox again adds nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from cammra_edge.errors import RecordingError
from cammra_edge.model import FrameTime, PlateRead
from cammra_edge.recording.jpegs import JpegSplitter
from cammra_edge.recording.reads import (
    MAX_LINE_BYTES,
    MAX_TRACK,
    MAX_UTC_NS,
    FrameReads,
    parse_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORMAT = 1
HEADER_FILE = "recording.json"
READS_FILE = "reads.jsonl"
FRAMES_FILE = "frames.mjpeg"

_MAX_HEADER_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18
_MAX_SIDE_PX = 65_535
_MAX_FPS = 1000.0
_FAULTS_TOLD = 20
_S_NS = 1_000_000_000


class RecordedFrame(NamedTuple):
    """One frame of a recording: its JPEG (`None` where there is none), its reads, and its time."""

    jpeg: bytes | None
    reads: list[PlateRead]
    at: FrameTime


@dataclass(slots=True)
class Faults:
    """What was skipped while a recording was read.

    `told` holds the first few reasons, each with file and line; `count` counts them all.
    """

    count: int = 0
    told: list[str] = field(default_factory=list)

    def add(self, why: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.told) < _FAULTS_TOLD:
            self.told.append(why)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded stream on disk.

    Args:
        path: Its folder.
        width: Of a frame, in pixels.
        height: Of a frame, in pixels.
        fps: Frames per second; times the frames for which no line gives a time.
        start_utc_ns: When it was taken.
        frames_path: Its JPEGs, or `None` for reads without pictures.
        source: Where it comes from.
        licence: Under which terms.
    """

    path: Path
    width: int
    height: int
    fps: float
    start_utc_ns: int
    frames_path: Path | None
    source: str = ""
    licence: str = ""

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Read the folder's `recording.json`.

        Raises:
            RecordingError: It is no recording, or of another format; names the file and what is wrong.
        """
        folder = Path(path)
        header = folder / HEADER_FILE
        try:
            with header.open("rb") as file:
                raw = json.loads(file.read(_MAX_HEADER_BYTES))
        except OSError as error:
            raise RecordingError(f"{header}: cannot be read ({error.strerror})") from error
        except (ValueError, RecursionError) as error:
            raise RecordingError(f"{header}: is not JSON ({error})") from None
        if not isinstance(raw, dict):
            raise RecordingError(f"{header}: want one JSON object")
        return _from_header(folder, header, raw)

    def stream_id(self) -> str:
        """32 hex digits that name the content: header, reads and pictures."""
        digest = hashlib.blake2b(digest_size=16)
        paths = [self.path / HEADER_FILE, self.path / READS_FILE]
        for path in [*paths, *([self.frames_path] if self.frames_path else [])]:
            with _opened(path) as file:
                digest.update(path.stat().st_size.to_bytes(8))
                while piece := file.read(_PIECE_BYTES):
                    digest.update(piece)
        return digest.hexdigest()

    def size_bytes(self) -> int:
        """Bytes that `frames` reads in one loop: the total of a progress bar."""
        paths = [self.path / READS_FILE, *([self.frames_path] if self.frames_path else [])]
        return sum(path.stat().st_size for path in paths if path.exists())

    def frames(
        self,
        *,
        loops: int | None = 1,
        faults: Faults | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Iterator[RecordedFrame]:
        """The frames in order; a recording without pictures gives only those that have a line.

        A loop's vehicles are new vehicles: their track ids are moved up by 2^32 for each loop.

        Args:
            loops: How often to play it; `None`: without end.
            faults: Collects what was skipped.
            progress: Called with the bytes read since the last call.

        Raises:
            RecordingError: A file of the recording cannot be opened.
        """
        seen = faults if faults is not None else Faults()
        base_ns = 0
        for loop in itertools.count() if loops is None else range(loops):
            last_ns = base_ns
            off_ns = 0
            empty = True
            first_track = loop * (MAX_TRACK + 1)
            for jpeg, line, t_ns in self._one_loop(seen, progress or _nobody, first_track):
                last_ns, empty = base_ns + t_ns, False
                if line is not None and line.utc_ns is not None:
                    off_ns = line.utc_ns - (self.start_utc_ns + t_ns)
                utc_ns = self.start_utc_ns + off_ns + last_ns
                synced = None if line is None else line.clock_synced
                reads = [] if line is None else list(line.reads)
                yield RecordedFrame(jpeg, reads, FrameTime(last_ns, utc_ns, synced))
            if empty:
                return
            base_ns = last_ns + round(_S_NS / self.fps)

    def _one_loop(
        self, faults: Faults, progress: Callable[[int], object], first_track: int
    ) -> Iterator[tuple[bytes | None, FrameReads | None, int]]:
        with ExitStack() as files:
            reads_file = files.enter_context(_opened(self.path / READS_FILE))
            lines = _in_order(_lines(reads_file, progress), faults, first_track)
            if self.frames_path is None:
                for only in lines:
                    yield None, only, only.t_ns
                return
            frames_file = files.enter_context(_opened(self.frames_path))
            clock = _FrameClock(round(_S_NS / self.fps))
            line: FrameReads | None = next(lines, None)
            number = -1
            for number, jpeg in enumerate(_jpegs(frames_file, progress)):
                if jpeg is None:
                    faults.add(f"{self.frames_path.name} frame {number}: is not a whole JPEG")
                t_ns = clock.of(number, line)
                if line is not None and line.frame == number:
                    yield jpeg, line, t_ns
                    line = next(lines, None)
                else:
                    yield jpeg, None, t_ns
            for late in itertools.chain([line] if line is not None else [], lines):
                faults.add(f"{READS_FILE} frame {late.frame}: has no picture")
                yield None, late, late.t_ns


class _FrameClock:
    """Times frames without a line by the lines around them."""

    def __init__(self, step_ns: int) -> None:
        self._step_ns = step_ns
        self._frame = 0
        self._t_ns = 0

    def of(self, number: int, line: FrameReads | None) -> int:
        t_ns = self._t_ns + (number - self._frame) * self._step_ns
        if line is not None:
            span = line.frame - self._frame
            share = (line.t_ns - self._t_ns) * (number - self._frame) // span if span > 0 else 0
            t_ns = line.t_ns if line.frame == number else self._t_ns + share
        if line is not None and line.frame == number:
            self._frame, self._t_ns = number, t_ns
        return t_ns


def _from_header(folder: Path, header: Path, raw: dict[str, object]) -> Recording:
    def number(name: str, least: float, most: float) -> float:
        value = raw.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not least <= value <= most
        ):
            raise RecordingError(
                f"{header}: {name} is {value!r:.60}: want a number from {least:g} to {most:g}"
            )
        return value

    if raw.get("format") != FORMAT:
        raise RecordingError(f"{header}: format is {raw.get('format')!r:.60}: want {FORMAT}")
    frames = raw.get("frames")
    # Only a file beside the header: a recording from outside must not name files elsewhere.
    if frames is not None and (
        not isinstance(frames, str) or frames != Path(frames).name or frames in ("", "..")
    ):
        raise RecordingError(
            f"{header}: frames is {frames!r:.60}: want a file name without a folder, or null"
        )
    if not (folder / READS_FILE).is_file():
        raise RecordingError(f"{folder / READS_FILE}: is missing")
    if frames is not None and not (folder / frames).is_file():
        raise RecordingError(f"{folder / frames}: is missing")
    return Recording(
        path=folder,
        width=int(number("width", 1, _MAX_SIDE_PX)),
        height=int(number("height", 1, _MAX_SIDE_PX)),
        fps=number("fps", 1e-3, _MAX_FPS),
        start_utc_ns=int(number("start_utc_ns", 0, MAX_UTC_NS)),
        frames_path=folder / frames if isinstance(frames, str) else None,
        source=str(raw.get("source") or ""),
        licence=str(raw.get("licence") or ""),
    )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error


def _nobody(_size_bytes: int) -> None:
    pass


def _lines(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes | None]:
    """The lines without their ends; `None` for one that is too long to be a line."""
    too_long = False
    while line := file.readline(MAX_LINE_BYTES):
        progress(len(line))
        whole = line.endswith(b"\n") or len(line) < MAX_LINE_BYTES
        if too_long or not whole:
            if whole:
                yield None
            too_long = not whole
            continue
        yield line.rstrip(b"\r\n")
    if too_long:
        yield None


def _in_order(
    lines: Iterator[bytes | None], faults: Faults, first_track: int
) -> Iterator[FrameReads]:
    last_frame, last_ns = -1, 0
    for number, line in enumerate(lines, start=1):
        where = f"{READS_FILE} line {number}"
        if line is None:
            faults.add(f"{where}: is longer than {MAX_LINE_BYTES} bytes")
            continue
        if not line.strip():
            continue
        try:
            parsed = parse_line(line, first_track=first_track)
        except RecordingError as error:
            faults.add(f"{where}: {error}")
            continue
        for why in parsed.left_out:
            faults.add(f"{where}: {why}")
        if parsed.frame <= last_frame:
            faults.add(f"{where}: frame {parsed.frame} comes after frame {last_frame}")
            continue
        if parsed.t_ns < last_ns:
            faults.add(f"{where}: t_ns {parsed.t_ns} steps back from {last_ns}; taken as that")
            parsed = replace(parsed, t_ns=last_ns)
        last_frame, last_ns = parsed.frame, parsed.t_ns
        yield parsed


def _jpegs(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes | None]:
    splitter = JpegSplitter()
    while piece := file.read(_PIECE_BYTES):
        progress(len(piece))
        yield from splitter.feed(piece)
    yield from splitter.finish()
