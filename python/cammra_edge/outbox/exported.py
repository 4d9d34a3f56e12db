"""Parked deliveries as files: one JSON file each, its JPEGs beside it.

Held by `tests/outbox/test_parking.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cammra_edge.outbox.codec import plain_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cammra_edge.outbox.values import Delivery, Parked


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A parked delivery on its way out: `parked` (`Parked`) and `event` as `codec` writes them, and the pictures."""

    parked: Any
    event: Any
    images: Mapping[str, bytes]

    def write(self, folder: Path) -> None:
        """Write its files.

        Raises:
            OSError: The folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        # Names are made of our own numbers: nothing that a plate or a receiver said becomes a path.
        name = f"profile{self.parked['profile_id']:d}-packet{self.parked['packet']:08d}"
        pictures = []
        for number, (key, data) in enumerate(self.images.items(), start=1):
            picture = folder / f"{name}-{number}.jpg"
            picture.write_bytes(data)
            pictures.append({"image_key": key, "file": picture.name})
        about = {"parked": self.parked, "event": self.event, "images": pictures}
        (folder / f"{name}.json").write_text(json.dumps(about) + "\n", encoding="ascii")


def export_of(row: Parked, delivery: Delivery) -> Export:
    """A parked delivery, to be written or sent."""
    return Export(parked=plain_from(row), event=plain_from(delivery.event), images=delivery.images)
