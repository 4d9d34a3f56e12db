"""What is added: a folder of `toys` each, with its new files in the places they go to, and `toy.toml` for the rest."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "toys"
TESTS = re.compile(r"(?:^|/)tests(?:/|\.rs$)")
NOT_SOURCE = re.compile(TESTS.pattern + "|^docs/|^examples/")


class StopError(Exception):
    """`make extend` has found something; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Check:
    """What finds a mistake: a target of the Makefile or a test, and what it then says."""

    run: str
    says: str


@dataclass(frozen=True, slots=True)
class Edit:
    """`put` stands in the place of `find`, which the file has once."""

    find: str
    put: str

    def applied(self, text: str, path: str) -> str:
        """The text with it; the path is for the message where it does not fit."""
        if text.count(self.find) != 1:
            raise StopError(f"{path} has {text.count(self.find)} times, not once: {self.find!r}")
        return text.replace(self.find, self.put)


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a toy: its edits, or its content where it is new; `is_use` where it makes use of what is added."""

    path: str
    edits: tuple[Edit, ...] = ()
    content: str = ""
    is_use: bool = False
    forgotten: Check | None = None

    @property
    def is_listed(self) -> bool:
        """Whether the page has to name the file."""
        return not self.is_use and not TESTS.search(self.path)

    @property
    def is_source(self) -> bool:
        """Whether it counts where files of the source do."""
        return not self.is_use and not NOT_SOURCE.search(self.path)

    def apply(self, root: Path) -> None:
        """Change or make the file in that copy of the repository."""
        file = root / self.path
        text = file.read_text(encoding="utf-8") if self.edits else self.content
        for edit in self.edits:
            text = edit.applied(text, self.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Toy:
    """One thing that is added, and the most files of ours that this may touch; `None` where nobody set a bar."""

    name: str
    heading: str
    most_files: int | None
    changes: tuple[Change, ...]

    @property
    def touched(self) -> list[str]:
        """Files of the source that are not its own."""
        return [change.path for change in self.changes if change.is_source and change.edits]


def toys() -> list[Toy]:
    """Every toy there is."""
    return [_read(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir()]


def _read(folder: Path) -> Toy:
    said = tomllib.loads((folder / "toy.toml").read_text(encoding="utf-8"))
    checks = {path: Check(**check) for path, check in said["forgotten"].items()}
    edits: dict[tuple[str, bool], list[Edit]] = {}
    for edit in said.get("edit", []):
        is_use = edit.get("use", False)
        edits.setdefault((edit["path"], is_use), []).append(edit_from(edit))
    changes = [
        Change(path, tuple(of_path), is_use=is_use, forgotten=checks.pop(path, None))
        for (path, is_use), of_path in edits.items()
    ]
    changes += [
        Change(path, content=text, forgotten=checks.pop(path, None)) for path, text in _new(folder)
    ]
    if checks:
        raise StopError(f"{folder.name}: forgets files that it does not change: {sorted(checks)}")
    return Toy(folder.name, said["heading"], said.get("most_files"), tuple(changes))


def edit_from(said: dict[str, str]) -> Edit:
    """`after` and `before` keep what they find; `replace` does not."""
    put = said["put"]
    if "after" in said:
        return Edit(said["after"], said["after"] + put)
    if "before" in said:
        return Edit(said["before"], put + said["before"])
    return Edit(said["replace"], put)


def _new(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != "toy.toml":
            yield file.relative_to(folder).as_posix(), file.read_text(encoding="utf-8")
