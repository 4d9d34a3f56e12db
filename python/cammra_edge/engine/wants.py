"""What a person at a running engine must name."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class OperatorWant(Phrase):
    """Wants of what an operator does."""

    REMOVED_PROFILE = "a profile that the settings no longer have"
