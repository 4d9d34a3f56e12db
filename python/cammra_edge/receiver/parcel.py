"""Unpacks what came by HTTP, TCP or FTP: an event, its pictures, and what is wrong with them."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cammra_edge.receiver import contract
from cammra_edge.receiver.arrival import Picture, Way
from cammra_edge.receiver.contract import IMAGE_ARRAY, IMAGE_ARRAY_ELEMENT, Member
from cammra_edge.receiver.multipart import MultipartError, Part, boundary_of, split_parts
from cammra_edge.receiver.pictures import picture_problem, picture_problems
from cammra_edge.recording.jpegs import jpeg_size

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAFE_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,120}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event as it was carried, before it has a place among the others."""

    way: Way
    raw: bytes
    body: Mapping[str, object]
    pictures: tuple[Picture, ...]
    problems: tuple[str, ...]


def from_http(content_type: str, content: bytes) -> Parcel:
    """The event in a request's body."""
    if not content_type.lower().startswith("multipart/"):
        problems = (
            []
            if content_type.split(";", maxsplit=1)[0].strip().lower() == "application/json"
            else [
                f"Content-Type is {content_type!r:.60}: want application/json or multipart/form-data"
            ]
        )
        return _with_pictures_inside(Way.HTTP_JSON, content, problems)
    try:
        parts = split_parts(content, boundary_of(content_type))
    except MultipartError as error:
        return Parcel(Way.MULTIPART, content[:0], {}, (), (str(error),))
    events = [part for part in parts if part.name == "event"]
    if len(events) != 1:
        why = f"{len(events)} parts named event: want one"
        return Parcel(Way.MULTIPART, content[:0], {}, (), (why,))
    (event,) = events
    body, problems = contract.parse_event(event.content)
    problems += contract.event_part_problems(event.file_name, event.content_type)
    if parts[0] is not event:
        problems.append("part event is not the first")
    pictures = tuple(_picture_of(part, body) for part in parts if part is not event)
    problems += [
        f"part {part.name!r:.40} has Content-Type {part.content_type!r:.40}: want image/jpeg"
        for part in parts
        if part is not event and part.content_type != "image/jpeg"
    ]
    if IMAGE_ARRAY in body:
        problems.append(
            f"{IMAGE_ARRAY} is not a member we expect in multipart: its pictures are parts"
        )
    if body:
        problems += contract.problems(body)
        problems += picture_problems(body, pictures, Way.MULTIPART)
    return Parcel(Way.MULTIPART, event.content, body, pictures, tuple(problems))


def from_tcp(content: bytes) -> Parcel:
    """The event in one JSON object."""
    return _with_pictures_inside(Way.TCP, content, [])


def from_ftp(path: str, jpeg: bytes, sidecar: bytes) -> Parcel:
    """An uploaded picture, and its event where a sidecar came before it."""
    width, height = jpeg_size(jpeg) or (0, 0)
    kind = "plate" if posixpath.splitext(path)[0].endswith("_lp") else ""
    picture = Picture(path, kind, jpeg, "", width, height)
    body, problems = contract.parse_event(sidecar) if sidecar else ({}, [])
    if body:
        problems += contract.problems(body)
    why = picture_problem(jpeg)
    problems += [f"the picture {why}"] if why else []
    if any(not _SAFE_NAME.fullmatch(name) for name in path.split("/")):
        problems.append(
            f"the path is {path!r:.80}: want names of letters, digits, '.', '_' and '-'"
        )
    return Parcel(Way.FTP, sidecar, body, (picture,), tuple(problems))


def _picture_of(part: Part, body: Mapping[str, object]) -> Picture:
    name = part.file_name or ""
    if "lpup_" in name or "lp_" in name:
        kind = "plate"
    else:
        stated = body.get(Member.IMAGE_TYPE)
        kind = "frame" if stated == "frame" else "vehicle"
    width, height = jpeg_size(part.content) or (0, 0)
    return Picture(name, kind, part.content, part.name, width, height)


def _with_pictures_inside(way: Way, content: bytes, problems: list[str]) -> Parcel:
    body, faults = contract.parse_event(content)
    problems = problems + faults
    pictures: list[Picture] = []
    array = body.get(IMAGE_ARRAY, [])
    if not isinstance(array, list):
        problems.append(f"{IMAGE_ARRAY} is not a list")
        array = []
    for number, element in enumerate(array, start=1):
        picture = _picture_in(element)
        if isinstance(picture, str):
            problems.append(f"{IMAGE_ARRAY}[{number - 1}] {picture}")
        else:
            pictures.append(picture)
    if body:
        problems += contract.problems(body)
        problems += picture_problems(body, pictures, way)
    return Parcel(way, content, body, tuple(pictures), tuple(problems))


def _picture_in(element: object) -> Picture | str:
    if not isinstance(element, dict) or tuple(element) != IMAGE_ARRAY_ELEMENT:
        return f"want exactly {', '.join(IMAGE_ARRAY_ELEMENT)}"
    kind, image_format, content = element.values()
    if not (isinstance(kind, str) and isinstance(content, str) and image_format == "jpg"):
        return "want texts, and jpg as the format"
    try:
        jpeg = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        return f"is not base64: {error}"
    width, height = jpeg_size(jpeg) or (0, 0)
    return Picture("", kind, jpeg, "", width, height)
