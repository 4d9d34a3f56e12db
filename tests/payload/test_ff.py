"""The FF JSON event, held to the vendor's sample and to the requests that its receivers accepted."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cammra_edge.framing import EventForm, multipart_body
from cammra_edge.model import EventKind, ImageKind, Rect, VehicleInfo
from cammra_edge.payload import naming
from tests.payload.events import (
    DOWNSIZED,
    EVENT,
    FULL,
    JPEGS,
    PLATE,
    SAMPLE_DEVICE,
    SAMPLE_EVENT,
    SENDER,
    VEHICLE,
    image_ref,
    with_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.model import Event, ImageRef
    from cammra_edge.profile.sender import Sender

GOLDEN = Path(__file__).parents[1] / "golden" / "ff_json"
BOUNDARY = "------------------------d74496d66958873e"
# The sample's images carry names of their own: other numbers, another read's plate, `lp` where we write `lpup`.
ROI_NAME = "20231211142705_954662roi_MWR6677_2117394.jpg"
LP_NAME = "20231211142706_413731lp_HWR6677_2117396.jpg"
SAMPLE_NAMES = {
    b"97/20231211142705_954662roi_HWR6677_2117397.jpg": f"48/{ROI_NAME}".encode(),
    b"97/20231211142705_954662lpup_HWR6677_2117397.jpg": f"52/{LP_NAME}".encode(),
}


def form_of(refs: Iterable[ImageRef], sender: Sender = SENDER) -> EventForm:
    return EventForm(sender, [ref.spec for ref in refs], words=naming)


def object_of(event: Event, sends: Iterable[ImageRef] = (), sender: Sender = SENDER) -> bytes:
    """The object alone."""
    suffix, content = form_of(sends, sender).files(event, JPEGS, 7, sidecar=True)[0]
    assert suffix == ".json"
    return content


def sample_json() -> bytes:
    images = (image_ref(ImageKind.PLATE_CROP, "p", Rect(0, 0, 140, 48)), FULL)
    event = replace(SAMPLE_EVENT, images=images)
    content = form_of(images).files(event, JPEGS, 2117397, sidecar=True)[0][1]
    for ours, theirs in SAMPLE_NAMES.items():
        content = content.replace(ours, theirs)
    return content


SHORT = st.text(max_size=3)
WIRE_TYPES = {"v": "vehicle", "p": "plate", "f": "frame", "d": "frame"}


def body_of(golden: str) -> bytes:
    return (GOLDEN / golden).read_bytes().partition(b"\r\n\r\n")[2]


def jpeg() -> bytes:
    body = body_of("http_multipart_one_image.bin")
    start = body.index(b"\xff\xd8\xff")
    return body[start : body.rindex(b"\r\n--")]


def rendered(event: Event = EVENT, *sends: ImageRef) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(object_of(event, sends))
    return members


def test_the_vendors_sample_is_rebuilt_in_its_order() -> None:
    sample = json.loads((GOLDEN / "alpv_http_update_2023.json").read_text())
    assert list(json.loads(sample_json()).items()) == list(sample.items())


@pytest.mark.parametrize(
    ("golden", "images"),
    [
        ("http_multipart_event_only.bin", []),
        ("http_multipart_one_image.bin", [("image", ROI_NAME)]),
        ("http_multipart_two_images.bin", [("image", ROI_NAME), ("image2", LP_NAME)]),
    ],
)
def test_the_multipart_body_is_byte_for_byte_what_the_receivers_accepted(
    golden: str, images: list[tuple[str, str]]
) -> None:
    event_name = "20231211142705_507_HWR6677_2117397.json"
    parts = [("event", event_name, "application/json", sample_json())]
    parts += [(name, file_name, "image/jpeg", jpeg()) for name, file_name in images]
    assert multipart_body(BOUNDARY, parts) == body_of(golden)


def with_array(content: bytes, images: list[tuple[str, bytes]]) -> bytes:
    """`ImageArray` as the wire has it, put together in the plainest way."""
    elements = [
        {"ImageType": kind, "ImageFormat": "jpg", "BinaryImage": b64encode(image).decode()}
        for kind, image in images
    ]
    array = f'"ImageArray":{json.dumps(elements, separators=(",", ":"))},'.encode()
    return content.replace(b'"imageFile":', (array if images else b"") + b'"imageFile":')


@given(
    st.lists(st.sampled_from([VEHICLE, PLATE, FULL, DOWNSIZED]), unique=True, max_size=4),
    st.lists(st.sampled_from([VEHICLE, PLATE, FULL, DOWNSIZED]), unique=True, max_size=2),
    st.booleans(),
    st.binary(max_size=200),
)
def test_what_is_sent_is_made_of_object_and_images_as_they_are(
    has: list[ImageRef],
    sends: list[ImageRef],
    as_file: bool,  # noqa: FBT001 - hypothesis fills it in
    picture: bytes,
) -> None:
    event = replace(EVENT, images=tuple(has))
    jpegs = {ref.image_key: picture + ref.image_key.encode() for ref in has[1:]}
    form = form_of(sends)
    going = [ref for ref in sends if ref in has[1:]]
    attached = form.attached(event, jpegs, 7)
    assert [(content, is_plate) for _, content, is_plate, _ in attached] == [
        (jpegs[ref.image_key], ref is PLATE) for ref in going
    ]
    assert [event.images[place] for *_, place in attached] == going
    (_, content), *images = form.files(event, jpegs, 7, sidecar=True)
    assert form.files(event, jpegs, 7, sidecar=False) == images
    names = [name for name, _, _, _ in attached]
    jpegs_by_suffix = zip((".jpg", "_lp.jpg"), (jpeg for _, jpeg, _, _ in attached), strict=False)
    assert list(reversed(images)) == list(jpegs_by_suffix)
    inside = [(WIRE_TYPES[ref.image_key], jpegs[ref.image_key]) for ref in going]
    assert form.with_images(event, jpegs, 7) == with_array(content, inside)
    event_name = "20231211142705_507_HWR6677_7.json" if as_file else ""
    parts = [("e", event_name, "application/json", content)]
    parts += [
        (part, name, "image/jpeg", jpegs[ref.image_key])
        for part, name, ref in zip(("i", "i2"), names, going, strict=False)
    ]
    body = form.multipart(event, jpegs, 7, BOUNDARY, ("e", "i", "i2"), as_file)
    assert body == multipart_body(BOUNDARY, parts)


@pytest.mark.parametrize("zone", ["Europe/Kyiv", ""])
@given(at_utc_ns=st.integers(-(2**63), 2**63 - 1), image_utc_ns=st.integers(-(2**63), 2**63 - 1))
@example(at_utc_ns=-(2**63), image_utc_ns=-(2**63))
@example(at_utc_ns=2**63 - 1, image_utc_ns=2**63 - 1)
def test_any_time_can_be_told(zone: str, at_utc_ns: int, image_utc_ns: int) -> None:
    event = replace(EVENT, at_utc_ns=at_utc_ns, image_utc_ns=image_utc_ns)
    sender = SENDER._replace(device=replace(SAMPLE_DEVICE, time_zone=zone))
    members = json.loads(form_of([VEHICLE], sender).with_images(event, JPEGS, 7))
    assert len(members["ImageArray"]) == 1
    assert int(members["capture_timestamp"]) == at_utc_ns // 1_000_000
    assert int(members["capture_ts"]) == at_utc_ns // 1_000_000 * 1_000_000
    assert int(members["frame_timestamp"]) == at_utc_ns // 1000


def test_the_json_body_is_byte_for_byte_what_the_receivers_accepted() -> None:
    body = with_array(sample_json(), [("", jpeg())])
    assert body == body_of("http_json_imagearray.bin")
    assert body == (GOLDEN / "tcp_one_event.bin").read_bytes()


def test_our_image_names_have_the_samples_form() -> None:
    roi = "20231211142705_954662roi_HWR6677_7.jpg"
    plate = "20231211142705_954662lpup_HWR6677_7.jpg"
    attached = form_of([VEHICLE, PLATE]).attached(EVENT, JPEGS, 7)
    assert [name for name, _, _, _ in attached] == [roi, plate]
    assert rendered(EVENT, VEHICLE, PLATE)["imagesURI"] == [
        f"/local/fflprapp/tools.cgi?action=getImage&name=7/{plate}",
        f"/local/fflprapp/tools.cgi?action=getImage&name=7/{roi}",
    ]


def test_every_scalar_is_a_string_but_the_place() -> None:
    event = replace(EVENT, info=VehicleInfo(make="Skoda", confidence_mmr=0.9998474))
    for key, value in rendered(event).items():
        if key == "geotag":
            assert value == {"lat": 55.70421, "lon": 13.19366}
        elif key.startswith("plateCoordinates"):
            assert all(isinstance(number, int) for number in value)
        elif key in {"vehicle_info", "camera_info"}:
            assert all(isinstance(member, str) for member in value.values())
        elif key == "imagesURI":
            assert value == []
        else:
            assert isinstance(value, str), key


def test_make_goes_under_both_names() -> None:
    info = VehicleInfo(make="Skoda", model="Rapid/Scala", confidence_mmr=0.9998474)
    assert rendered(replace(EVENT, info=info))["vehicle_info"] == {
        "brand": "Skoda",
        "make": "Skoda",
        "model": "Rapid/Scala",
        "confidenceMMR": "0.999847",
    }


def test_lost_reports_the_times_of_new_and_no_frame() -> None:
    new = rendered(replace(EVENT, kind=EventKind.NEW, at_utc_ns=EVENT.first_utc_ns))
    lost = rendered(replace(EVENT, kind=EventKind.LOST))
    for key in ("capture_timestamp", "capture_ts", "datetime"):
        assert lost[key] == new[key]
    assert lost["frame_timestamp"] == "0"
    assert new["capture_timestamp"] == "1702297625100"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Kyiv", "20231211 142705507"),
        ("UTC", "20231211 122705507"),
        ("Asia/Kathmandu", "20231211 181205507"),
    ],
)
def test_datetime_is_the_cameras_local_time(zone: str, text: str) -> None:
    sender = SENDER._replace(device=replace(SAMPLE_DEVICE, time_zone=zone))
    assert json.loads(object_of(EVENT, sender=sender))["datetime"] == text


@pytest.mark.parametrize(
    ("images", "kind", "file", "file_2", "relative"),
    [
        ((), "", False, False, [514, 570, 120, 28]),
        ((VEHICLE,), "vehicle", True, False, [114, 270, 120, 28]),
        ((PLATE,), "plate", False, True, [10, 10, 120, 28]),
        ((DOWNSIZED, PLATE), "frame", True, True, [171, 190, 40, 9]),
    ],
)
def test_the_first_image_names_the_type_and_the_relative_box(
    images: tuple[ImageRef, ...], kind: str, *, file: bool, file_2: bool, relative: list[int]
) -> None:
    members = rendered(EVENT, *images)
    assert members["imageType"] == kind
    assert bool(members["imageFile"]) is file
    assert bool(members["imageFile2"]) is file_2
    assert members["plateCoordinatesRelative"] == relative
    assert len(members["imagesURI"]) == len(images)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("TÖLSL123", "TOLSL123"),
        ("京PL3N67", "JingPL3N67"),
        ("M WR6677", "M WR6677"),
        ('A"B\\C', 'A"B\\C'),
        ("A\r\nB\0C", "ABC"),
    ],
)
def test_ascii_is_spelled_not_dropped(text: str, spelled: str) -> None:
    members = rendered(with_text(text))
    assert members["plateASCII"] == spelled
    assert members["plateText"] == members["plateUnicode"] == members["plateUTF8"] == text


@given(st.text(max_size=40))
def test_texts_are_escaped_as_pythons_json_has_them(text: str) -> None:
    escaped = json.dumps(text, ensure_ascii=False).encode(errors="replace")
    assert b'"plateText":' + escaped + b',"plateUnicode":' in object_of(with_text(text))


@given(st.text(max_size=40) | st.just("京" * 3000) | st.just("A" * 10_000))
def test_any_text_gives_valid_json_names_and_ascii(text: str) -> None:
    event = replace(
        with_text(text),
        plate=replace(EVENT.plate, text=text, region=text, country=text),
        info=VehicleInfo(make=text, model=text),
    )
    members = rendered(event, VEHICLE, PLATE)
    assert members["plateText"] == members["plateRegion"] == text.encode(errors="replace").decode()
    assert members["plateASCII"].isascii()
    for name, *_ in form_of([VEHICLE, PLATE]).attached(event, JPEGS, 7):
        assert re.fullmatch(r"[A-Za-z0-9_]{1,116}\.jpg", name)


def test_what_is_not_a_number_does_not_break_the_json() -> None:
    sender = SENDER._replace(latitude=float("nan"), longitude=float("inf"))
    parsed = json.loads(object_of(EVENT, sender=sender))
    assert parsed["geotag"] == {"lat": 0.0, "lon": 0.0}


@given(st.floats(-90, 90), st.floats(-180, 180) | st.integers(-180, 180))
def test_a_place_is_written_as_pythons_json_has_it(latitude: float, longitude: float) -> None:
    sender = SENDER._replace(latitude=latitude, longitude=longitude)
    place = {"lat": latitude, "lon": float(longitude)}
    geotag = b'"geotag":' + json.dumps(place, separators=(",", ":")).encode()
    assert geotag in object_of(EVENT, sender=sender)


@given(st.builds(VehicleInfo, view=SHORT, kind=SHORT, make=SHORT))
def test_of_a_vehicle_only_what_is_known_is_told(info: VehicleInfo) -> None:
    known = {"view": info.view, "type": info.kind, "brand": info.make, "make": info.make}
    members = rendered(replace(EVENT, info=info))["vehicle_info"]
    assert members == {
        name: text.encode(errors="replace").decode() for name, text in known.items() if text
    }
