"""The steps of a Test as it reports them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cammra_edge.phrases import Said, quoted

NOTHING = quoted("")


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as it begins (`running`) or has ended.

    Args:
        name: One of `remedies.REMEDIES`, and at the end done.
        state: running, ok, failed or skipped.
        took_ms: How long it took.
        detail: What was found.
        remedy: What to do about a failure.
        words: What the receiver itself said, where it said anything.
        sent: With `done`: the exact bytes that were sent, in base64.
        picture: With `done`: the picture that was sent, in base64.
    """

    name: str
    state: str
    took_ms: float = 0.0
    detail: Said = NOTHING
    remedy: Said = NOTHING
    words: str = ""
    sent: str = field(default="", repr=False)
    picture: str = field(default="", repr=False)


class FailedStep(Exception):  # noqa: N818 - no error of ours: it carries a step's result to where steps are reported
    """Ends a step with what was found, and what to do if the usual sentence does not fit."""

    def __init__(self, detail: Said, remedy: Said = NOTHING, words: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.words = words
