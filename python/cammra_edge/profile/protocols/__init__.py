"""The protocols of the page: what is sent and how, each a frozen value that is checked when it is made.

A new protocol has a file here, its class in `Protocol` and its name in `__all__`; one that travels in a new way stands
in `Transport` too (`tests/house/test_protocols.py`).

Invariants, held by `tests/profiles/test_profile.py`: every field has been checked before anyone sees it; no
`repr` and no error shows a password or an Auth-Header.
"""

from typing import get_args

from cammra_edge.profile.protocols.base import PresenceChoice
from cammra_edge.profile.protocols.ftp import (
    NAMING_1_3,
    NAMING_2_0,
    PATH_1_3,
    PATH_2_0,
    Ftp,
)
from cammra_edge.profile.protocols.http_post import Auth, AuthWord, HttpPost
from cammra_edge.profile.protocols.mqtt import (
    Mqtt,
    Payload,
    PayloadWord,
    Pictures,
    PicturesWord,
    PresenceWord,
)
from cammra_edge.profile.protocols.tcp import Framing, FramingWord, Tcp
from cammra_edge.profile.protocols.templated import (
    AccessPoint,
    AccessPointWord,
    Genetec,
    Template,
    TwoN,
    Utmc,
    Utmc2,
)

Transport = HttpPost | Tcp | Ftp | Mqtt
Protocol = Tcp | HttpPost | Ftp | Mqtt | Utmc | Utmc2 | Genetec | TwoN | Template
PROTOCOLS: dict[str, type[Protocol]] = {cls.word: cls for cls in get_args(Protocol)}
"""The protocols by their word, in the page's order."""

# What a script may import from `cammra_edge` itself.
__all__ = [
    "NAMING_1_3",
    "NAMING_2_0",
    "PATH_1_3",
    "PATH_2_0",
    "AccessPoint",
    "AccessPointWord",
    "Auth",
    "AuthWord",
    "Framing",
    "FramingWord",
    "Ftp",
    "Genetec",
    "HttpPost",
    "Mqtt",
    "Payload",
    "PayloadWord",
    "Pictures",
    "PicturesWord",
    "PresenceChoice",
    "PresenceWord",
    "Tcp",
    "Template",
    "TwoN",
    "Utmc",
    "Utmc2",
]
