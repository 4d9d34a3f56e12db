"""A sheet of what arrived: per vehicle its plate, and each event with its picture and what its text says.

Held by `tests/cli/test_sheet.py`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from cammra_edge.receiver.contract import Member, VehicleMember
from cammra_edge.recording.scene.pen import lettering

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cammra_edge.receiver import Arrival

Colour = tuple[int, int, int]

_WIDTH, _MARGIN, _GAP = 1700, 36, 12
_PAPER: Colour = (246, 247, 249)
_CARD: Colour = (255, 255, 255)
_EDGE: Colour = (221, 225, 231)
_INK: Colour = (24, 28, 36)
_SOFT: Colour = (98, 108, 122)
_KINDS: dict[str, Colour] = {
    "new": (20, 118, 170),
    "reliable": (24, 134, 78),
    "update": (178, 112, 10),
    "lost": (126, 72, 152),
}
_VEHICLE_CARD = 246
_EVENT_CARD, _EVENT_HEIGHT = 216, 276
_PICTURE = (194, 140)
_PLATE_STRIP = (128, 28)
_RADIUS = 10
_SCENE_HEIGHT = 520


def draw_sheet(
    arrivals: Sequence[Arrival], scene_jpeg: bytes | None, title: str, lines: Sequence[str]
) -> Image.Image:
    """The sheet.

    Args:
        arrivals: What one receiver got, in order.
        scene_jpeg: A frame of the scene for its head, or `None`.
        title: Its headline.
        lines: What is to be said beside the scene.
    """
    vehicles: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        vehicles.setdefault(arrival.car_id, []).append(arrival)
    per_row = (_WIDTH - 2 * _MARGIN - _VEHICLE_CARD) // (_EVENT_CARD + _GAP)
    rows = {car_id: -(-len(events) // per_row) for car_id, events in vehicles.items()}
    head = 96 + (_SCENE_HEIGHT + _GAP * 2 if scene_jpeg else 40 * (len(lines) + 1))
    height = head + sum(count * (_EVENT_HEIGHT + _GAP) for count in rows.values()) + _MARGIN
    sheet = Image.new("RGB", (_WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _head(sheet, draw, scene_jpeg, title, lines)
    top = head
    for car_id, events in vehicles.items():
        _vehicle_card(sheet, draw, (_MARGIN, top), events, rows[car_id])
        for number, event in enumerate(events):
            row, column = divmod(number, per_row)
            left = _MARGIN + _VEHICLE_CARD + _GAP + column * (_EVENT_CARD + _GAP)
            first = events[0]
            _event_card(sheet, draw, (left, top + row * (_EVENT_HEIGHT + _GAP)), event, first)
        top += rows[car_id] * (_EVENT_HEIGHT + _GAP)
    return sheet


def write_sheet(path: Path, sheet: Image.Image) -> None:
    """Save it as a PNG with as few colours as still look right, so that it fits into a repository."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG).save(
        path, "PNG", optimize=True
    )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _head(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    scene_jpeg: bytes | None,
    title: str,
    lines: Sequence[str],
) -> None:
    draw.text((_MARGIN, 26), title, font=_font(38), fill=_INK, stroke_width=1, stroke_fill=_INK)
    top = 96
    left = _MARGIN
    if scene_jpeg is not None:
        scene = _opened(scene_jpeg)
        width = round(scene.width * _SCENE_HEIGHT / scene.height)
        scene = scene.resize((width, _SCENE_HEIGHT), Image.Resampling.LANCZOS)
        _paste_rounded(sheet, scene, (_MARGIN, top))
        left += width + 2 * _GAP + 10
        top += 8
    for line in lines:
        if line.startswith("* "):
            kind, _, rest = line[2:].partition(" ")
            _chip(draw, (left, top), kind)
            for part in _wrapped(rest, 52):
                draw.text((left + 108, top + 2), part, font=_font(21), fill=_INK)
                top += 28
            top += 14
        else:
            for part in _wrapped(line, 62):
                draw.text((left, top), part, font=_font(21), fill=_SOFT)
                top += 30
            top += 10


