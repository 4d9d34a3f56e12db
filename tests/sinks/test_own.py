"""Which addresses are the machine's own, however they are written."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

import pytest

from cammra_edge.sinks import own
from cammra_edge.sinks.own import is_own

OWN = [
    "127.0.0.1", "127.1.2.3", "127.255.255.255", "255.255.255.255", "224.0.0.1", "169.254.169.254",
    "0.0.0.0", "0.1.2.3",  # noqa: S104 - nothing listens there
    "::1", "::", "fe80::1", "fe80::1%eth0", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.1.1", "::ffff:0:127.0.0.1", "::127.0.0.1", "::7f00:1",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::", "64:ff9b:1::127.0.0.1", "64:ff9b:1::",
    "64:ff9b:1:7f00:0:100::", "64:ff9b:1:7f:0:1::", "64:ff9b:1:0:7f:0:100:0",
    "2002:7f00:1::1", "2002:a9fe:1::", "2001:0:7f00:1::", "2001:0:808:808::80ff:fffe",
    "2001:db8::5efe:127.0.0.1", "2001:db8::200:5efe:127.0.0.1", "no address",
]  # fmt: skip
OTHERS = [
    "10.0.5.223", "192.168.77.4", "172.16.9.9", "8.8.8.8", "198.51.100.7", "fd00:77::9", "2001:db8::1",
    "::ffff:10.0.5.223", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800::", "2002:808:808::1",
    "2001:0:808:808::f7f7:f7f7", "2001:db8::5efe:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", OWN)
def test_an_address_of_the_machine_is_known_however_it_is_carried(address: str) -> None:
    assert is_own(address)


@pytest.mark.parametrize("address", OTHERS)
def test_an_address_of_another_machine_is_not_taken_for_it(address: str) -> None:
    assert not is_own(address)


@pytest.mark.parametrize("written", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001"])
def test_whatever_the_resolver_makes_of_it_is_what_counts(written: str) -> None:
    (found,) = socket.getaddrinfo(written, 9, type=socket.SOCK_STREAM)
    assert is_own(str(found[4][0]))


def test_without_routes_to_ask_for_a_socket_that_can_be_bound_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.socket

    def no_netlink(family: int, *more: int) -> socket.socket:
        if family == socket.AF_NETLINK:
            raise OSError(errno.EAFNOSUPPORT, "not in this sandbox")
        return real(family, *more)

    monkeypatch.setattr(socket, "socket", no_netlink)
    assert own._is_routed_here(ip_address("127.0.0.1"))
    assert not own._is_routed_here(ip_address("198.51.100.7"))
