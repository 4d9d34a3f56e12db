"""FTP paths: Path and Naming of the page become folders and a file name.

The template is split into components before values are filled in, so no value can add a folder or leave one.
Invariants, held by `tests/payload/test_paths.py` with hostile texts: a path is relative; each component consists of
`[A-Za-z0-9._-]`, does not begin with a dot, is not empty and has at most 120 characters, extension included.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cammra_edge.model import Direction
from cammra_edge.payload import naming
from cammra_edge.profile.protocols.ftp import NAMING_VARIABLE

if TYPE_CHECKING:
    from datetime import datetime

    from cammra_edge.model import Event
    from cammra_edge.profile.sender import Sender

_NOT_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_COMPONENT = 120
_ROOM_FOR_ENDINGS = len("_lp_999999.jpg.part")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DIRECTIONS = {Direction.IN: "IN", Direction.OUT: "OUT", Direction.UNKNOWN: "UNK"}
_NS_PER_MS = 1_000_000
_NOTHING = "_"


def base_path(path: str, name: str, event: Event, sender: Sender) -> str:
    """Folders and file name without extension; the page's preview shows the same.

    `#AOI` marks a naming of CAMMRA 1.3, with the direction in lower case and the vehicle's known make, model, type and
    colour at the end.
    """
    values = _Values(event, sender, is_1_3="#AOI" in name)
    folders = [
        _component(values.fill(part), _LONGEST_COMPONENT) for part in path.split("/") if part
    ]
    file_name = values.fill(name) + values.ending
    return "/".join([*folders, _component(file_name, _LONGEST_COMPONENT - _ROOM_FOR_ENDINGS)])


def _component(text: str, longest: int) -> str:
    return _NOT_SAFE.sub("", text)[:longest].lstrip(".") or _NOTHING


def _token(text: str) -> str:
    return _NOT_SAFE.sub("", naming.ascii_text(text[:_LONGEST_COMPONENT]))


class _Values:
    """What the variables stand for in one event."""

    def __init__(self, event: Event, sender: Sender, *, is_1_3: bool) -> None:
        captured_ns = event.captured_utc_ns
        device = sender.device
        at = naming.local_time(captured_ns, device.time_zone)
        direction = _DIRECTIONS[event.direction]
        self._values = _times(at, captured_ns) | {
            "#M": _token(device.bare_mac),
            "#ROI": str(event.roi_id),
            "#AOI": f"roi_{event.roi_id}",
            "#DIR": direction.lower() if is_1_3 else direction,
            "#PLATE_ID": str(event.car_id),
            "#DEVICE_ID": _token(sender.device_id),
            "#PLATE": naming.file_token(event.plate.text),
            "#COUNTRY": _token(event.plate.country),
        }
        info = event.info
        known = [_token(text) for text in (info.make, info.model, info.kind, info.colour) if text]
        self.ending = "".join(f"_{text}" for text in known) if is_1_3 else ""

    def fill(self, template: str) -> str:
        """The template with its variables replaced, once: no value is expanded again."""
        return NAMING_VARIABLE.sub(lambda found: self._values[found[0]], template)


def _times(at: datetime, utc_ns: int) -> dict[str, str]:
    return {
        "%Y": f"{at.year:04d}",
        "%m": f"{at.month:02d}",
        "%b": _MONTHS[at.month - 1],
        "%d": f"{at.day:02d}",
        "%H": f"{at.hour:02d}",
        "%M": f"{at.minute:02d}",
        "%S": f"{at.second:02d}",
        "%v": f"{utc_ns // _NS_PER_MS % 1000:03d}",
    }
