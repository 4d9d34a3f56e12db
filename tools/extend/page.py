"""The list of files that `docs/design/extending.md` has under each heading."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "extending.md"
_ITEM = re.compile(r"^\d+\. `([^`]+)`.*?\((?:`(?:make )?([^`]+)`)\)$", re.MULTILINE)


def listed() -> dict[str, dict[str, str]]:
    """The files of each heading, and what finds each forgotten; `<name>` stands for what one calls one's own."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    found = {section.partition("\n")[0]: dict(_ITEM.findall(section)) for section in sections}
    return {heading: files for heading, files in found.items() if files}


def meant(path: str, files: Iterable[str]) -> str | None:
    """The one of the written files that is that path: it itself, else one with `<name>` in it."""
    return next(
        (file for file in sorted(files, key=lambda file: "<" in file) if _fits(file, path)), None
    )


def _fits(written: str, path: str) -> bool:
    return (
        re.fullmatch("[^/]+".join(map(re.escape, re.split("<[^>]*>", written))), path) is not None
    )
