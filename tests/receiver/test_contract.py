"""The vendor's own sample passes the contract; every rule of it is broken here once, and says so."""

import json

import pytest

from cammra_edge.receiver.arrival import Picture, Way
from cammra_edge.receiver.contract import (
    event_part_problems,
    parse_event,
    problems,
)
from cammra_edge.receiver.parcel import from_http, from_tcp
from cammra_edge.receiver.pictures import picture_problem, picture_problems
from tests.receiver.samples import (
    NAMES,
    PLATE,
    VEHICLE,
    VENDOR_2023,
    body,
    encoded,
    jpeg,
    multipart,
    with_pictures_inside,
)


def test_the_vendors_own_event_is_right() -> None:
    assert problems(VENDOR_2023) == []


def test_events_in_each_layout_are_right() -> None:
    assert from_http("multipart/form-data; boundary=----x", multipart()).problems == ()
    assert from_http("application/json", with_pictures_inside()).problems == ()
    assert from_tcp(encoded(body())).problems == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"packetCounter": 7}, "packetCounter is 7: want a text"),
        ({"packetCounter": "0"}, "packetCounter is '0': it counts from 1"),
        ({"carID": "0"}, "carID is '0': it counts from 1"),
        ({"carID": "x"}, "carID is 'x': want digits"),
        ({"carID": "\u0661"}, "carID is '\u0661': want digits"),
        ({"capture_ts": "1702297625507000001"}, "capture_ts is 1702297625507000001"),
        (
            {"datetime": "2023-12-11 14:27"},
            "datetime is '2023-12-11 14:27': want YYYYMMDD HHMMSSFFF",
        ),
        ({"datetime": "20231311 142705507"}, "is not a time"),
        ({"datetime": "20231211 142706507"}, "in no time zone"),
        ({"datetime": "20231213 142705507"}, "in no time zone"),
        ({"carState": "lost"}, "frame_timestamp is 1702297625507641: want 0 in lost"),
        ({"carState": "gone"}, "carState is 'gone': want new or reliable or update or lost"),
        ({"carMoveDirection": ""}, "carMoveDirection is ''"),
        ({"plateText": "XX"}, "plateText, plateUnicode and plateUTF8 differ"),
        ({"plateASCII": "TÖL"}, "plateASCII is not ASCII"),
        ({"plateConfidence": "0.9"}, "plateConfidence is '0.9': want 0.000000"),
        ({"plateConfidence": "1.000001"}, "plateConfidence is '1.000001'"),
        ({"plateCountry": "Germany"}, "plateCountry is 'Germany'"),
        ({"plateListMode": "none"}, "plateListMode is 'none'"),
        ({"geotag": {"lat": "55.7", "lon": 13.1}}, "geotag is"),
        ({"geotag": None}, "geotag is None: want an object"),
        ({"plateCoordinates": [1, 2, 3]}, "plateCoordinates is [1, 2, 3]: want four whole numbers"),
        ({"plateCoordinates": [1, 2, 3, 4.5]}, "want four whole numbers"),
        ({"imagesURI": "x"}, "imagesURI is 'x': want a list of texts"),
        ({"vehicle_info": {"view": 1}}, "vehicle_info is"),
        ({"extra": "1"}, "not in the contract: extra"),
    ],
)
def test_a_member_that_is_wrong_is_named_with_its_value(
    changes: dict[str, object], why: str
) -> None:
    found = problems(body(**changes))
    assert len(found) == 1
    assert why in found[0]


def test_missing_members_and_another_order_are_told() -> None:
    members = body()
    del members["carID"], members["geotag"]
    assert problems(members) == ["missing: geotag, carID"]
    assert problems(dict(sorted(body().items()))) == ["the members are not in the vendor's order"]
    assert problems({**body(), "ImageArray": []}) == ["ImageArray is not right before imageFile"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a":1,"b":2,"a":3}', "a occurs twice"),
    ],
)
def test_what_is_no_event_says_so(raw: bytes, why: str) -> None:
    _, wrong = parse_event(raw)
    assert len(wrong) == 1
    assert why in wrong[0]


