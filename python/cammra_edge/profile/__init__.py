"""One destination: what it gets, how, and where.

Words and order follow the product page. A profile is a value: it holds no connection and no queue.
Every check that can be made without a network is made when it is built (`ConfigError`).
"""

from cammra_edge.profile._endpoint import Endpoint
from cammra_edge.profile._keepalive import Keepalive
from cammra_edge.profile._profile import Order, Profile
from cammra_edge.profile._protocols import (
    NAMING_1_3,
    NAMING_2_0,
    NAMING_VARIABLE,
    NAMING_VARIABLES,
    PATH_1_3,
    PATH_2_0,
    Auth,
    Framing,
    Ftp,
    HttpPost,
    Tcp,
)
from cammra_edge.profile._template import preset_names, preset_text
from cammra_edge.profile._templated import Protocol, Template, Templated, Utmc, Utmc2
from cammra_edge.profile._transport import Timeouts, Tls

__all__ = [
    "NAMING_1_3",
    "NAMING_2_0",
    "NAMING_VARIABLE",
    "NAMING_VARIABLES",
    "PATH_1_3",
    "PATH_2_0",
    "Auth",
    "Endpoint",
    "Framing",
    "Ftp",
    "HttpPost",
    "Keepalive",
    "Order",
    "Profile",
    "Protocol",
    "Tcp",
    "Template",
    "Templated",
    "Timeouts",
    "Tls",
    "Utmc",
    "Utmc2",
    "preset_names",
    "preset_text",
]
