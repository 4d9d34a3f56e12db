"""What the page saved, as its file has it: the values that differ from the script's, by flat name.

`web` writes the files; whoever only wants to know what is in force, such as the command line, reads them here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.config.drafting import fitting_draft
from cammra_edge.config.flat import Flat  # noqa: TC001 - a dataclass field

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.config import Settings

FORMAT = 1
CURRENT = "settings/settings.json"
"""The file of the version in force, in the page's folder."""


@dataclass(frozen=True, slots=True)
class Version:
    """One save: number, time, who, the names of the fields that it changed, and all that was saved then.

    `ways` says for what the saved secrets were given (`config.ways`).
    """

    number: int
    at_utc_ms: int
    who: str
    changed: tuple[str, ...]
    saved: Flat
    ways: dict[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """The content of its file."""
        return {
            "format": FORMAT,
            "version": self.number,
            "at": self.at_utc_ms,
            "who": self.who,
            "changed": list(self.changed),
            "saved": self.saved,
            "ways": self.ways,
        }


def version_in(path: Path) -> Version | None:
    """The version in a file; `None` when the file is missing or broken."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return version_from(content)


def version_from(content: object) -> Version | None:
    """The version that a file's content is; `None` when it is broken."""
    match content:
        case {
            "format": int(format_),
            "version": int(number),
            "at": int(at_utc_ms),
            "who": str(who),
            "changed": list(changed),
            "saved": dict(saved),
            **rest,
        } if format_ == FORMAT and _is_version(number) and all(map(_is_text, changed)):
            ways = rest.get("ways")
            known = ways if isinstance(ways, dict) else {}
            return Version(number, at_utc_ms, who, tuple(changed), saved, known)
    return None


def _is_version(number: int) -> bool:
    return number > 0 and not isinstance(number, bool)


def _is_text(name: object) -> bool:
    return isinstance(name, str)


def page_folder(script: Settings) -> Path:
    """Where the page keeps its files, unless it is told another folder: beside the outbox."""
    return page_folder_beside(script.outbox.path)


def page_folder_beside(outbox: Path) -> Path:
    """The same by the outbox's path."""
    return outbox.parent / "cammra-page"


def settings_in_force(script: Settings) -> Settings:
    """The script's settings with those of its page laid over them, as far as they fit."""
    version = version_in(page_folder(script) / CURRENT)
    if version is None:
        return script
    draft, _ = fitting_draft(script, version.saved, version.ways)
    return draft.settings
