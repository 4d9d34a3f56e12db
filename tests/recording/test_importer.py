"""What `recording.importer` promises, with real tables, real pictures and the real ffmpeg."""

import io
import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from cammra_edge.errors import RecordingError
from cammra_edge.recording import Recording
from cammra_edge.recording.importer import Imported, ImportWishes, import_recording
from tests.recordings import recordings
from tests.servers import require_program

TABLE = "frame,track,bbox,text\n0,1,1 2 11 12,AB1\n2,1,3 4 13 14,AB1\n9,1,5 6 15 16,AB1\n"


def _jpeg(grey: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (grey, grey, 0)).save(out, "JPEG")
    return out.getvalue()


def _import(
    tmp_path: Path, pictures: Path | None, table: str | None = TABLE, **wishes: float
) -> Imported:
    path = tmp_path / "table.csv"
    if table is not None:
        path.write_text(table)
    return import_recording(
        tmp_path / "out",
        table=path if table is not None else None,
        pictures=pictures,
        wishes=ImportWishes(fps=wishes.get("fps")),
    )


@pytest.mark.recordings
def test_the_table_of_the_short_motorway_becomes_the_recording_it_is_the_source_of(
    tmp_path: Path,
) -> None:
    wanted = recordings() / "motorway-short"
    header = json.loads((wanted / "recording.json").read_text())
    imported = import_recording(
        tmp_path / "out",
        table=recordings() / "import" / "motorway-short.csv",
        pictures=None,
        wishes=ImportWishes(
            start_utc_ns=header["start_utc_ns"],
            fps=30.0,
            size=(1920, 1080),
            country="GBR",
            source=header["source"],
            licence="MIT",
        ),
    )
    assert imported.faults.count == 0
    assert (imported.frames, imported.reads) == (189, 263)
    assert (tmp_path / "out" / "reads.jsonl").read_bytes() == (wanted / "reads.jsonl").read_bytes()
    assert json.loads((tmp_path / "out" / "recording.json").read_text()) == header


def test_a_folder_of_jpegs_is_taken_in_natural_order_and_byte_for_byte(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (0, 1, 2, 10):
        (folder / f"frame{number}.jpg").write_bytes(_jpeg(number * 20))
    (folder / "frame3.JPG").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not a picture either")
    imported = _import(tmp_path, folder)
    frames = list(imported.recording.frames())
    assert (imported.recording.width, imported.recording.height) == (64, 48)
    assert [frame.jpeg for frame in frames] == [_jpeg(0), _jpeg(20), _jpeg(40), None, _jpeg(200)]
    assert [len(frame.reads) for frame in frames] == [1, 0, 1, 0, 0]
    assert frames[2].at.mono_ns == 80_000_000
    assert imported.faults.told == [
        "frame 9 of the table has no picture; its reads are left out",
        "a picture is not a whole JPEG; its frame has none",
    ]


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4"])
def test_a_video_becomes_frames_with_the_videos_own_size_and_rate(
    tmp_path: Path, codec: str
) -> None:
    require_program("ffmpeg", apt="ffmpeg")
    video = tmp_path / "-i film;$(x).avi"
    test_picture = ["-f", "lavfi", "-i", "testsrc=size=96x64:rate=15:duration=2"]
    subprocess.run(
        ["ffmpeg", "-v", "error", *test_picture, "-c:v", codec, f"file:{video}"],
        check=True,
        timeout=60,
    )
    imported = _import(tmp_path, video)
    recording = imported.recording
    assert (recording.width, recording.height, recording.fps) == (96, 64, 15.0)
    frames = list(recording.frames())
    assert len(frames) == imported.frames == 30
    assert [number for number, frame in enumerate(frames) if frame.reads] == [0, 2, 9]
    assert Image.open(io.BytesIO(frames[29].jpeg or b"")).size == (96, 64)


def test_a_video_that_is_none_is_refused_and_leaves_no_recording(tmp_path: Path) -> None:
    require_program("ffmpeg", apt="ffmpeg")
    video = tmp_path / "film.mp4"
    video.write_text("ffconcat version 1.0\nfile http://127.0.0.1:9/x.mp4\n")
    with pytest.raises(RecordingError, match="cannot be read as a video"):
        _import(tmp_path, video)
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording.open(tmp_path / "out")


def test_what_ffmpeg_says_when_it_stops_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ffmpeg of its own that knows no option: what an old one does with a new one's words."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, does in (
        ("ffprobe", 'echo \'{"streams":[{"width":64,"height":48,"codec_name":"h264"}]}\''),
        ("ffmpeg", "echo first >&2; echo \"Unrecognized option 'fps_mode'.\" >&2; exit 1"),
    ):
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    (tmp_path / "film.mp4").write_bytes(b"x")
    with pytest.raises(
        RecordingError, match=r"film\.mp4: ffmpeg stopped \(Unrecognized option 'fps_mode'\.\)"
    ):
        _import(tmp_path, tmp_path / "film.mp4")


def test_without_ffmpeg_one_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "film.mp4").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"ffmpeg is not installed: .*apt install ffmpeg"):
        _import(tmp_path, tmp_path / "film.mp4")


def test_what_cannot_be_known_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="size is not given"):
        _import(tmp_path, None)
    with pytest.raises(RecordingError, match="nothing to import"):
        _import(tmp_path, None, table=None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordingError, match="holds no JPEG"):
        _import(tmp_path, tmp_path / "empty")
