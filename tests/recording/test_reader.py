"""What `recording.reader` promises: nothing broken stops it, time never goes back, same content same id."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from cammra_edge.errors import RecordingError
from cammra_edge.model import PlateRead
from cammra_edge.recording import Faults, Recording, RecordingWriter
from cammra_edge.recording.reads import MAX_LINE_BYTES
from tests.recordings import recordings


def _jpeg(grey: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (32, 16), grey).save(out, "JPEG")
    return out.getvalue()


def _make(path: Path, *, frames: int = 6, pictures: bool = True) -> Recording:
    writer = RecordingWriter(path, size=(32, 16), fps=10.0, start_utc_ns=10**18, pictures=pictures)
    for number in range(frames):
        reads = [PlateRead(track=number, text=f"AB{number}")] if number in (1, 4) else []
        writer.add(_jpeg(number) if pictures else None, reads, number * 100_000_000)
    return writer.finish()


def test_frames_come_in_order_with_their_reads_and_times(tmp_path: Path) -> None:
    frames = list(_make(tmp_path / "r").frames())
    assert [frame.jpeg for frame in frames] == [_jpeg(number) for number in range(6)]
    assert [[read.text for read in frame.reads] for frame in frames] == [
        [],
        ["AB1"],
        [],
        [],
        ["AB4"],
        [],
    ]
    assert [frame.at.mono_ns for frame in frames] == [number * 100_000_000 for number in range(6)]
    assert {frame.at.utc_ns - frame.at.mono_ns for frame in frames} == {10**18}


def test_without_pictures_only_frames_with_reads_come(tmp_path: Path) -> None:
    frames = list(_make(tmp_path / "r", pictures=False).frames())
    assert [(frame.jpeg, frame.at.mono_ns) for frame in frames] == [
        (None, 100_000_000),
        (None, 400_000_000),
    ]


def test_every_loop_has_vehicles_of_its_own_and_time_goes_on(tmp_path: Path) -> None:
    frames = list(_make(tmp_path / "r").frames(loops=3))
    times = [frame.at.mono_ns for frame in frames]
    assert times == [number * 100_000_000 for number in range(18)]
    assert [read.track for frame in frames for read in frame.reads] == [
        1,
        4,
        (1 << 32) + 1,
        (1 << 32) + 4,
        (2 << 32) + 1,
        (2 << 32) + 4,
    ]


def test_a_recording_without_frames_does_not_loop_for_ever(tmp_path: Path) -> None:
    assert list(_make(tmp_path / "r", frames=0).frames(loops=None)) == []


def test_what_is_broken_is_counted_with_file_and_line_and_the_rest_comes(tmp_path: Path) -> None:
    recording = _make(tmp_path / "r", frames=3)
    lines = [
        '{"frame":0,"t_ns":0,"reads":[{"track":1}]}',
        "{broken",
        "x" * (2 * MAX_LINE_BYTES),
        "",
        '{"frame":1,"t_ns":100000000,"reads":[{"track":"x"},{"track":2}]}',
        '{"frame":1,"t_ns":100000000,"reads":[{"track":3}]}',
        '{"frame":2,"t_ns":50,"reads":[{"track":4}]}',
        '{"frame":9,"t_ns":900000000,"reads":[{"track":5}]}',
    ]
    (recording.path / "reads.jsonl").write_text("\n".join(lines))
    faults = Faults()
    frames = list(recording.frames(faults=faults))
    assert [[read.track for read in frame.reads] for frame in frames] == [[1], [2], [4], [5]]
    assert [frame.at.mono_ns for frame in frames] == [0, 100_000_000, 100_000_000, 900_000_000]
    assert faults.count == 6
    places = [
        "line 2: no JSON",
        "line 3: is longer",
        "line 5: reads[0]",
        "line 6: frame 1 comes after",
        "line 7: t_ns 50",
    ]
    assert [told for told in faults.told if "frame 9" not in told] == [
        next(told for told in faults.told if place in told) for place in places
    ]
    assert "reads.jsonl frame 9: has no picture" in faults.told


def test_a_broken_jpeg_leaves_its_frame_without_a_picture_and_the_numbers_right(
    tmp_path: Path,
) -> None:
    recording = _make(tmp_path / "r")
    frames_path = recording.path / "frames.mjpeg"
    parts = [_jpeg(number) for number in range(6)]
    parts[1] = parts[1][:-9]
    frames_path.write_bytes(b"".join(parts))
    faults = Faults()
    frames = list(recording.frames(faults=faults))
    assert [frame.jpeg is None for frame in frames] == [False, True, False, False, False, False]
    assert [read.text for read in frames[4].reads] == ["AB4"]
    assert faults.told == ["frames.mjpeg frame 1: is not a whole JPEG"]


def test_frames_between_lines_are_placed_between_their_times(tmp_path: Path) -> None:
    recording = _make(tmp_path / "r")
    (recording.path / "reads.jsonl").write_text(
        '{"frame":1,"t_ns":1000,"reads":[]}\n{"frame":4,"t_ns":4000,"reads":[]}\n'
    )
    times = [frame.at.mono_ns for frame in recording.frames()]
    assert times == [0, 1000, 2000, 3000, 4000, 4000 + 100_000_000]


def test_the_same_content_has_the_same_id_wherever_it_lies(tmp_path: Path) -> None:
    first, second = _make(tmp_path / "a"), _make(tmp_path / "b")
    assert first.stream_id() == second.stream_id()
    assert len(bytes.fromhex(first.stream_id())) == 16
    with (second.path / "reads.jsonl").open("ab") as file:
        file.write(b"\n")
    assert first.stream_id() != second.stream_id()


def test_progress_adds_up_to_the_size(tmp_path: Path) -> None:
    recording = _make(tmp_path / "r")
    seen: list[int] = []
    list(recording.frames(progress=seen.append))
    assert sum(seen) == recording.size_bytes()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("{", "is not JSON"),
        ("[]", "want one JSON object"),
        ("{}", "format is None: want 1"),
        ({"width": 0}, "width is 0: want a number from 1 to 65535"),
        ({"fps": "fast"}, "fps is 'fast': want a number"),
        ({"start_utc_ns": None}, "start_utc_ns is None"),
        ({"frames": "../../etc/passwd"}, "want a file name without a folder"),
        ({"frames": ".."}, "want a file name without a folder"),
        ({"frames": "gone.mjpeg"}, "gone.mjpeg: is missing"),
    ],
)
def test_a_header_that_cannot_be_used_names_file_field_and_value(
    tmp_path: Path, header: str | dict[str, object], why: str
) -> None:
    path = _make(tmp_path / "r").path / "recording.json"
    if isinstance(header, dict):
        header = json.dumps(json.loads(path.read_text()) | header)
    path.write_text(header)
    with pytest.raises(RecordingError) as caught:
        Recording.open(path.parent)
    assert why in str(caught.value)
    assert str(path.parent) in str(caught.value)


def test_no_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording.open(tmp_path / "nothing")


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("name", "frames", "with_reads", "last_ns"),
    [
        ("toll-lane", 153, 153, 8_483_333_000),
        ("motorway-short", 189, 189, 10_166_666_667),
        ("street", 250, 250, 8_300_000_000),
    ],
)
def test_the_recorded_streams_are_read_whole(
    name: str, frames: int, with_reads: int, last_ns: int
) -> None:
    faults = Faults()
    recording = Recording.open(recordings() / name)
    seen = list(recording.frames(faults=faults))
    assert faults.count == 0
    assert len(seen) == frames
    assert sum(bool(frame.reads) for frame in seen) == with_reads
    assert seen[-1].at.mono_ns == last_ns
    if recording.frames_path is not None:
        pictures = [frame.jpeg for frame in seen if frame.jpeg is not None]
        assert len(pictures) == frames
        assert {Image.open(io.BytesIO(jpeg)).size for jpeg in pictures[::50]} == {
            (recording.width, recording.height)
        }
