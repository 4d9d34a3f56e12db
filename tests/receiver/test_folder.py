"""What `receiver.folder` promises: everything is kept, and no name leaves the folder."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cammra_edge.receiver.arrival import Arrival, Picture, Way
from cammra_edge.receiver.folder import Folder
from tests.budget import examples
from tests.receiver.samples import PLATE, VEHICLE, body, encoded


def _arrival(number: int, pictures: tuple[Picture, ...], **changes: object) -> Arrival:
    members = body(**changes)
    return Arrival(
        number=number,
        way=Way.TCP,
        peer="p",
        at_utc_ns=0,
        raw=encoded(members),
        body=members,
        pictures=pictures,
    )


def test_json_and_pictures_are_kept_as_they_came(tmp_path: Path) -> None:
    pictures = (Picture("a.jpg", "vehicle", VEHICLE), Picture("b.jpg", "plate", PLATE))
    paths = Folder(tmp_path / "in").keep(_arrival(7, pictures, plateASCII="TOL SL123", carID="12"))
    assert [path.name for path in paths] == [
        "000007_update_TOLSL123_car12_vehicle.jpg",
        "000007_update_TOLSL123_car12_plate.jpg",
        "000007_update_TOLSL123_car12.json",
    ]
    assert [path.read_bytes() for path in paths[:2]] == [VEHICLE, PLATE]
    assert json.loads(paths[2].read_bytes())["carID"] == "12"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(40))
@given(
    word=st.text(max_size=60)
    | st.sampled_from(["../../etc/x", "a/b", "\0", "..", "CON", "é" * 300])
)
def test_no_word_from_outside_leads_out_of_the_folder(tmp_path: Path, word: str) -> None:
    picture = Picture(word, word, VEHICLE)
    paths = Folder(tmp_path / "in").keep(
        _arrival(1, (picture, picture), plateASCII=word, carID=word, carState=word)
    )
    for path in paths:
        assert path.parent == tmp_path / "in"
        assert path.name.isascii()
        assert len(path.name) < 120


def _uploaded(name: str, raw: bytes = b"") -> Arrival:
    members: dict[str, object] = {}
    picture = Picture(name, "", VEHICLE)
    return Arrival(
        number=1, way=Way.FTP, peer="p", at_utc_ns=0, raw=raw, body=members, pictures=(picture,)
    )


def test_an_upload_keeps_the_name_that_it_was_sent_under(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "in")
    paths = folder.keep(_uploaded("GATE-1/2026-11/TÖL 1_AB1.jpg", b"{}"))
    assert [str(path.relative_to(folder.path)) for path in paths] == [
        "GATE-1/2026-11/TÖL 1_AB1.jpg",
        "GATE-1/2026-11/TÖL 1_AB1.json",
    ]
    assert [path.read_bytes() for path in paths] == [VEHICLE, b"{}"]


def test_a_second_upload_of_a_name_gets_a_number(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "in")
    names = [folder.keep(_uploaded("a/b.jpg", b"{}"))[0].name for _ in range(3)]
    assert names == ["b.jpg", "b_1.jpg", "b_2.jpg"]
    assert len(list((folder.path / "a").iterdir())) == 6


def test_a_file_where_a_folder_is_wanted_is_not_lost(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "in")
    folder.keep(_uploaded("a.jpg"))
    (path,) = folder.keep(_uploaded("a.jpg/b.jpg"))
    assert path.name == "a.jpg_b.jpg"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60))
@given(
    name=st.text(max_size=60)
    | st.sampled_from(
        ["../../etc/x.jpg", "/etc/x.jpg", "a\0b.jpg", "..", ".", "", "..\\x", "a\n\x1b[2J.jpg",
         "é" * 300 + ".jpg", "a/" * 100 + "b.jpg", "\ud800.jpg", ".hidden/.x", "\u202egpj.exe"]
    )
)  # fmt: skip
def test_no_name_of_an_upload_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path / "in")
    for path in folder.keep(_uploaded(name, b"{}")):
        inside = path.resolve().relative_to(folder.path.resolve())
        assert len(inside.parts) <= 16
        for part in inside.parts:
            assert part.isprintable()
            assert not part.startswith(".")
            assert len(part.encode()) <= 220
