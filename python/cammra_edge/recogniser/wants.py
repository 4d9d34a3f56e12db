"""What a recogniser wants of its arguments."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class RecogniserWant(Phrase):
    """Wants of the adapters."""

    BOX_WITHIN_PICTURE = "(x, y, width, height) within 0 to 1"
