"""What the exit code of a command means. The same table stands in `docs/ref/cli.md`."""

from enum import IntEnum

from cammra_edge.errors import CammraError


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    """All done; also the ordered end, by Ctrl-C, SIGTERM or SIGHUP, of what runs until it is stopped."""
    FAILED = 1
    """Something that should not happen, or an extra that is not installed; the last line says what."""
    USAGE = 2
    """The command line itself is wrong."""
    CONFIG = 3
    """The config script, a setting, or what an option asks for cannot be used."""
    INPUT = 4
    """A recording, table, video or folder cannot be used."""
    OUTBOX = 5
    """The outbox cannot be used: none there, not ours, of a newer version, in use, or damaged."""
    UNDELIVERED = 6
    """Events are left that no receiver took: they wait in the outbox, or are parked."""
    WRONG = 7
    """What arrived breaks the contract, or is not all that was expected."""
    INTERRUPTED = 130
    """Stopped before the work was done, or, by a second Ctrl-C, before everything was in order."""


class UsageError(CammraError):
    """Words of the command line that make no sense together."""
