"""What `recording.writer` promises: a recording is there whole, or not at all."""

from pathlib import Path
from typing import Never

import pytest

from cammra_edge.errors import RecordingError
from cammra_edge.recording import Recording, RecordingWriter


def _writer(path: Path) -> RecordingWriter:
    return RecordingWriter(
        path, size=(8, 8), fps=25.0, start_utc_ns=0, pictures=True, source="Ö", licence="MIT"
    )


def test_a_folder_that_was_cut_off_is_no_recording(tmp_path: Path) -> None:
    def interrupted() -> Never:
        with _writer(tmp_path / "r") as writer:
            writer.add(None, [], 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording.open(tmp_path / "r")


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    _writer(tmp_path / "r").finish()
    with pytest.raises(RecordingError, match="holds a recording already"):
        _writer(tmp_path / "r")


def test_a_picture_that_is_no_jpeg_leaves_its_frame_empty(tmp_path: Path) -> None:
    with _writer(tmp_path / "r") as writer:
        writer.add(b"GIF89a", [], 0)
        writer.add(None, [], 40_000_000)
    recording = Recording.open(tmp_path / "r")
    assert writer.broken_pictures == 2
    assert [frame.jpeg for frame in recording.frames()] == [None, None]
    assert (recording.source, recording.licence) == ("Ö", "MIT")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="file: cannot be written"):
        _writer(tmp_path / "file")
