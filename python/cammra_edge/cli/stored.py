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
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.config.saved import settings_in_force
from cammra_edge.delivery import ProfileState
from cammra_edge.errors import ConfigError, OutboxError
from cammra_edge.outbox import Outbox

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Mapping

_ALL_BYTES, _ALL_EVENTS, _ALL_S = 1 << 40, 10_000_000, 10 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Stored:
    """An outbox to look into: its settings, and the profiles' names by key where a script (and its page) gives them."""

    settings: OutboxSettings
    names: Mapping[str, str] | None = None

    def name(self, key: str) -> str:
        """How people call the profile."""
        return (self.names or {}).get(key, key)

    def state(self, key: str) -> ProfileState:
        """Whether the profile is still among the settings."""
        removed = self.names is not None and key not in self.names
        return ProfileState.REMOVED if removed else ProfileState.NOT_RUNNING

    def keys(self, outbox: Outbox) -> list[str]:
        """Every profile of the settings, then those that anything was ever put for."""
        numbers = outbox.profile_ids()
        known = list(self.names or ())
        return known + [
            key for key in numbers if key not in known and outbox.tally(numbers[key]).put
        ]

    def key(self, outbox: Outbox, option: str, text: str) -> str:
        """The key of a profile, by key or name.

        Raises:
            ConfigError: There is none, or several have that name.
        """
        keys = self.keys(outbox)
        named = [key for key in keys if text == self.name(key)]
        if text in keys or len(named) == 1:
            return text if text in keys else named[0]
        raise ConfigError(option, text, f"one of {', '.join(keys) or 'no profiles'}")

    @contextmanager
    def opened(self) -> Iterator[Outbox]:
        """The outbox, opened for this process.

        Raises:
            OutboxError: There is none, or another process has it.
        """
        if not self.settings.path.is_file():
            raise OutboxError(f"{self.settings.path}: there is no outbox")
        outbox = Outbox(self.settings, clock=SYSTEM_CLOCK)
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
        settings = settings_in_force(load_script(where).engine.settings)
        return Stored(settings.outbox, {profile.key: profile.name for profile in settings.profiles})
    # Opened to look: lift all bounds, so that nothing is dropped.
    return Stored(
        OutboxSettings(path=where, max_bytes=_ALL_BYTES, max_events=_ALL_EVENTS, max_age_s=_ALL_S)
    )
