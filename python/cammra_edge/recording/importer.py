"""Makes a recording from a tracker's table and, where there is one, a video or a folder of JPEGs.

The video goes through `ffmpeg`, started without a shell and without network; its pictures are passed on as they
come, so a film of any length needs no room but the recording's.

Held by `tests/recording/test_importer.py`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.errors import RecordingError
from cammra_edge.recording.jpegs import MAX_JPEG_BYTES, JpegSplitter, jpeg_size
from cammra_edge.recording.reader import Faults, Recording
from cammra_edge.recording.tracker_csv import BoxStyle, TableFrame, read_table
from cammra_edge.recording.upright import upright
from cammra_edge.recording.writer import RecordingWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_S_NS = 1_000_000_000
_PIECE_BYTES = 1 << 18
_PROBE_TIMEOUT_S = 60
_SAID_BYTES = 1 << 16
_SHOWN = 200
_GOOD_QSCALE = 3
_DEFAULT_FPS = 25.0
_PICTURES = frozenset({".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWishes:
    """What the files themselves do not say.

    Args:
        start_utc_ns: When the first frame was taken.
        fps: Frames per second; `None`: the video's own, else 25.
        size: Width and height in pixels; `None`: those of the pictures.
        country: Of every plate, where the table has no such column.
        boxes: What a box in one column of the table means.
        source: Where it comes from, kept in the recording.
        licence: Under which terms, kept in the recording.
    """

    start_utc_ns: int = 0
    fps: float | None = None
    size: tuple[int, int] | None = None
    country: str = ""
    boxes: BoxStyle = BoxStyle.CORNERS
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The recording, and what was left out on the way."""

    recording: Recording
    frames: int
    reads: int
    faults: Faults = field(default_factory=Faults)


def import_recording(
    target: Path,
    *,
    table: Path | None,
    pictures: Path | None,
    wishes: ImportWishes,
    progress: Callable[[int], object] | None = None,
) -> Imported:
    """Make a recording.

    Args:
        target: Its folder.
        table: The tracker's CSV; `None` for pictures without reads.
        pictures: A video file, a folder of JPEGs, or `None` for reads without pictures.
        wishes: What the files do not say.
        progress: Called with 1 for every frame.

    Raises:
        RecordingError: A file cannot be used, ffmpeg is missing, or the target holds a recording.
    """
    faults = Faults()
    rows = (
        []
        if table is None
        else read_table(table, faults=faults, country=wishes.country, boxes=wishes.boxes)
    )
    if pictures is None:
        if not rows:
            raise RecordingError(
                "nothing to import: want a video, a folder of JPEGs or a table with reads"
            )
        if wishes.size is None:
            raise RecordingError(
                "size is not given: a table without pictures does not know the frame's size"
            )
        source = _Source(wishes.size, wishes.fps or _DEFAULT_FPS, None)
    elif pictures.is_dir():
        source = _folder_source(pictures, wishes)
    else:
        source = _video_source(pictures, wishes)
    frames = reads = 0
    step_ns = _S_NS / source.fps
    with RecordingWriter(
        target,
        size=source.size,
        fps=source.fps,
        start_utc_ns=wishes.start_utc_ns,
        pictures=source.jpegs is not None,
        source=wishes.source,
        licence=wishes.licence,
    ) as writer:
        for jpeg, row in _joined(source.jpegs, rows, faults):
            t_ns = row.t_ns if row.t_ns is not None else round(row.frame * step_ns)
            writer.add(jpeg, row.reads, t_ns, frame=row.frame)
            frames += 1
            reads += len(row.reads)
            if progress is not None:
                progress(1)
    for _ in range(writer.broken_pictures):
        faults.add("a picture is not a whole JPEG; its frame has none")
    return Imported(Recording.open(target), frames, reads, faults)


@dataclass(frozen=True, slots=True)
class _Source:
    size: tuple[int, int]
    fps: float
    jpegs: Iterator[bytes | None] | None


def _joined(
    jpegs: Iterator[bytes | None] | None, rows: Sequence[TableFrame], faults: Faults
) -> Iterator[tuple[bytes | None, TableFrame]]:
    if jpegs is None:
        for row in rows:
            yield None, row
        return
    by_frame = {row.frame: row for row in rows}
    for number, jpeg in enumerate(jpegs):
        row = by_frame.pop(number, TableFrame(number, None, ()))
        yield jpeg, row
    for row in by_frame.values():
        faults.add(f"frame {row.frame} of the table has no picture; its reads are left out")


