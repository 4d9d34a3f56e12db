"""What `recording.tracker_csv` promises: columns by name, boxes in either style, broken rows named."""

from pathlib import Path

import pytest

from cammra_edge.errors import RecordingError
from cammra_edge.model import Direction
from cammra_edge.recording import Faults
from cammra_edge.recording.tracker_csv import BoxStyle, TableFrame, read_table


def _table(tmp_path: Path, text: str, **wishes: str) -> tuple[list[TableFrame], Faults]:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8-sig")
    faults = Faults()
    boxes = BoxStyle(wishes.pop("boxes", "xyxy"))
    return read_table(path, faults=faults, boxes=boxes, **wishes), faults


def test_columns_of_four_numbers_are_two_corners(tmp_path: Path) -> None:
    frames, faults = _table(
        tmp_path,
        "frame_nmr,car_id,car_bbox,license_plate_bbox,license_number,license_number_score\n"
        "7,3.0,[10.4 20.6 110.4 220.6],[1e1 2.0e1 30 40],AB123,0.51234567\n",
    )
    (frame,) = frames
    (read,) = frame.reads
    assert (frame.frame, frame.t_ns, faults.count) == (7, None, 0)
    assert (read.track, read.text, read.confidence) == (3, "AB123", 0.512346)
    assert (read.vehicle, read.plate) == ((10, 21, 100, 200), (10, 20, 20, 20))


def test_columns_of_four_numbers_can_be_corner_and_size(tmp_path: Path) -> None:
    frames, _ = _table(tmp_path, 'frame,track,bbox\n1,2,"10,20,30,40"\n', boxes="xywh")
    assert frames[0].reads[0].vehicle == (10, 20, 30, 40)


@pytest.mark.parametrize(
    "head", ["x1;y1;x2;y2", "left;top;right;bottom", "vehicle_x1;vehicle_y1;vehicle_x2;vehicle_y2"]
)
def test_boxes_may_be_four_columns_of_corners(tmp_path: Path, head: str) -> None:
    frames, _ = _table(
        tmp_path,
        f"Frame;Track ID;{head};plate_x;plate_y;plate_w;plate_h\n1;2;10;20;40;60;1;2;3;4\n",
    )
    read = frames[0].reads[0]
    assert (read.vehicle, read.plate) == ((10, 20, 30, 40), (1, 2, 3, 4))


def test_times_directions_and_countries_are_taken_where_they_stand(tmp_path: Path) -> None:
    frames, _ = _table(
        tmp_path,
        "frame,track,time_ms,direction,country,roi\n1,2,40.5,OUT,DEU,2\n2,2,80,sideways,,\n",
        country="SWE",
    )
    assert [frame.t_ns for frame in frames] == [40_500_000, 80_000_000]
    first, second = (frame.reads[0] for frame in frames)
    assert (first.direction, first.country, first.roi) == (Direction.OUT, "DEU", 2)
    assert (second.direction, second.country, second.roi) == (None, "SWE", None)


def test_rows_need_not_be_in_order_and_texts_may_be_missing(tmp_path: Path) -> None:
    frames, _ = _table(tmp_path, "frame,track,license_number\n5,1,0\n2,1,\n5,2,XY1\n")
    assert [(f.frame, [r.text for r in f.reads]) for f in frames] == [
        (2, [None]),
        (5, [None, "XY1"]),
    ]


def test_a_broken_row_is_left_out_and_named(tmp_path: Path) -> None:
    frames, faults = _table(
        tmp_path,
        "frame,track,bbox,score\n1,1,1 2 3 4,0.5\nx,1,,\n3,1,1 2 3,\n4,-1,,\n5,1,,nan\n6\n7,1,,\n",
    )
    assert [frame.frame for frame in frames] == [1, 7]
    assert faults.told == [
        "table.csv line 3: frame is 'x': want 1 number",
        "table.csv line 4: a box is '1 2 3': want 4 numbers",
        "table.csv line 5: track is '-1': want a whole number from 0 to 4294967295",
        "table.csv line 6: confidence is 'nan': want 1 number",
        "table.csv line 7: track is '': want 1 number",
    ]


def test_a_table_without_tracks_says_what_it_looked_for_and_what_it_found(tmp_path: Path) -> None:
    with pytest.raises(
        RecordingError, match=r"no column for the track \(one of car_id, .* it has frame, colour"
    ):
        _table(tmp_path, "frame,colour\n1,red\n")


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)))
    with pytest.raises(RecordingError, match="is no CSV table"):
        read_table(path, faults=Faults())
    with pytest.raises(RecordingError, match="cannot be read"):
        read_table(tmp_path / "gone.csv", faults=Faults())
