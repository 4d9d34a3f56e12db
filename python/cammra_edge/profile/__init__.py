"""One destination: what it gets, how, and where.

Words and order follow the product page. A profile is a value: it holds no connection and no queue. All that
can be checked without a network is checked when it is made (`ConfigError`).
"""

from cammra_edge.profile import protocols
from cammra_edge.profile.caller import NOBODY, Caller, Presence
from cammra_edge.profile.endpoint import Endpoint, NetworkMode, NetworkModeWord
from cammra_edge.profile.keepalive import Keepalive, KeepaliveShape
from cammra_edge.profile.profile import Filter, Order, OrderWord, Profile
from cammra_edge.profile.protocols import *  # noqa: F403 - they are listed there, once
from cammra_edge.profile.protocols import PROTOCOLS, Protocol, Transport
from cammra_edge.profile.protocols.base import (
    Content,
    FilesContent,
    FormContent,
    JsonContent,
    MultipartContent,
    PresenceWay,
    PublishedContent,
)
from cammra_edge.profile.shipped import (
    PRESETS,
    SHIPPED,
    Preset,
    Receiver,
    preset_text,
    receiver,
)
from cammra_edge.profile.trust import Timeouts, Tls

__all__ = [
    "NOBODY",
    "PRESETS",
    "PROTOCOLS",
    "SHIPPED",
    "Caller",
    "Content",
    "Endpoint",
    "FilesContent",
    "Filter",
    "FormContent",
    "JsonContent",
    "Keepalive",
    "KeepaliveShape",
    "MultipartContent",
    "NetworkMode",
    "NetworkModeWord",
    "Order",
    "OrderWord",
    "Presence",
    "PresenceWay",
    "Preset",
    "Profile",
    "Protocol",
    "PublishedContent",
    "Receiver",
    "Timeouts",
    "Tls",
    "Transport",
    "preset_text",
    "receiver",
]
__all__ += protocols.__all__
