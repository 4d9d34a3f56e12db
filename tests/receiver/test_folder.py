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
