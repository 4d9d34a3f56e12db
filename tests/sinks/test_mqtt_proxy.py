"""A broker behind a proxy: the tunnel that `CONNECT` makes, with TLS inside or without, and a proxy that makes none."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from cammra_edge.profile import Mqtt, Tls
from cammra_edge.sinks.base import Delivered, Misconfigured
from tests.brokers import mosquitto
from tests.certificates import issue
from tests.servers import LOOPBACK, PATIENT, Scripted, answer
from tests.sinks.test_mqtt import sent

if TYPE_CHECKING:
    from pathlib import Path


def head_of(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    return head


def carry(source: socket.socket, target: socket.socket) -> None:
    """Bytes one way, until that side has ended, or was closed under us; the other one is told."""
    with contextlib.suppress(OSError):
        while content := source.recv(65_536):
            target.sendall(content)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def tunnels(connection: socket.socket, _: int, server: Scripted) -> None:
    """A proxy that does as `CONNECT` asks."""
    head = head_of(connection)
    server.received.append(head)
    asked = re.match(rb"CONNECT (.+):(\d+) ", head)
    assert asked is not None
    with socket.create_connection((asked[1].decode(), int(asked[2]))) as broker:
        connection.sendall(answer())
        back = threading.Thread(target=carry, args=(broker, connection), daemon=True)
        back.start()
        carry(connection, broker)
        back.join()


def through(proxy: Scripted, url: str, tls: Tls | None = None) -> Mqtt:
    return Mqtt(
        url,
        proxy=f"http://{LOOPBACK}:{proxy.port}",
        proxy_user="p",
        proxy_password="q",
        tls=tls or Tls(),
        images="all",
        accept_unheard=True,
        timeouts=PATIENT,
    )


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_events_go_through_a_tunnel(tmp_path: Path, scheme: str) -> None:
    server = issue()
    pem = server.write(tmp_path / "server.pem")
    lines = (f"certfile {pem}", f"keyfile {pem}") if scheme == "mqtts" else ()
    with mosquitto(tmp_path, *lines) as port, Scripted(tunnels) as proxy:
        way = through(proxy, f"{scheme}://{LOOPBACK}:{port}", Tls(pin=server.fingerprint))
        assert isinstance(sent(way), Delivered)
    address = f"{LOOPBACK}:{port}".encode()
    assert proxy.received == [
        b"CONNECT " + address + b" HTTP/1.1\r\nHost: " + address + b"\r\n"
        b"Proxy-Authorization: Basic cDpx\r\n\r\n"
    ]


def test_a_proxy_that_does_not_know_us_is_misconfigured() -> None:
    def refuses(connection: socket.socket, _: int, __: Scripted) -> None:
        head_of(connection)
        connection.sendall(answer("407 Who", b""))

    with Scripted(refuses) as proxy:
        outcome = sent(through(proxy, "mqtt://broker.invalid:1883"))
    assert isinstance(outcome, Misconfigured)
    assert "the proxy refuses the user or password" in outcome.why
