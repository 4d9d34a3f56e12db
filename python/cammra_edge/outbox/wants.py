"""What a search, an erasure and a handing over must name."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class OutboxWant(Phrase):
    """Wants of questions to the outbox."""

    CURSOR = "the cursor of the page before"
    PLATE_WITHOUT_WILDCARDS = "a plate without * and ? for it"
    KINDS_AT_LEAST_ONE = "at least one event type"
    TIME_AFTER = "a time after {other}"
    ONE_TO_FORGET = "exactly one of a plate, a time before which, and everything"
    PLATE_SIGNS = "letters, digits, * or ?"
    ANOTHER_OF = "another one of {keys}"
