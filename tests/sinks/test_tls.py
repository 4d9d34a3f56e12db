"""TLS as a profile sets it: what is believed, what is refused and why, over HTTP, TCP and FTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket as socket_module
import ssl
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Files, NamedFile
from cammra_edge.phrases import quoted
from cammra_edge.profile import Ftp, HttpPost, Protocol, Tcp, Tls
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, Misconfigured, TryLater
from tests import ftp_servers
from tests.certificates import DAY, Issued, issue
from tests.scripted_ftp import Faulty, SecureFaulty
from tests.servers import LOOPBACK, PATIENT, Scripted, answer, read_request

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.message import Message
    from cammra_edge.sinks.base import Outcome

ATTEMPT = Attempt(event_id="e" * 32, packet=7)
BODY = Body(content=b"{}" * 20_000, content_type="application/json")


class SecureServer:
    """Answers HTTP over TLS; wants a client certificate when given an authority for them."""

    def __init__(self, folder: Path, own: Issued, clients: Issued | None = None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(own.write(folder / "server.pem"))
        if clients is not None:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(cadata=clients.pem.decode())

    def __call__(self, connection: socket.socket, _: int, server: Scripted) -> None:
        with self.context.wrap_socket(connection, server_side=True) as secure:
            while request := read_request(secure):
                server.received.append(request)
                secure.sendall(answer())


def sent(protocol: Protocol, message: Message = BODY) -> Outcome:
    sink = open_sink(protocol, clock=SYSTEM_CLOCK)
    try:
        return sink.send(message, ATTEMPT)
    finally:
        sink.close()


def posted(
    tmp_path: Path, own: Issued, tls: Tls, *, host: str = LOOPBACK, clients: Issued | None = None
) -> Outcome:
    with Scripted(SecureServer(tmp_path, own, clients)) as server:
        return sent(HttpPost(f"https://{host}:{server.port}/", tls=tls, timeouts=PATIENT))


@pytest.fixture
def authority() -> Issued:
    return issue("Test CA", authority=True)


def ca_file(tmp_path: Path, authority: Issued) -> str:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem)
    return str(path)


def test_an_own_authority_is_believed(tmp_path: Path, authority: Issued) -> None:
    own = issue(by=authority)
    assert isinstance(posted(tmp_path, own, Tls(ca_file=ca_file(tmp_path, authority))), Delivered)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("unknown authority", "authority is not known"),
        ("self-signed", "self-signed"),
        ("expired", "has expired"),
        ("wrong host", "another IP address"),
    ],
)
def test_a_bad_certificate_is_refused_in_words(
    tmp_path: Path, authority: Issued, what: str, words: str
) -> None:
    make: dict[str, Callable[[], Issued]] = {
        "unknown authority": lambda: issue(by=issue("Other CA", authority=True)),
        "self-signed": issue,
        "expired": lambda: issue(by=authority, begins=-2 * DAY, ends=-DAY),
        "wrong host": lambda: issue(by=authority, hosts=("10.1.2.3",)),
    }
    outcome = posted(tmp_path, make[what](), Tls(ca_file=ca_file(tmp_path, authority)))
    assert isinstance(outcome, Misconfigured), outcome
    assert words in outcome.why


def test_a_certificate_of_tomorrow_asks_for_the_clock(tmp_path: Path, authority: Issued) -> None:
    own = issue(by=authority, begins=DAY, ends=2 * DAY)
    outcome = posted(tmp_path, own, Tls(ca_file=ca_file(tmp_path, authority)))
    assert isinstance(outcome, TryLater)
    assert "clock" in outcome.why


def test_a_wrong_name_is_refused(tmp_path: Path, authority: Issued) -> None:
    own = issue(by=authority, hosts=("receiver.example",))
    outcome = posted(tmp_path, own, Tls(ca_file=ca_file(tmp_path, authority)), host="localhost")
    assert isinstance(outcome, Misconfigured)
    assert "another host name" in outcome.why


def test_a_pin_takes_exactly_that_certificate(tmp_path: Path) -> None:
    own = issue(hosts=("whatever.example",), begins=-2 * DAY, ends=-DAY)
    assert isinstance(posted(tmp_path, own, Tls(pin=own.fingerprint)), Delivered)
    other = issue()
    outcome = posted(tmp_path, other, Tls(pin=own.fingerprint))
    assert isinstance(outcome, Misconfigured)
    assert other.fingerprint in outcome.why


def test_a_pin_is_not_softened_by_verify_false(tmp_path: Path) -> None:
    assert isinstance(posted(tmp_path, issue(), Tls(pin="0" * 64, verify=False)), Misconfigured)


def test_verify_false_takes_anyone(tmp_path: Path) -> None:
    assert isinstance(
        posted(tmp_path, issue(ends=dt.timedelta(hours=-1)), Tls(verify=False)), Delivered
    )


def test_nothing_is_sent_to_somebody_we_do_not_believe(tmp_path: Path) -> None:
    with Scripted(SecureServer(tmp_path, issue())) as server:
        sent(
            HttpPost(
                f"https://{LOOPBACK}:{server.port}/",
                auth="basic",
                user="u",
                password="p",
                timeouts=PATIENT,
            )
        )
        assert server.received == []


@pytest.mark.parametrize("password", ["", "geheim"])
def test_a_client_certificate(tmp_path: Path, authority: Issued, password: str) -> None:
    own, camera = issue(by=authority), issue("camera", by=authority, hosts=("camera.example",))
    ca = ca_file(tmp_path, authority)
    path = camera.write(tmp_path / "camera.pem", password=password)
    good = Tls(ca_file=ca, client_cert=path, client_key_password=password)
    assert isinstance(posted(tmp_path, own, good, clients=authority), Delivered)
    outcome = posted(tmp_path, own, Tls(ca_file=ca), clients=authority)
    assert not isinstance(outcome, Delivered)


def bad_tls(field: str, path: str) -> Tls:
    return Tls(ca_file=path) if field == "ca_file" else Tls(client_cert=path)


@pytest.mark.parametrize("field", ["ca_file", "client_cert"])
def test_a_file_that_is_none_is_a_fault_of_the_settings(tmp_path: Path, field: str) -> None:
    (tmp_path / "bad.pem").write_text("nonsense")
    for path in (tmp_path / "bad.pem", tmp_path / "missing.pem"):
        outcome = sent(
            HttpPost("https://127.0.0.1:1/", tls=bad_tls(field, str(path)), timeouts=PATIENT)
        )
        assert isinstance(outcome, Misconfigured)
        assert outcome.why.startswith(f"tls.{field}")


def test_plain_http_on_a_tls_port_is_said_in_words() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.recv(1000)
        connection.sendall(answer("400 Bad"))

    with Scripted(script) as server:
        outcome = sent(HttpPost(f"{LOOPBACK}:{server.port}", timeouts=PATIENT))
    assert isinstance(outcome, TryLater)
    assert "http:// meant?" in outcome.why


def reading_tls(
    own: Issued,
    folder: Path,
    reply: bytes = b"",
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> Callable[..., None]:
    """A script that takes an event over TLS and replies; without a reply it insists on being told the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.write(folder / "server.pem"))
    context.maximum_version = version

    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        with context.wrap_socket(
            connection, server_side=True, suppress_ragged_eofs=False
        ) as secure:
            received = b""
            while not (reply and received == BODY.content) and (piece := secure.recv(65536)):
                received += piece
            server.received.append(received)
            secure.sendall(reply)

    return script