def _folder_source(folder: Path, wishes: ImportWishes) -> _Source:
    paths = sorted(
        (path for path in folder.iterdir() if path.suffix.lower() in _PICTURES), key=_natural_order
    )
    sizes = (jpeg_size(_upright(path) or b"") for path in paths)
    size = wishes.size or next((found for found in sizes if found), None)
    if size is None:
        raise RecordingError(f"{folder}: holds no JPEG that can be read")
    return _Source(size, wishes.fps or _DEFAULT_FPS, (_upright(path) for path in paths))


def _natural_order(path: Path) -> list[tuple[int, str]]:
    """`frame2` before `frame10`."""
    return [(int(digits or 0), text) for digits, text in re.findall(r"(\d*)(\D*)", path.stem)]


def _upright(path: Path) -> bytes | None:
    jpeg = _bounded(path)
    return None if jpeg is None else upright(jpeg)


def _bounded(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= MAX_JPEG_BYTES else None
    except OSError:
        return None


def _video_source(video: Path, wishes: ImportWishes) -> _Source:
    if not video.is_file():
        raise RecordingError(f"{video}: is no file")
    ffmpeg, ffprobe = (_program(name) for name in ("ffmpeg", "ffprobe"))
    # `file:` keeps a name like `-i` or `http:x` from being anything but a file, and the allow-list keeps
    # a playlist inside the file from fetching others.
    source = ["-protocol_whitelist", "file,pipe", "-i", f"file:{video.absolute()}"]
    facts = _probe([ffprobe, "-v", "error", *source], video)
    size = wishes.size or (int(facts["width"]), int(facts["height"]))
    fps = wishes.fps or _fraction(facts.get("avg_frame_rate", "")) or _DEFAULT_FPS
    codec = ["-c:v", "copy"] if facts.get("codec_name") == "mjpeg" else ["-c:v", "mjpeg"]
    command = [
        ffmpeg,
        "-nostdin",
        "-v",
        "error",
        *source,
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
    ]
    quality = ["-q:v", str(_GOOD_QSCALE), "-f", "image2pipe", "pipe:1"]
    return _Source(size, fps, _piped([*command, *codec, *quality], video))


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RecordingError(f"{name} is not installed: a video needs it (apt install ffmpeg)")
    return found


def _probe(command: Sequence[str], video: Path) -> dict[str, str]:
    wanted = "stream=width,height,avg_frame_rate,codec_name"
    refused = f"{video}: cannot be read as a video"
    try:
        answer = subprocess.run(  # noqa: S603 - a list, no shell; the only text from outside is behind `file:`
            [*command, "-select_streams", "v:0", "-show_entries", wanted, "-of", "json"],
            capture_output=True,
            check=False,
            timeout=_PROBE_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise RecordingError(
            f"{refused} (ffprobe gave no answer in {_PROBE_TIMEOUT_S} s)"
        ) from None
    try:
        (stream,) = json.loads(answer.stdout)["streams"]
    except (ValueError, KeyError, TypeError):
        why = _last_words(answer.stderr) or "it has no picture stream"
        raise RecordingError(f"{refused} ({why})") from None
    return {str(key): str(value) for key, value in stream.items()}


def _last_words(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1][-_SHOWN:] if lines else ""


def _fraction(text: str) -> float | None:
    top, _, bottom = text.partition("/")
    try:
        return round(float(top) / float(bottom or 1), 6) or None
    except (ValueError, ZeroDivisionError):
        return None


def _piped(command: Sequence[str], video: Path) -> Iterator[bytes | None]:
    splitter = JpegSplitter()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - as in `_probe`
            command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL
        ) as film,
    ):
        if film.stdout is None:
            raise RecordingError(f"{video}: ffmpeg gives nothing")
        whole = False
        try:
            while piece := film.stdout.read(_PIECE_BYTES):
                yield from splitter.feed(piece)
            yield from splitter.finish()
            whole = True
        finally:
            if not whole:
                film.kill()
        if film.wait():
            said.seek(0)
            why = _last_words(said.read(_SAID_BYTES)) or f"status {film.returncode}"
            raise RecordingError(f"{video}: ffmpeg stopped ({why})")
