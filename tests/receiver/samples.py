"""Events as they should be, built here by hand, for tests that then break one thing."""

import base64
import json

from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec

# Published by the vendor with its interface description (2023); keys, values and order as there.
VENDOR_2023 = {
    "packetCounter": "2117397",
    "capture_timestamp": "1702297625507",
    "frame_timestamp": "1702297625507641",
    "capture_ts": "1702297625507000000",
    "datetime": "20231211 142705507",
    "plateText": "HWR6677",
    "plateUnicode": "HWR6677",
    "plateUTF8": "HWR6677",
    "plateASCII": "HWR6677",
    "plateCountry": "DEU",
    "plateISO3166-2": "",
    "plateRegion": "Hannover",
    "plateRegionCode": "H",
    "plateList": "",
    "plateListMode": "",
    "plateListDescription": "",
    "plateConfidence": "0.737210",
    "carState": "update",
    "roiID": "1",
    "geotag": {"lat": 55.70421, "lon": 13.19366},
    "imageType": "plate",
    "plateImageType": "jpeg",
    "plateImageSize": "0",
    "carMoveDirection": "out",
    "timeProcessing": "0",
    "plateCoordinates": [514, 570, 120, 28],
    "plateCoordinatesRelative": [514, 570, 120, 28],
    "carID": "54950",
    "GEOtarget": "Camera",
    "imagesURI": [
        "/local/fflprapp/tools.cgi?action=getImage&name=52/20231211142706_413731lp_HWR6677_2117396.jpg",
        "/local/fflprapp/tools.cgi?action=getImage&name=48/20231211142705_954662roi_MWR6677_2117394.jpg",
    ],
    "imageFile": "localdata/images/48/20231211142705_954662roi_MWR6677_2117394.jpg",
    "imageFile2": "localdata/images/52/20231211142706_413731lp_HWR6677_2117396.jpg",
    "profileID": "2",
    "vehicle_info": {"view": "front", "type": "CAR", "color": "BLACK"},
    "camera_info": {
        "SerialNumber": "ACCC8EBFB452",
        "ProdShortName": "AXIS Q1700-LE",
        "IPAddress": "10.0.3.177",
        "MACAddress": "ACCC8EBFB452",
    },
    "sensorProviderID": "defaultID",
}


def jpeg(width: int, height: int) -> bytes:
    """A picture that is dark above and bright below."""
    rows = b"".join(bytes([255 * y // height]) * (3 * width) for y in range(height))
    frame = memoryview(rows).cast("B", (height, width, 3))
    return encode_image(frame, FrameFormat.RGB8, ImageSpec(kind=ImageKind.FULL_FRAME)).jpeg


VEHICLE = jpeg(64, 40)
PLATE = jpeg(32, 8)


def body(**changes: object) -> dict[str, object]:
    """An event without pictures that is as the contract wants it."""
    return {
        **VENDOR_2023,
        "imageType": "",
        "imagesURI": [],
        "imageFile": "",
        "imageFile2": "",
        **changes,
    }


def encoded(members: dict[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def with_pictures_inside(**changes: object) -> bytes:
    """An event with two pictures in its `ImageArray`."""
    members = body(
        imageType="vehicle",
        plateCoordinatesRelative=[10, 20, 30, 8],
        imagesURI=["/a", "/b"],
        **changes,
    )
    array = [
        {"ImageType": kind, "ImageFormat": "jpg", "BinaryImage": base64.b64encode(picture).decode()}
        for kind, picture in (("vehicle", VEHICLE), ("plate", PLATE))
    ]
    ordered: dict[str, object] = {}
    for name, value in members.items():
        if name == "imageFile":
            ordered["ImageArray"] = array
        ordered[name] = value
    return encoded(ordered)


NAMES = ("20231211142705_507641roi_HWR6677_7.jpg", "20231211142705_507641lpup_HWR6677_7.jpg")


def multipart(
    members: dict[str, object] | None = None,
    *,
    boundary: str = "----x",
    event_head: str | None = None,
) -> bytes:
    """An event with two pictures as multipart, put together by hand."""
    members = members or body(
        imageType="vehicle",
        plateCoordinatesRelative=[10, 20, 30, 8],
        imagesURI=[f"/local/{name}" for name in NAMES],
    )
    head = event_head or 'form-data; name="event"; filename="20231211142705_507_HWR6677_7.json"'
    parts = [
        f"Content-Disposition: {head}\r\nContent-Type: application/json\r\n\r\n".encode()
        + encoded(members),
        *(
            f'Content-Disposition: form-data; name="{part}"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n".encode()
            + picture
            for part, name, picture in (("image", NAMES[0], VEHICLE), ("image2", NAMES[1], PLATE))
        ),
    ]
    delimiter = f"--{boundary}".encode()
    return b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"
