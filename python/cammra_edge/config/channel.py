"""Which profile's connection says that the camera is there and how it is. Held by `tests/config/test_channel.py`.

One that is named (`presence="on"`); without a name, the only one that is switched on, speaks MQTT and does not refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.config.wants import ConfigWant
from cammra_edge.errors import ConfigError
from cammra_edge.profile import PresenceChoice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.profile import Profile


def channel_of(profiles: Iterable[Profile]) -> Profile | None:
    """The profile that says it; `None` where nobody does.

    Raises:
        ConfigError: Several are named, or one has to be.
    """
    ways = [(profile, profile.protocol.presence_way()) for profile in profiles if profile.enabled]
    for choice, want in (
        (PresenceChoice.ON, ConfigWant.ONE_PRESENCE),
        (PresenceChoice.AUTO, ConfigWant.PRESENCE_CHOSEN),
    ):
        several = [profile for profile, way in ways if way and way.choice is choice]
        if len(several) > 1:
            keys = ", ".join(repr(profile.key) for profile in several)
            raise ConfigError(f"profiles[{several[-1].key}].presence", str(choice), want(keys=keys))
        if several:
            return several[0]
    return None
