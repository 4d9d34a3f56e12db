"""What other products' receivers ask of a request: their parsing rules, told again from their public code and manuals.

Each raises for what its receiver would refuse, and returns what it would store.
"""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_2N_IMAGE = 256 * 1024
HIK = "{http://www.hikvision.com/ver20/XMLSchema}"


class Request(NamedTuple):
    """One request as a receiver's framework hands it over."""

    path: str
    content_type: str
    content: bytes


class Stored(NamedTuple):
    """What became of it: plate, time in UTC seconds where there is one, pictures, place of the plate in the first."""

    plate: str
    at_s: float | None = None
    pictures: tuple[bytes, ...] = ()
    box: tuple[int, int, int, int] | None = None


def parts_of(request: Request) -> dict[str, bytes]:
    head = f"Content-Type: {request.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.content)
    return {
        str(part.get_param("name", header="content-disposition")): bytes(
            part.get_payload(decode=True) or b""
        )
        for part in message.iter_parts()
    }


def json_of(request: Request, content_type: str = "application/json") -> Any:  # noqa: ANN401 - any JSON
    assert request.content_type.split(";")[0] == content_type
    return json.loads(request.content)


def jpeg(text: str | None) -> tuple[bytes, ...]:
    if not text:
        return ()
    picture = base64.b64decode(text, validate=True)
    assert picture.startswith(b"\xff\xd8")
    return (picture,)


def alpr_database(request: Request) -> Stored:
    read = json_of(request)
    assert request.path == "/api/plate-reads"
    (dump,) = [one for one in read["ai_dump"] if one["api"] == "alpr"]
    (found,) = dump["found"]["predictions"]
    plate = found["plate"].upper()
    assert 0 < len(plate) <= 10
    assert isinstance(found["confidence"], float)
    box = found["x_min"], found["y_min"], found["x_max"], found["y_max"]
    at = datetime.fromisoformat(read["timestamp"])
    return Stored(plate, at.timestamp(), jpeg(read.get("Image")), box)


def genetec(request: Request) -> Stored:
    read = json_of(request)
    assert request.path == "/api/v1/lpr/LprIngestion/reads"
    assert all(isinstance(value, str) for value in read.values())
    assert read["ReferenceReadId"].isdigit()
    assert 0 <= float(read["Confidence"]) <= 1
    assert read["VehicleDirection"] in {"In", "Out", "Unknown"}
    at = datetime.strptime(read["ReadTimeUtc"], "%Y-%m-%dT%H:%M:%S.%f%z")
    pictures = jpeg(read["ContextImage"]) + jpeg(read["PlateImage"])
    return Stored(read["Plate"], at.timestamp(), pictures)


def two_n(request: Request) -> Stored:
    read = json_of(request)
    assert request.path == "/api/lpr/licenseplate"
    UUID(read["lprUuid"])
    assert type(read["lprID"]) is int
    assert read["accessPoint"] in {0, 1}
    assert read["lprDir"] in {0, 1, 2, 3}
    assert 1 <= len(read["plateText"]) <= 12
    assert len(read.get("plateImage", "")) <= LONGEST_2N_IMAGE
    return Stored(read["plateText"], None, jpeg(read.get("plateImage")))


def hikvision(request: Request) -> Stored:
    files = parts_of(request)
    alert = etree.fromstring(files["anpr.xml"])
    anpr = alert.find(f"{HIK}ANPR")
    assert anpr is not None

    def text(name: str, under: etree._Element = alert) -> str:
        return under.findtext(f"{HIK}{name}") or ""

    assert alert.tag == f"{HIK}EventNotificationAlert"
    assert text("eventType") == "ANPR"
    at = datetime.strptime(text("dateTime"), "%Y-%m-%dT%H:%M:%S%z")
    assert text("country", anpr).isdigit()
    assert text("direction", anpr) in {"forward", "reverse", "unknown"}
    assert 0 <= int(text("confidenceLevel", anpr)) <= 100
    plate = text("licensePlate", anpr)
    assert len(text("plateCharBelieve", anpr).split(",")) == len(plate)
    listed = anpr.find(f"{HIK}pictureInfoList")
    assert listed is not None
    assert [text("fileName", one) for one in listed] == [name for name in files if "Pict" in name]
    assert int(text("picNum")) == len(listed)
    box = None
    for rect in listed.iterfind(f".//{HIK}plateRect"):
        left, top, width, height = (int(text(n, rect)) for n in ("X", "Y", "width", "height"))
        box = (left, top, left + width, top + height)
    if "licensePlatePicture.jpg" not in files:
        raise FileNotFoundError("Image file missing")
    pictures = (files["detectionPicture.jpg"], files["licensePlatePicture.jpg"])
    return Stored(plate, at.timestamp(), pictures, box)


def plate_recognizer(request: Request) -> Stored:
    """Zatpark's rules, which want the most, and the plate cut out of `upload` by its box."""
    files = parts_of(request)
    read = json.loads(files["json"])
    data = read["data"]
    (result,) = data["results"]
    at = datetime.strptime(data["timestamp_local"], "%Y-%m-%d %H:%M:%S.%f%z")
    assert datetime.fromisoformat(data["timestamp"]) == at
    assert result["orientation"][0]["orientation"] in {"Front", "Rear", "Unknown"}
    assert isinstance(result["score"], float)
    assert read["webhook_header"]["mac_address"]
    if "upload" not in files or "plate_img" not in files:
        raise FileNotFoundError("Required files are missing")
    box = result["box"]["xmin"], result["box"]["ymin"], result["box"]["xmax"], result["box"]["ymax"]
    pictures = (files["upload"], files["plate_img"])
    return Stored(result["plate"].upper(), at.timestamp(), pictures, box)