def _wrapped(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _vehicle_card(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    events: Sequence[Arrival],
    rows: int,
) -> None:
    left, top = at
    height = rows * (_EVENT_HEIGHT + _GAP) - _GAP
    _card(draw, at, (_VEHICLE_CARD, height))
    last = events[-1]
    text = lettering(last.plate or "?", 40, _INK, bold=1.0)
    fits = min(1.0, (_VEHICLE_CARD - 44) / text.width)
    text = text.resize(
        (round(text.width * fits), round(text.height * fits)), Image.Resampling.LANCZOS
    )
    sheet.paste(text, (left + 22, top + 22), text)
    y = top + 22 + text.height + 22
    plates = [
        picture
        for event in reversed(events)
        for picture in event.pictures
        if picture.kind == "plate"
    ]
    if plates:
        strip = _fitted(_opened(plates[0].jpeg), (_VEHICLE_CARD - 44, 54))
        _paste_rounded(sheet, strip, (left + 22, y), 4)
        y += strip.height + 20
    info = last.body.get(Member.VEHICLE_INFO)
    known = (
        {str(name): str(value) for name, value in info.items()} if isinstance(info, dict) else {}
    )
    make = " ".join(filter(None, (known.get(VehicleMember.MAKE), known.get(VehicleMember.MODEL))))
    kind = " ".join(
        filter(
            None,
            (known.get(VehicleMember.COLOR, "").capitalize(), known.get(VehicleMember.TYPE, "")),
        )
    )
    for line in (
        f"{last.text(Member.PLATE_COUNTRY)}   moving {last.direction}",
        make,
        kind,
        f"vehicle {last.car_id}, {len(events)} events",
    ):
        if line.strip():
            draw.text((left + 22, y), _ascii(line), font=_font(20), fill=_SOFT)
            y += 28


def _event_card(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    event: Arrival,
    first: Arrival,
) -> None:
    left, top = at
    _card(draw, at, (_EVENT_CARD, _EVENT_HEIGHT))
    _chip(draw, (left + 12, top + 12), event.kind)
    after_ms = _milliseconds(event) - _milliseconds(first)
    when = (
        "first read"
        if event is first
        else f"+{after_ms / 1000:.2f} s"
        if after_ms
        else "after it left"
    )
    draw.text((left + _EVENT_CARD - 14, top + 16), when, font=_font(18), fill=_SOFT, anchor="ra")
    box = (left + 11, top + 50)
    vehicle = next((picture for picture in event.pictures if picture.kind != "plate"), None)
    plate = next((picture for picture in event.pictures if picture.kind == "plate"), None)
    if vehicle is None:
        draw.rounded_rectangle((*box, box[0] + _PICTURE[0], box[1] + _PICTURE[1]), 6, fill=_PAPER)
        draw.text((box[0] + 66, box[1] + 74), "no picture", font=_font(20), fill=_SOFT)
    else:
        _paste_rounded(sheet, _filled(_opened(vehicle.jpeg), _PICTURE), box, 6)
    y = top + 50 + _PICTURE[1] + 11
    if plate is not None:
        _paste_rounded(sheet, _fitted(_opened(plate.jpeg), _PLATE_STRIP), (left + 11, y), 3)
    right = left + _EVENT_CARD - 12
    way = "?" if event.direction == "unknown" else event.direction
    draw.text((right, y + 3), way, font=_font(18), fill=_INK, anchor="ra")
    words = lettering(event.plate or "?", 21, _INK, bold=0.6)
    sheet.paste(words, (left + 12, top + _EVENT_HEIGHT - 12 - words.height), words)
    sure = f"{float(event.text(Member.PLATE_CONFIDENCE) or 0):.2f}"
    draw.text((right, top + _EVENT_HEIGHT - 12), sure, font=_font(17), fill=_SOFT, anchor="rd")


def _milliseconds(event: Arrival) -> int:
    text = event.text(Member.CAPTURE_TIMESTAMP)
    return int(text) if text.isascii() and text.isdigit() else 0


def _card(draw: ImageDraw.ImageDraw, at: tuple[int, int], size: tuple[int, int]) -> None:
    left, top = at
    draw.rounded_rectangle(
        (left, top, left + size[0], top + size[1]), _RADIUS, fill=_CARD, outline=_EDGE, width=2
    )


def _chip(draw: ImageDraw.ImageDraw, at: tuple[int, int], kind: str) -> None:
    colour = _KINDS.get(kind, _SOFT)
    left, top = at
    draw.rounded_rectangle((left, top, left + 92, top + 28), 14, fill=colour)
    draw.text(
        (left + 46, top + 13), kind.capitalize() or "?", font=_font(18), fill=_CARD, anchor="mm"
    )


def _paste_rounded(
    sheet: Image.Image, picture: Image.Image, at: tuple[int, int], radius: int = _RADIUS
) -> None:
    mask = Image.new("L", (picture.width * 3, picture.height * 3), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, mask.width - 1, mask.height - 1), radius * 3, fill=255
    )
    sheet.paste(picture, at, mask.reduce(3))


def _opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("RGB")


def _fitted(picture: Image.Image, room: tuple[int, int]) -> Image.Image:
    scale = min(room[0] / picture.width, room[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _filled(picture: Image.Image, room: tuple[int, int]) -> Image.Image:
    """The whole picture in the room, on a darkened, blown-up copy of itself where it does not fill it."""
    scale = max(room[0] / picture.width, room[1] / picture.height)
    back = picture.resize(
        (max(room[0], round(picture.width * scale)), max(room[1], round(picture.height * scale)))
    )
    left, top = (back.width - room[0]) // 2, (back.height - room[1]) // 2
    back = back.crop((left, top, left + room[0], top + room[1])).point(
        [round(level * 0.45) for level in range(256)] * 3
    )
    whole = _fitted(picture, room)
    back.paste(whole, ((room[0] - whole.width) // 2, (room[1] - whole.height) // 2))
    return back


def _ascii(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)
