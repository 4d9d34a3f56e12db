"""Opens the outbox that a command is about: of a config script, or a file by its path.

An outbox belongs to one process. While an engine runs on it, its page and API are the way in; these
commands then say so (exit code 5).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.cli.script import load_script
from cammra_edge.config import OutboxSettings
from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.outbox import Outbox

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

_MOST_PROFILES = 64
_ALL_BYTES, _ALL_EVENTS, _ALL_S = 1 << 40, 10_000_000, 10 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Stored:
    """An outbox to look into: its settings, and the profiles' names where a script says them."""

    settings: OutboxSettings
    names: tuple[str, ...] = ()

    def name(self, profile_id: int) -> str:
        """How people call the profile."""
        known = 1 <= profile_id <= len(self.names)
        return self.names[profile_id - 1] if known else f"profile {profile_id}"

    def profile_id(self, text: str) -> int:
        """The number of a profile, by number or name.

        Raises:
            ConfigError: There is none.
        """
        if text in self.names:
            return self.names.index(text) + 1
        if text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_PROFILES:
            return int(text)
        raise ConfigError(
            "--profile", text, f"a number, or one of {', '.join(self.names) or 'no names'}"
        )

    def profile_ids(self, outbox: Outbox) -> list[int]:
        """Every profile that the script has, or that something was ever put for."""
        return [
            profile_id
            for profile_id in range(1, _MOST_PROFILES + 1)
            if profile_id <= len(self.names) or outbox.tally(profile_id).put
        ]

    @contextmanager
    def opened(self) -> Iterator[Outbox]:
        """The outbox, opened for this process.

        Raises:
            OutboxError: There is none, or another process has it.
        """
        if not self.settings.path.is_file():
            raise OutboxError(f"{self.settings.path}: there is no outbox")
        outbox = Outbox(self.settings)
        try:
            yield outbox
        finally:
            outbox.close()


def add_where(parser: ArgumentParser) -> None:
    """The argument that says which outbox."""
    parser.add_argument(
        "where",
        metavar="CONFIG.py|OUTBOX",
        type=Path,
        help="a config script, or an outbox by its path",
    )


def stored_at(where: Path) -> Stored:
    """The outbox of a config script, or the one at this path.

    Raises:
        ScriptError: The script cannot be used.
    """
    if where.suffix == ".py":
        settings = load_script(where).engine.settings
        return Stored(settings.outbox, tuple(profile.name for profile in settings.profiles))
    # Whoever only looks must not make room: no bound of ours drops anything.
    return Stored(
        OutboxSettings(path=where, max_bytes=_ALL_BYTES, max_events=_ALL_EVENTS, max_age_s=_ALL_S)
    )
