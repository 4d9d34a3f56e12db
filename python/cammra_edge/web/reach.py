"""Where a page can be reached: this machine's own names and addresses, as people type them into a phone.

Nobody is asked but the kernel: what a name server says of this machine may be anybody's word.
Held by `tests/web/test_reach.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - only compared with
_GET_ADDRESS: Final = 0x8915
"""`SIOCGIFADDR` of netdevice(7)."""
_REQUEST: Final = struct.Struct("16s24x")
_ADDRESS: Final = slice(20, 24)
_ROUTES: Final = Path("/proc/net/route")
_ADDRESSES_6: Final = Path("/proc/net/if_inet6")
_DEFAULT: Final = "00000000"
_GLOBAL: Final = "00"
_USUAL: Final = {"http": 80, "https": 443}


def own_names() -> tuple[str, ...]:
    """The machine's name, its first part, and that with `.local`, under which mDNS tells it."""
    name = socket.gethostname().lower().rstrip(".")
    label = name.partition(".")[0]
    return tuple(dict.fromkeys((name, label, f"{label}.local"))) if label else ()


def urls(scheme: str, host: str, port: int, names: Iterable[str]) -> tuple[str, ...]:
    """What to type: an address for each network that the page listens on, then the names that were given.

    Args:
        scheme: `http` or `https`.
        host: What it listens on.
        port: Its port.
        names: Names that somebody has given it.
    """
    hosts = [host]
    if host in EVERYWHERE:
        loopback = "::1" if ":" in host else "127.0.0.1"
        hosts = own_addresses(version_6=":" in host) or [loopback]
    where = "" if port == _USUAL[scheme] else f":{port}"
    return tuple(f"{scheme}://{_shown(one)}{where}/" for one in dict.fromkeys((*hosts, *names)))


def own_addresses(*, version_6: bool = False) -> list[str]:
    """Addresses of this machine that others can reach, that of the way to the world first."""
    ways_out = {words[0] for words in _lines_of(_ROUTES) if words[1] == _DEFAULT}
    found = sorted(_addresses_4(), key=lambda one: one[0] not in ways_out)
    addresses = [address for _, address in found]
    return [*addresses, *_addresses_6()] if version_6 else addresses


def _addresses_4() -> Iterator[tuple[str, str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # it has none
                answer = fcntl.ioctl(sock, _GET_ADDRESS, _REQUEST.pack(name.encode()))
                address = ipaddress.IPv4Address(answer[_ADDRESS])
                if not (address.is_loopback or address.is_unspecified):
                    yield name, str(address)


def _addresses_6() -> Iterator[str]:
    for words in _lines_of(_ADDRESSES_6):
        address = ipaddress.IPv6Address(bytes.fromhex(words[0]))
        if words[3] == _GLOBAL and not address.is_loopback:
            yield str(address)


def _lines_of(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    except OSError:  # not on this machine
        return []


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
