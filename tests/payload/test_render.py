"""From event and profile to bytes: deterministic, complete, and never raising."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.framing import multipart_body
from cammra_edge.message import Body
from cammra_edge.model import ImageKind
from cammra_edge.payload import render
from cammra_edge.payload.render import multipart
from cammra_edge.profile import HttpPost, Profile, Tcp
from tests.payload.events import (
    BOUNDARY_KEY,
    EVENT,
    JPEGS,
    SAMPLE_DEVICE,
    unchecked_device,
    with_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Event

HTTP_POST = HttpPost("http://127.0.0.1:1/")


def body(
    profile: Profile, event: Event = EVENT, images: Mapping[str, bytes] = JPEGS, **other: object
) -> Body:
    arguments: dict[str, Any] = {
        "profile_id": 1,
        "device": SAMPLE_DEVICE,
        "packet": 7,
        "boundary_key": BOUNDARY_KEY,
    }
    message = render(event, images, profile=profile, **(arguments | other))
    assert isinstance(message, Body)
    return message


def parts(message: Body) -> list[tuple[str, str | None, bytes]]:
    """Taken apart by Python's own MIME parser."""
    header = b"Content-Type: " + message.content_type.encode() + b"\r\n\r\n"
    parsed = BytesParser(policy=HTTP).parsebytes(header + message.content)
    assert not parsed.defects
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            bytes(part.get_payload(decode=True) or b""),
        )
        for part in parsed.iter_parts()
    ]


def test_two_images_are_three_parts_in_order() -> None:
    profile = Profile("p", HTTP_POST, image="vehicle crop", two_images=True)
    (event_part, image, image2) = parts(body(profile))
    assert event_part[:2] == ("event", "20231211142705_507_HWR6677_7.json")
    assert image == ("image", "20231211142705_954662roi_HWR6677_7.jpg", JPEGS["v"])
    assert image2 == ("image2", "20231211142705_954662lpup_HWR6677_7.jpg", JPEGS["p"])
    members = json.loads(event_part[2])
    assert members["imageFile"].endswith(f"/{image[1]}")
    assert members["imageFile2"].endswith(f"/{image2[1]}")


@pytest.mark.parametrize("kind", [None, *ImageKind])
def test_the_selected_image_alone(kind: ImageKind | None) -> None:
    profile = Profile("p", HTTP_POST, image=kind)
    images = parts(body(profile))[1:]
    wanted = {
        None: [],
        ImageKind.VEHICLE_CROP: [JPEGS["v"]],
        ImageKind.FULL_FRAME: [JPEGS["f"]],
        ImageKind.DOWNSIZED_FRAME: [JPEGS["d"]],
        ImageKind.PLATE_CROP: [JPEGS["p"]],
    }[kind]
    assert [content for _, _, content in images] == wanted


def test_the_plate_crop_is_never_sent_twice() -> None:
    profile = Profile("p", HTTP_POST, image="license plate crop", two_images=True)
    assert [name for name, *_ in parts(body(profile))] == ["event", "image"]


def test_an_image_that_is_gone_is_left_out_and_not_named() -> None:
    profile = Profile("p", HTTP_POST, image="vehicle crop", two_images=True)
    (event_part, image) = parts(body(profile, images={"p": JPEGS["p"]}))
    members = json.loads(event_part[2])
    assert image[0] == "image"
    assert image[2] == JPEGS["p"]
    assert (members["imageType"], members["imageFile"]) == ("plate", "")


def test_part_names_and_the_event_as_a_field() -> None:
    post = HttpPost("h", part_names=("json", "upload", "upload2"), event_as_file=False)
    profile = Profile("p", post, two_images=True)
    assert [(name, file is None) for name, file, _ in parts(body(profile))] == [
        ("json", True),
        ("upload", False),
        ("upload2", False),
    ]


@pytest.mark.parametrize("protocol", [HttpPost("h", multipart=False), Tcp("h:1")])
def test_json_holds_the_images(protocol: HttpPost | Tcp) -> None:
    message = body(Profile("p", protocol, image="downsized frame", two_images=True))
    members = json.loads(message.content)
    keys = list(members)
    assert keys[keys.index("ImageArray") - 1 : keys.index("ImageArray") + 2] == [
        "imagesURI",
        "ImageArray",
        "imageFile",
    ]
    assert [
        (entry["ImageType"], base64.b64decode(entry["BinaryImage"]))
        for entry in members["ImageArray"]
    ] == [
        ("frame", JPEGS["d"]),
        ("plate", JPEGS["p"]),
    ]
    assert message.content_type == ("application/json" if isinstance(protocol, HttpPost) else "")


def test_without_images_there_is_no_image_array() -> None:
    members = json.loads(body(Profile("p", Tcp("h:1"), image=None)).content)
    assert "ImageArray" not in members


def test_the_same_event_gives_the_same_bytes_and_another_profile_another_boundary() -> None:
    profile = Profile("p", HTTP_POST)
    first = body(profile)
    assert body(profile) == first
    assert body(profile, profile_id=2).content_type != first.content_type
    assert body(profile, boundary_key=b"another key of 16").content_type != first.content_type
    boundary = first.content_type.partition("boundary=")[2]
    assert boundary.startswith("-" * 24)
    assert len(boundary) == 24 + 32


def parted(file_name: str, content: bytes) -> Body:
    part = ("image", file_name, "image/jpeg", content)
    return multipart(lambda boundary: multipart_body(boundary, [part]), "id", BOUNDARY_KEY)


def test_a_boundary_that_occurs_in_a_picture_is_changed() -> None:
    first = parted("a.jpg", b"")
    hostile = first.content_type.partition("boundary=")[2].encode()
    again = parted("a.jpg", hostile)
    assert again.content_type != first.content_type
    assert parts(again) == [("image", "a.jpg", hostile)]


def test_a_name_that_cannot_be_framed_is_an_error_and_not_a_loop() -> None:
    with pytest.raises(ValueError, match="filename of part 0"):
        parted('a"b', b"")


def test_the_profiles_place_wins_over_the_devices() -> None:
    members = json.loads(body(Profile("p", Tcp("h:1"), image=None, latitude=1.5)).content)
    assert members["geotag"] == {"lat": 1.5, "lon": SAMPLE_DEVICE.longitude}


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_from_outside_makes_it_raise_or_leaves_its_place(plate: str, serial: str) -> None:
    device = unchecked_device(serial=serial, model=serial, geo_target=serial)
    profile = Profile("p", HTTP_POST, two_images=True)
    message = body(profile, with_text(plate), device=device)
    assert [name for name, *_ in parts(message)] == ["event", "image", "image2"]
    members = json.loads(parts(message)[0][2])
    assert members["camera_info"]["SerialNumber"] == serial.encode(errors="replace").decode()


def test_an_event_without_anything_is_rendered() -> None:
    bare = replace(EVENT, images=(), plate_box=None, image_utc_ns=0, plate=type(EVENT.plate)())
    members = json.loads(parts(body(Profile("p", HTTP_POST), bare))[0][2])
    assert members["plateText"] == ""
    assert members["plateConfidence"] == "0.000000"
    assert members["plateCoordinates"] == [0, 0, 0, 0]
