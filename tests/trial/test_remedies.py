"""What a Test proposes for each kind of failure, against scripted receivers that fail so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.profile import Ftp, HttpPost, Tcp, Timeouts
from tests.servers import (
    LOOPBACK,
    PATIENT,
    Scripted,
    answer,
    answering,
    free_port,
    read_request,
)
from tests.trial.test_trial import steps

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cammra_edge.profile import Protocol
    from cammra_edge.trial import Step

    Script = Callable[[socket.socket, int, Scripted], None]

IMPATIENT = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=2)


def failed(protocol: Protocol) -> Step:
    (step,) = [step for step in steps(protocol) if step.state == "failed"]
    return step


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (answer("302 Found", b"", "Location: /there"), "Follow redirects"),
        (answer("301 Moved", b"", "Location: https://there/"), "Put https:// before"),
        (
            answer("302 Found", b"", "Location: http://there/"),
            "Enter the address that the step names",
        ),
        (answer("304 Not Modified"), "look into its own log"),
        (answer("404 Not Found"), "Check the path behind the address"),
        (answer("410 Gone"), "Check the path behind the address"),
        (answer("426 Upgrade Required"), "Put https:// before"),
        (answer("405 No"), "takes no POST"),
        (answer("409 Conflict"), "Statuses that mean it has it already"),
        (answer("411 Length"), "without the proxy"),
        (answer("413 Large"), "smaller image"),
        (answer("415 Type"), "another kind of body"),
        (answer("503 Busy"), "fault of its own"),
        (answer("507 Full"), "no room left"),
        (answer("520 What"), "fault of its own"),
        (answer("407 Who"), "proxy's user"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "another program listens there"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "Put https:// before"),
        (answer("401 No"), "Check user, password"),
        (answer("418 Teapot"), "look into its own log"),
    ],
)
def test_each_refusal_has_its_remedy(given: bytes, remedy: str) -> None:
    with Scripted(answering(given)) as server:
        step = failed(HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT))
    assert remedy in step.remedy


def test_https_on_a_port_without_tls_has_its_remedy() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(answer("400 Bad Request"))

    with Scripted(script) as server:
        step = failed(HttpPost(f"https://{LOOPBACK}:{server.port}/", timeouts=PATIENT))
    assert "Put http:// before" in step.remedy


def hang(connection: socket.socket, _: int, server: Scripted) -> None:
    connection.recv(1000)
    while not server._closing:
        time.sleep(0.01)


def hang_up(connection: socket.socket, _: int, __: Scripted) -> None:
    read_request(connection)


def refused_tunnel(connection: socket.socket, _: int, __: Scripted) -> None:
    connection.recv(1000)
    connection.sendall(answer("403 Forbidden"))


def test_a_receiver_that_says_nothing_has_its_remedy() -> None:
    with Scripted(hang) as server:
        step = failed(HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=IMPATIENT))
    assert "give «Answer within» more time" in step.remedy


def test_a_receiver_that_hangs_up_has_its_remedy() -> None:
    with Scripted(hang_up) as server:
        step = failed(HttpPost(f"http://{LOOPBACK}:{server.port}/", timeouts=PATIENT))
    assert "a limit of size" in step.remedy


@pytest.mark.parametrize("script", [hang, refused_tunnel, None])
def test_what_a_proxy_does_is_not_put_on_the_receiver(script: Script | None) -> None:
    with Scripted(script or hang) as server:
        port = server.port if script else free_port()
        proxy = f"http://{LOOPBACK}:{port}"
        step = failed(HttpPost("https://receiver.invalid/", proxy=proxy, timeouts=IMPATIENT))
    assert "the proxy" in step.detail
    assert "Check the proxy's address" in step.remedy


def test_a_port_that_begins_no_tls_has_its_remedy() -> None:
    with Scripted(hang) as server:
        step = failed(HttpPost(f"https://{LOOPBACK}:{server.port}/", timeouts=IMPATIENT))
    assert "begins no TLS" in step.remedy


def test_an_answer_that_does_not_hold_what_it_must_is_told_in_the_words_of_the_page() -> None:
    with Scripted(answering(answer("200 OK", b'{"Result": false}'))) as server:
        url = f"http://{LOOPBACK}:{server.port}/"
        step = failed(HttpPost(url, success_body='{"Result": true}', timeouts=PATIENT))
    assert "«The answer must contain»" in step.remedy
    assert "success_body" not in step.detail + step.remedy
    assert step.words == '{"Result": false}'


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        (
            lambda port: Tcp(f"{LOOPBACK}:{port}", ack="OK", timeouts=IMPATIENT),
            "all was sent, and no acknowledgement came",
        ),
        (lambda port: Ftp(f"ftp://{LOOPBACK}:{port}", timeouts=IMPATIENT), "no greeting came"),
    ],
)
def test_a_time_out_says_which_one_it_was_and_what_was_done(
    protocol: Callable[[int], Protocol], told: str
) -> None:
    with Scripted(hang) as server:
        step = failed(protocol(server.port))
    assert told in step.detail
    assert "password" not in step.remedy


def test_an_ftp_command_that_is_not_answered_is_named() -> None:
    def script(connection: socket.socket, number: int, server: Scripted) -> None:
        connection.sendall(b"220 ready\r\n")
        hang(connection, number, server)

    with Scripted(script) as server:
        protocol = Ftp(f"ftp://{LOOPBACK}:{server.port}", password="geheim", timeouts=IMPATIENT)
        step = failed(protocol)
    assert "no answer to USER came within" in step.detail
