"""What the command line wants of its words."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class CliWant(Phrase):
    """Wants of options and arguments."""

    PROFILE_NOT_IN_SCRIPT = "a profile that the script no longer has"
    EXPORTED_EVENT = "an event as `parked export` writes it"
