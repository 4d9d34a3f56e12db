"""Addresses of the camera itself and its link, which `serve_page(deny_local=True)` refuses.

Off by default: receivers on the same machine are common, and the page's owner decides where events go. Names are
resolved when settings are checked, tested and saved; a name whose address changes afterwards is not caught. Held by
`tests/web/test_egress.py`.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cammra_edge.config.catalogue import is_address
from cammra_edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WANT = "an address outside this camera: it may not send to itself or its link"


def local_addresses(changes: Mapping[str, object]) -> Iterator[ConfigError]:
    """The changes whose address is the camera's own, link-local, unspecified or multicast."""
    for name, value in changes.items():
        if is_address(name) and isinstance(value, str) and is_local(value):
            yield ConfigError(name, value, WANT)


def is_local(url: str) -> bool:
    """Whether a server URL leads to the camera itself or its link."""
    if not url:
        return False
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (ValueError, OSError):
        return False  # unreachable: sending will say so
    return any(_denied(str(entry[4][0])) for entry in entries)


def _denied(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast
