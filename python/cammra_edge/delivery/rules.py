"""How the outbox is to read a profile's queue, by the profile's settings. Held by `tests/delivery/test_rules.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.model import EventKind
from cammra_edge.outbox import TakeRules
from cammra_edge.profile import Order
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from cammra_edge.profile import Profile


def rules_from(profile: Profile) -> TakeRules:
    """How the outbox is to read this profile's queue."""
    limits_s = {kind.value: limit_s for kind, limit_s in profile.expires_s.items()}
    if profile.max_age_s is not None:
        limits_s = {
            kind.value: min(limits_s.get(kind.value, profile.max_age_s), profile.max_age_s)
            for kind in EventKind
        }
    return TakeRules(
        live_first=profile.order is Order.LIVE_FIRST,
        expires_ns={kind: round(limit_s * NS_PER_S) for kind, limit_s in limits_s.items()},
        coalesce=profile.coalesce_updates,
    )