def test_tcp_over_tls(tmp_path: Path) -> None:
    own = issue()
    with Scripted(reading_tls(own, tmp_path, b"ACK")) as server:
        url = f"tls://{LOOPBACK}:{server.port}"
        outcome = sent(Tcp(url, ack="ACK", tls=Tls(pin=own.fingerprint), timeouts=PATIENT))
        assert outcome == Delivered(quoted("acknowledged by the receiver's application"))
        assert server.received == [BODY.content]
        assert isinstance(sent(Tcp(url, tls=Tls(pin="0" * 64), timeouts=PATIENT)), Misconfigured)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("persistent", [False, True])
def test_the_end_of_a_connection_is_told_inside_tls(
    tmp_path: Path, version: ssl.TLSVersion, *, persistent: bool
) -> None:
    """Without it a strict receiver takes what it has read for cut off, and throws it away."""
    own = issue()
    with Scripted(reading_tls(own, tmp_path, version=version)) as server:
        url = f"tls://{LOOPBACK}:{server.port}"
        tls = Tls(pin=own.fingerprint)
        outcome = sent(Tcp(url, persistent=persistent, tls=tls, timeouts=PATIENT))
        assert outcome == Delivered(quoted("acknowledged by the receiver's kernel"))
        ending = b"\n" if persistent else b""
        assert server.wait_received(1) == [BODY.content + ending]


ONE = Files(files=(NamedFile(path="in/a.jpg", content=b"x" * 1000),))
FILES = Files(
    files=(
        NamedFile(path="in/a.jpg", content=b"x" * 100_000),
        NamedFile(path="in/b.jpg", content=b"y"),
    )
)


@pytest.mark.parametrize("name", ftp_servers.NAMES)
def test_ftps_with_every_server(tmp_path: Path, name: str) -> None:
    """vsftpd and ProFTPD insist on the data connection taking up the control connection's session."""
    pytest.importorskip("OpenSSL")  # pyftpdlib's
    own = issue()
    pem = own.write(tmp_path / "server.pem")
    with ftp_servers.START[name](tmp_path, certificate=pem) as server:
        plain = Ftp(server.url, user=server.user, password=server.password, timeouts=PATIENT)
        good = replace(
            plain,
            server_url=server.url.replace("ftp:", "ftps:"),
            tls=Tls(pin=own.fingerprint),
        )
        assert sent(good, FILES) == Delivered(quoted("2 files"))
        for file in FILES.files:
            assert (server.home / file.path).read_bytes() == file.content
        assert isinstance(sent(replace(good, tls=Tls(pin="0" * 64)), FILES), Misconfigured)
        # Pure-FTPd says 421, by which others mean a lack of room.
        refused = TryLater if name == "pure-ftpd" else Misconfigured
        assert isinstance(sent(plain, FILES), refused)


