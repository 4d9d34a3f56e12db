"""Keeps what arrived in a folder: the JSON as it was sent, and each picture beside it.

Names are made here from a counter and cleaned words. Only what came by FTP keeps the names that it was sent under, for
these are what an installer has chosen: part by part, without what could lead elsewhere, and never over another file.
Held by `tests/receiver/test_folder.py`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from typing import TYPE_CHECKING

from cammra_edge.receiver.arrival import Way
from cammra_edge.receiver.contract import Member

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.receiver.arrival import Arrival

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 24
_NOT_IN_NAMES = frozenset('\\:*?"<>|')
"""Separators and wildcards of other systems, to which such folders are copied."""
_LONGEST_PART = 200
_LONGEST_ENDING = 12
_DEEPEST = 16


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
        if arrival.way is Way.FTP:
            return self._keep_uploaded(arrival)
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
        paths.append(path)
        if arrival.way is Way.MQTT:  # its camera is told that it survives
            for one in (*paths, self.path):
                _flush(one)
        return paths

    def _keep_uploaded(self, arrival: Arrival) -> list[Path]:
        """Write a picture under its own name, and the JSON that came before it beside."""
        (picture,) = arrival.pictures
        *folders, name = _parts(picture.name) or ["_"]
        folder = self.path.joinpath(*folders)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):  # a file has the folder's name
            folder, name = self.path, "_".join([*folders, name])[-_LONGEST_PART:]
        path = _written(folder, name, picture.jpeg)
        if not arrival.raw:
            return [path]
        beside = path.with_suffix(".json")
        beside.write_bytes(arrival.raw)
        return [path, beside]


def _flush(path: Path) -> None:
    """Down to the disk; of a folder its names."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _written(folder: Path, name: str, content: bytes) -> Path:
    """A new file of that name, with a number where the name is taken."""
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    for number in itertools.count():
        path = folder / f"{stem}{f'_{number}' if number else ''}{ending}"
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(content)
            return path
    raise AssertionError(name)  # numbers do not end


def _parts(name: str) -> list[str]:
    """Folders and name as they were sent, but for what a file system or a terminal takes for something else."""
    parts = [
        "".join(sign if sign.isprintable() and sign not in _NOT_IN_NAMES else "_" for sign in part)
        for part in name.split("/")
        if part not in {"", "."}
    ][-_DEEPEST:]
    return [_short(f"_{part.lstrip('.')}" if part.startswith(".") else part) for part in parts]


def _short(part: str) -> str:
    """At most so many bytes, its ending kept: file systems count those."""
    content = part.encode(errors="replace")
    if len(content) <= _LONGEST_PART:
        return content.decode()
    stem, dot, ending = part.rpartition(".")
    kept = f"{dot}{ending}" if stem and len(ending) < _LONGEST_ENDING else ""
    return content[: _LONGEST_PART - len(kept.encode())].decode(errors="ignore") + kept


def _clean(word: str) -> str:
    return _UNSAFE.sub("", word)[:_LONGEST]
