"""Addresses of the camera itself and its link, which are refused where `Settings.deny_local` is set.

They are looked up when settings are checked, tested and saved, so that whoever types one is told at once. What holds
is the check where connections are made (`sinks.own`): a name may lead elsewhere later. Held by
`tests/web/test_egress.py`.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cammra_edge.config.catalogue import is_address
from cammra_edge.errors import ConfigError
from cammra_edge.sinks.own import is_own
from cammra_edge.web.sentences import PageWant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def local_addresses(changes: Mapping[str, object]) -> Iterator[ConfigError]:
    """The changes whose address is the camera's own, or its link's."""
    for name, value in changes.items():
        if is_address(name) and isinstance(value, str) and is_local(value):
            yield ConfigError(name, value, PageWant.ADDRESS_OUTSIDE())


def is_local(url: str) -> bool:
    """Whether a server URL leads to the camera itself or its link."""
    if not url:
        return False
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (ValueError, OSError):
        return False  # unreachable: sending will say so
    return any(is_own(str(entry[4][0])) for entry in entries)
