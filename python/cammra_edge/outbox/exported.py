"""Parked deliveries as files: one JSON file each, its JPEGs beside it.

Held by `tests/outbox/test_parking.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cammra_edge.outbox.codec import plain_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cammra_edge.model import Event
    from cammra_edge.outbox.values import Parked


def write_parked(folder: Path, row: Parked, event: Event, images: Mapping[str, bytes]) -> None:
    """Write one of them.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Names are made of our own numbers: nothing that a plate or a receiver said becomes a path.
    name = f"profile{row.profile_id}-packet{row.packet:08}"
    about: dict[str, Any] = {"parked": plain_from(row), "event": plain_from(event), "images": []}
    for number, (key, data) in enumerate(images.items(), start=1):
        picture = folder / f"{name}-{number}.jpg"
        picture.write_bytes(data)
        about["images"].append({"image_key": key, "file": picture.name})
    (folder / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n", encoding="ascii")