@pytest.mark.parametrize(
    ("name", "content_type", "why"),
    [
        (None, "application/json", "has no file name"),
        ("event.txt", "application/json", "ends in .json"),
        ("a/b.json", "application/json", "safe name"),
        ("e.json", "text/plain", "Content-Type 'text/plain'"),
    ],
)
def test_an_event_part_that_receivers_lose_is_told(
    name: str | None, content_type: str, why: str
) -> None:
    (found,) = event_part_problems(name, content_type)
    assert why in found


GOOD = [
    Picture(NAMES[0], "vehicle", VEHICLE, "image", 64, 40),
    Picture(NAMES[1], "plate", PLATE, "image2", 32, 8),
]
GOOD_BODY = {
    "imageType": "vehicle",
    "imagesURI": [f"/x/{name}" for name in NAMES],
    "plateCoordinatesRelative": [10, 20, 30, 8],
}


def _changed(which: int, **changes: object) -> list[Picture]:
    pictures = list(GOOD)
    fields = {name: getattr(pictures[which], name) for name in Picture.__slots__}
    pictures[which] = Picture(**{**fields, **changes})
    return pictures


@pytest.mark.parametrize(
    ("members", "pictures", "why"),
    [
        ({}, _changed(0, jpeg=VEHICLE[:-2]), "picture 1 is not a whole JPEG"),
        ({}, _changed(0, name="../x.jpg"), "picture 1 is named '../x.jpg'"),
        ({}, _changed(1, part="image"), "parts are image, image: want image, then image2"),
        ({}, _changed(1, kind="vehicle"), "the second picture is a vehicle: want the plate"),
        ({"imageType": "plate"}, GOOD, "imageType is 'plate' but the first picture is a vehicle"),
        ({"imagesURI": ["/x/a.jpg"]}, GOOD, "imagesURI lists 1 pictures, 2 came"),
        ({"plateCoordinatesRelative": [640, 20, 30, 8]}, GOOD, "lies outside the 64x40 picture"),
        ({}, [*GOOD, GOOD[1]], "3 pictures: want at most 2"),
    ],
)
def test_a_picture_that_is_wrong_is_told(
    members: dict[str, object], pictures: list[Picture], why: str
) -> None:
    found = picture_problems({**GOOD_BODY, **members}, pictures, Way.MULTIPART)
    assert any(why in problem for problem in found)
    assert picture_problems(GOOD_BODY, GOOD, Way.MULTIPART) == []


def test_a_picture_that_does_not_open_is_told() -> None:
    pytest.importorskip("PIL.Image", reason="only Pillow decodes what comes in, and armv7 has none")
    good = jpeg(640, 480)
    table = good.index(b"\xff\xdb")
    length = int.from_bytes(good[table + 2 : table + 4])
    without_tables = good[:table] + good[table + 2 + length :].replace(b"\xff\xdb", b"\xff\xfe", 1)
    assert picture_problem(good) == ""
    assert "does not decode" in picture_problem(without_tables)


@pytest.mark.parametrize(
    ("content_type", "content", "why"),
    [
        ("text/plain", encoded(body()), "Content-Type is 'text/plain'"),
        ("multipart/form-data; boundary=----x", multipart()[:-9], "the last boundary is missing"),
        (
            "multipart/form-data; boundary=----x",
            multipart(event_head='form-data; name="data"'),
            "0 parts named event",
        ),
        (
            "multipart/form-data; boundary=----x",
            multipart(event_head='form-data; name="event"'),
            "has no file name",
        ),
        (
            "application/json",
            encoded(body()).replace(b'"imageFile":', b'"ImageArray":[{"x":1}],"imageFile":'),
            "ImageArray[0] want exactly ImageType",
        ),
        (
            "application/json",
            with_pictures_inside().replace(b'"BinaryImage":"/9j/', b'"BinaryImage":"/9 /'),
            "ImageArray[0] is not base64",
        ),
    ],
)
def test_a_request_that_is_wrong_says_where(content_type: str, content: bytes, why: str) -> None:
    assert any(why in problem for problem in from_http(content_type, content).problems)


def test_an_event_from_outside_may_hold_anything() -> None:
    strange = dict.fromkeys(VENDOR_2023) | {
        "ImageArray": 5,
        "capture_timestamp": "9" * 20,
    }
    assert from_tcp(json.dumps(strange).encode()).problems
