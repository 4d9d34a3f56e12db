"""Keeps what arrived in a folder: the JSON as it was sent, and each picture beside it.

Names are made here from a counter and cleaned words; nothing from outside becomes a path.
Held by `tests/receiver/test_folder.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cammra_edge.receiver.contract import Member

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.receiver.arrival import Arrival

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 24


class Folder:
    """A folder that receives events.

    Args:
        path: Where; made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path

    def keep(self, arrival: Arrival) -> list[Path]:
        """Write one event; the JSON last, so that whoever watches for it finds its pictures.

        Raises:
            OSError: The folder cannot be written.
        """
        words = (arrival.kind, arrival.text(Member.PLATE_ASCII), f"car{arrival.car_id}")
        stem = "_".join([f"{arrival.number:06d}", *filter(None, map(_clean, words))])
        paths: list[Path] = []
        for number, picture in enumerate(arrival.pictures, start=1):
            kind = _clean(picture.kind) or f"picture{number}"
            path = self.path / f"{stem}_{kind}.jpg"
            path.write_bytes(picture.jpeg)
            paths.append(path)
        path = self.path / f"{stem}.json"
        path.write_bytes(arrival.raw)
        return [*paths, path]


def _clean(word: str) -> str:
    return _UNSAFE.sub("", word)[:_LONGEST]
