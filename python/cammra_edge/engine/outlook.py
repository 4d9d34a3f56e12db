"""What a profile would have got of events that are past, with all of its filters, memory of plates included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cammra_edge.engine.repeats import PlateMemory
from cammra_edge.profile import Filter
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cammra_edge.config import Settings
    from cammra_edge.model import Event
    from cammra_edge.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Counts of one profile.

    Args:
        profile: Its key.
        would_send: Events that it would have sent,
        of: out of so many,
        kept_back: and those that its filters would have kept back, by the filter's name.
    """

    profile: str
    would_send: int
    of: int
    kept_back: Mapping[str, int] = field(default_factory=dict)


def outlook_of(profile: Profile, events: Iterable[Event], settings: Settings) -> Outlook:
    """What the profile, switched on, would have sent of these events, the oldest first."""
    profile = replace(profile, enabled=True)
    memory = PlateMemory(profile, round(settings.tracking.lost_after_s * NS_PER_S))
    sent, kept_back = 0, Counter[str]()
    held: Counter[tuple[str, int]] = Counter()
    of = 0
    for event in events:
        of += 1
        vehicle = (event.stream_id, event.vehicle_no)
        keeps = profile.kept_back_by(event)
        tells = keeps is None
        verdict = "told"
        if profile.repeat_window_s and (tells or vehicle in held):
            verdict = memory.judge(event, tells=tells).verdict
            if verdict != "held":
                waited = held.pop(vehicle, 0)
                sent += waited * (verdict == "told")
                kept_back[Filter.REPEAT_WINDOW_S.value] += waited * (verdict == "repeat")
        if keeps is not None:
            kept_back[keeps.value] += 1
        elif verdict == "held":
            held[vehicle] += 1
        else:
            sent += verdict == "told"
            kept_back[Filter.REPEAT_WINDOW_S.value] += verdict == "repeat"
    return Outlook(profile=profile.key, would_send=sent, of=of, kept_back=dict(+kept_back))