def dahua(request: Request) -> Stored:
    picture = json_of(request)["Picture"]
    assert request.path == "/NotificationInfo/TollgateInfo"
    snap = picture["SnapInfo"]
    assert snap["Direction"] in {"Obverse", "Reverse", "Unknown"}
    datetime.fromisoformat(snap["SnapTime"])
    datetime.fromisoformat(snap["AccurateTime"])
    assert picture["Plate"]["PlateColor"]
    first = jpeg(picture.get("NormalPic", {}).get("Content"))
    assert first == jpeg(picture.get("VehiclePic", {}).get("Content"))
    cutout = jpeg(picture.get("CutoutPic", {}).get("Content"))
    box = tuple(picture["Plate"]["BoundingBox"])
    return Stored(picture["Plate"]["PlateNumber"], None, first + cutout, box)


def openalpr(request: Request) -> Stored:
    group = json_of(request)
    assert group["data_type"] == "alpr_group"
    for whole in ("version", "epoch_start", "epoch_end", "camera_id", "best_image_width"):
        assert type(group[whole]) is int
    best = group["best_plate"]
    corners = [(corner["x"], corner["y"]) for corner in best["coordinates"]]
    assert len(corners) == 4
    assert [one["plate"] for one in group["candidates"]] == [group["best_plate_number"]]
    assert group["best_uuid"] in group["uuids"]
    for detail in ("color", "make", "make_model", "body_type", "year"):
        assert {"name", "confidence"} == group["vehicle"][detail][0].keys()
    pictures = jpeg(group["vehicle_crop_jpeg"]) + jpeg(best["plate_crop_jpeg"])
    box = (*corners[0], *corners[2])
    return Stored(group["best_plate_number"], group["epoch_start"] / 1000, pictures, box)


def milesight(request: Request) -> Stored:
    read = json_of(request)
    datetime.fromisoformat(read["time_msec"])
    assert read["type"] in {"Visitor", "Black", "White"}
    assert read["direction"] in {"Approach", "Away", "Unknown"}
    box = tuple(read[f"coordinate_{at}"] for at in ("x1", "y1", "x2", "y2"))
    return Stored(
        read["plate"], None, jpeg(read.get("full_image")) + jpeg(read.get("plate_image")), box
    )


def plain(read: dict[str, Any]) -> Stored:
    assert read["event"] in {"new", "reliable", "update", "lost"}
    assert type(read["test"]) is bool
    pictures = jpeg(read.get("image")) + jpeg(read.get("plate_image"))
    return Stored(read["plate"], datetime.fromisoformat(read["time"]).timestamp(), pictures)


def home_assistant(request: Request) -> Stored:
    assert not {"image", "plate_image"} & json_of(request).keys()
    return plain(json_of(request))


def node_red(request: Request) -> Stored:
    return plain(json_of(request))


def cloudevents(request: Request) -> Stored:
    event = json_of(request, "application/cloudevents+json")
    assert event["specversion"] == "1.0"
    assert all(event[name] for name in ("id", "source", "type"))
    assert urlsplit(event["source"]).scheme == "urn"
    assert all(name.isalnum() and name == name.lower() for name in event)
    datetime.fromisoformat(event["time"])
    return plain(event["data"])


def kafka_rest(request: Request) -> Stored:
    assert request.path.startswith("/topics/")
    (record,) = json_of(request, "application/vnd.kafka.json.v2+json")["records"]
    assert record["key"]
    return plain(record["value"])


def onvif(request: Request) -> Stored:
    message = json_of(request)
    data = message["Data"]
    assert 0 <= float(data["Likelihood"]) <= 1
    plate = data["LicensePlateInfo"]["LicensePlateInfo"]["PlateNumber"]
    return Stored(plate["#text"], datetime.fromisoformat(message["UtcTime"]).timestamp())


def utmc_2(request: Request) -> Stored:
    root = etree.fromstring(request.content)
    inner = {etree.QName(one).localname: one.text or "" for one in root}
    pictures = jpeg(inner.get("OverviewImage")) + jpeg(inner.get("PlateImage"))
    return Stored(inner["VRM"], datetime.fromisoformat(inner["Time"]).timestamp(), pictures)


def bof2(request: Request) -> Stored:
    root = etree.parse(io.BytesIO(request.content)).getroot()
    told = {
        etree.QName(one).localname: one.text or ""
        for one in root.iter("{*}sendCapture")
        for one in one
    }
    pictures = jpeg(told["overviewImage"]) + jpeg(told["plateImage"])
    return Stored(told["vrm"], datetime.fromisoformat(told["captureTime"]).timestamp(), pictures)


RULES: dict[str, Callable[[Request], Stored]] = {
    "2n": two_n,
    "alpr-database": alpr_database,
    "bof2": bof2,
    "cloudevents": cloudevents,
    "dahua-itsapi": dahua,
    "genetec": genetec,
    "hikvision": hikvision,
    "home-assistant": home_assistant,
    "kafka-rest": kafka_rest,
    "milesight": milesight,
    "node-red": node_red,
    "onvif": onvif,
    "openalpr": openalpr,
    "plate-recognizer": plate_recognizer,
    "utmc-2": utmc_2,
}
