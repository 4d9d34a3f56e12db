"""Which addresses lead back to this machine or its link, which `Settings.deny_local` closes to every delivery.

The kernel is asked how it would route to an address: it knows every address of every interface, broadcast and
whatever else is routed to the machine itself. An address of IPv6 that carries one of IPv4 (mapped, compatible,
translated, NAT64, 6to4, Teredo, ISATAP) is as near as the one that it carries. A network's own NAT64 prefix cannot
be told from other addresses. Held by `tests/sinks/test_own.py` and `tests/sinks/test_deny_local.py`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cammra_edge.sinks.names import Address

_ANSWER_S: Final = 1.0
_ANSWER_BYTES: Final = 4096
_ASK_FOR_ROUTE: Final = 26
_ROUTE: Final = 24
_REQUEST: Final = 1
_TO: Final = 1
_UNICAST: Final = 1
"""The type of a route that leaves the machine to one host (rtnetlink(7))."""
_HEAD: Final = struct.Struct("=IHHII")
_QUESTION: Final = struct.Struct("=BBBBBBBBI")
_OPTION: Final = struct.Struct("=HH")

_NOWHERE: Final = IPv4Address("0.255.255.255")
"""The last address of "this network" (RFC 791); 0.0.0.0 is the machine itself when it is connected to."""
_BROADCAST: Final = IPv4Address("255.255.255.255")
_AT_THE_END: Final = tuple(
    map(IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
"""Compatible (RFC 4291), mapped, translated (RFC 2765) and NAT64 (RFC 6052)."""
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
_LOCAL_NAT64_PLACES: Final = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
"""Where RFC 6052 puts the address of IPv4 behind a prefix of 48, 56, 64 or 96 bits."""
_ISATAP: Final = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


class OwnAddressError(OSError):
    """The receiver's address is this machine's own, or its link's, and `deny_local` is set."""

    def __init__(self, host: str, address: str) -> None:
        named = host if host == address else f"{host} ({address})"
        super().__init__(Why.OWN_ADDRESS(host=named))


def refuse_own(host: str, found: Iterable[Address]) -> None:
    """Refuse a host one of whose addresses is the machine's own.

    Raises:
        OwnAddressError: Which.
    """
    for address in found:
        if is_own(str(address[4][0])):
            raise OwnAddressError(host, str(address[4][0]))


def is_own(address: str) -> bool:
    """Whether an address in numbers leads to this machine, its link, or to nobody in particular."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    return any(map(_is_near, (ip, *_carried(ip))))


def _is_near(ip: IPv4Address | IPv6Address) -> bool:
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return True
    if isinstance(ip, IPv4Address) and (ip <= _NOWHERE or ip == _BROADCAST):
        return True
    return _is_routed_here(ip)


def _carried(ip: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """The addresses of IPv4 that one of IPv6 stands for."""
    if isinstance(ip, IPv4Address):
        return
    packed = ip.packed
    if any(ip in network for network in _AT_THE_END) or packed[8:12] in _ISATAP:
        yield IPv4Address(packed[12:])
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo
    if ip in _LOCAL_NAT64:
        inner = [IPv4Address(bytes(packed[at] for at in place)) for place in _LOCAL_NAT64_PLACES]
        # Which place it is nobody tells: where a longer prefix is used, the shorter ones' hold its zeros.
        yield from [one for one in inner if one > _NOWHERE] or inner[:1]


def _is_routed_here(ip: IPv4Address | IPv6Address) -> bool:
    """Whether the kernel would send anywhere but to one other host."""
    family = socket.AF_INET if isinstance(ip, IPv4Address) else socket.AF_INET6
    with contextlib.suppress(OSError, AttributeError):  # no Linux, or no netlink in this sandbox
        kind = _kind_of_route(family, ip.packed)
        if kind is not None:
            return kind != _UNICAST
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(ip), 0))
    except OSError:
        return False
    return True


def _kind_of_route(family: int, packed: bytes) -> int | None:
    """The type of the route to an address; `None` where the kernel gives none."""
    question = _QUESTION.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    option = _OPTION.pack(_OPTION.size + len(packed), _TO) + packed
    length = _HEAD.size + len(question) + len(option)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(_ANSWER_S)
        kernel.send(_HEAD.pack(length, _ASK_FOR_ROUTE, _REQUEST, 1, 0) + question + option)
        answer = kernel.recv(_ANSWER_BYTES)
    if len(answer) < _HEAD.size + _QUESTION.size or _HEAD.unpack_from(answer)[1] != _ROUTE:
        return None
    return int(_QUESTION.unpack_from(answer, _HEAD.size)[7])