def test_a_server_without_tls_gets_no_password() -> None:
    faulty = Faulty()
    with Scripted(faulty) as server:
        way = Ftp(f"ftps://{LOOPBACK}:{server.port}", user="u", password="geheim", timeouts=PATIENT)
        outcome = sent(way, ONE)
    assert isinstance(outcome, Misconfigured), outcome
    assert faulty.commands == ["AUTH TLS"]


def test_a_pin_holds_for_the_data_connection_too(tmp_path: Path) -> None:
    own, other = issue(), issue()
    contexts = [serving(tmp_path, certificate) for certificate in (own, other)]
    for data, kind in ((contexts[0], Delivered), (contexts[1], Misconfigured)):
        faulty = SecureFaulty(contexts[0], data)
        with Scripted(faulty) as server:
            url = f"ftps-implicit://{LOOPBACK}:{server.port}"
            outcome = sent(Ftp(url, tls=Tls(pin=own.fingerprint), timeouts=PATIENT), ONE)
        assert isinstance(outcome, kind), outcome
        assert faulty.stored == (ONE.files[0].content if kind is Delivered else b"")


def serving(tmp_path: Path, own: Issued) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.write(tmp_path / "server.pem"))
    return context


@pytest.mark.parametrize(
    ("scheme", "refused", "kind"),
    [
        ("ftps", "PBSZ", Delivered),
        ("ftps", "PROT", Misconfigured),
        ("ftps-implicit", "PBSZ", Delivered),
        ("ftps-implicit", "PROT", Delivered),  # files are protected there without it
    ],
)
def test_no_file_goes_in_the_clear(
    tmp_path: Path, scheme: str, refused: str, kind: type[Outcome]
) -> None:
    own = issue()
    context = serving(tmp_path, own)
    answers = {refused: "502 no\r\n"}
    faulty = SecureFaulty(context, context, after_auth=scheme == "ftps", **answers)
    with Scripted(faulty) as server:
        protocol = Ftp(
            f"{scheme}://{LOOPBACK}:{server.port}", tls=Tls(pin=own.fingerprint), timeouts=PATIENT
        )
        outcome = sent(protocol, ONE)
    assert isinstance(outcome, kind), outcome
    assert faulty.stored == (ONE.files[0].content if kind is Delivered else b"")


def test_implicit_ftps(tmp_path: Path) -> None:
    own = issue()
    pem = own.write(tmp_path / "server.pem")
    with ftp_servers.vsftpd(tmp_path, certificate=pem, extra="implicit_ssl=YES\n") as server:
        protocol = Ftp(
            f"ftps-implicit://{server.address}", tls=Tls(pin=own.fingerprint), timeouts=PATIENT
        )
        assert sent(protocol, FILES) == Delivered(quoted("2 files"))
        assert (server.home / "in" / "a.jpg").read_bytes() == FILES.files[0].content


def test_through_a_proxy_the_certificate_is_still_the_receivers(tmp_path: Path) -> None:
    own = issue()
    with Scripted(SecureServer(tmp_path, own)) as receiver:

        def tunnel(connection: socket.socket, _: int, server: Scripted) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
                head += byte
            server.received.append(head)
            if b"Proxy-Authorization: Basic cDpx" not in head:
                connection.sendall(answer("407 Proxy Authentication Required"))
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket_module.create_connection((LOOPBACK, receiver.port)) as onward:
                back = threading.Thread(target=pump, args=(onward, connection))
                back.start()
                pump(connection, onward)
                back.join()

        with Scripted(tunnel) as proxy:
            url, through = f"https://{LOOPBACK}:{receiver.port}/", f"http://{LOOPBACK}:{proxy.port}"
            good = HttpPost(
                url,
                tls=Tls(pin=own.fingerprint),
                proxy=through,
                proxy_user="p",
                proxy_password="q",
                timeouts=PATIENT,
            )
            assert isinstance(sent(good), Delivered)
            assert proxy.received[0].startswith(f"CONNECT {LOOPBACK}:{receiver.port} ".encode())
            assert isinstance(sent(replace(good, tls=Tls(pin="0" * 64))), Misconfigured)
            assert isinstance(sent(replace(good, proxy_user="")), Misconfigured)
    assert len(receiver.received) == 1


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):  # also after a reset: the other side waits for an end
        target.shutdown(socket_module.SHUT_WR)
