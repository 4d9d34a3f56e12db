"""Where and how a stored secret travels, in words that can be compared.

A password is given for one server, reached in one way. Whoever changes either must know the password: else a stored one
could be sent to his own server, through his own proxy, in clear, or to anyone who answers there without a certificate.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from cammra_edge.config.flat import profile_name
from cammra_edge.fields import leaves_of

if TYPE_CHECKING:
    from cammra_edge.config import Settings
    from cammra_edge.profile import Keepalive, Protocol
    from cammra_edge.profile.endpoint import Endpoint

KEEPALIVE = "keepalive"
_SERVER = "server_url"


def owner_of(name: str) -> str:
    """What a flat name belongs to, by which `ways_of` knows it: `profiles[barrier]`, `keepalive`."""
    return name.rpartition(".")[0]


def ways_of(settings: Settings) -> dict[str, str]:
    """The way of each profile's secrets, and of the keepalive's, by `owner_of` their names.

    It tells protocol, scheme, host, port, and every field that is marked `leads` or `address`; not the path on the
    server, nor what is sent.
    """
    ways = {
        owner_of(profile_name(profile.key, _SERVER)): _way(
            profile.protocol.word, profile.protocol, profile.protocol.endpoint()
        )
        for profile in settings.profiles
    }
    keepalive = settings.keepalive
    endpoint = keepalive.transport().endpoint() if keepalive.server_url else None
    return ways | {KEEPALIVE: _way(KEEPALIVE, keepalive, endpoint)}


def _way(word: str, described: Protocol | Keepalive, endpoint: Endpoint | None) -> str:
    fields = (
        f"{name}={attrgetter(name)(described)}"
        for name, field in leaves_of(type(described)).items()
        if name != _SERVER and (field.leads or field.address)
    )
    server = f"{endpoint.scheme}://{endpoint.address}" if endpoint else ""
    return "\n".join((word, server, *fields))
