"""What a template may name: its fields, and the formats that each takes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cammra_edge.profile.wants import TemplateWant

if TYPE_CHECKING:
    from cammra_edge.phrases import Said


class Kind(StrEnum):
    """The type of a field, which says what formats it takes."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    PIXEL = "pixel"
    TIME = "time"
    IMAGE = "image"


_NAMES: Final = {
    Kind.TEXT: (
        "plate plate_ascii tag country country_2 iso3166_2 region region_code char_confidences"
        " event direction toward_camera changed previous_plate candidates candidate_confidences reliable_by"
        " image_text final clock_synced event_id uuid vehicle_uuid"
        " device_id serial mac model ip"
        " vehicle_view vehicle_type vehicle_colour vehicle_make vehicle_model"
        " list_name list_mode list_description list_meant image_name plate_image_name user test"
    ),
    Kind.WHOLE: (
        "tag_bits direction_code access_point roi car_id event_number packet profile_id device_number"
        " image_count image_width image_height repeat_count"
    ),
    Kind.NUMBER: "confidence vehicle_confidence colour_confidence latitude longitude",
    Kind.PIXEL: " ".join(
        f"{box}_{side}"
        for box in ("plate", "vehicle")
        for side in ("left", "top", "width", "height", "right", "bottom")
    ),
    Kind.TIME: (
        "time event_time first_time last_time image_time repeat_first_time repeat_last_time"
    ),
    Kind.IMAGE: "image plate_image",
}
FIELDS: Final[dict[str, Kind]] = {
    name: kind for kind, names in _NAMES.items() for name in names.split()
}
"""Every field. `image` is the selected one, `plate_image` the license plate crop."""

_MAP = r"map(?: [^\s={}]*=[^\s={}]*)+"
_TIME = r"(?:local |utc )?(?:%:z|%[YmdHMSvfz]|[ T:./_Z-])+"
_FORMATS: Final[dict[Kind, re.Pattern[str]]] = {
    Kind.TEXT: re.compile(rf"upper|lower|url|[1-9][0-9]{{0,3}}|{_MAP}"),
    Kind.WHOLE: re.compile(rf"0[1-9]|{_MAP}"),
    Kind.NUMBER: re.compile(r"percent|\.[0-9]"),
    Kind.PIXEL: re.compile(r"image"),
    Kind.TIME: re.compile(rf"iso|iso_local|unix|unix_ms|unix_us|{_TIME}"),
    Kind.IMAGE: re.compile(r"base64"),
}
_WORDS: Final = {
    Kind.TEXT: "upper, lower, url, a number of characters, or map a=b c=d *=e",
    Kind.WHOLE: "06 for six digits, or map 1=a 2=b *=c",
    Kind.NUMBER: "percent, or .2 for two digits",
    Kind.PIXEL: "image for pixels of the picture that is sent",
    Kind.TIME: "iso, iso_local, unix, unix_ms, unix_us, or %Y %m %d %H %M %S %v %f %z %:z with 'local ' before",
    Kind.IMAGE: "base64",
}


def format_wanted(field: str, form: str) -> Said | None:
    """What the field's formats are, where this is none of them; else nothing."""
    kind = FIELDS[field]
    if _FORMATS[kind].fullmatch(form):
        return None
    return TemplateWant.FORMAT(kind=kind.value, formats=_WORDS[kind])
