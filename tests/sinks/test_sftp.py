"""The SFTP sink against OpenSSH's sftp-server, reached through an SSH server that the test starts."""

from __future__ import annotations

import getpass
import os
import sys
import time
from pathlib import Path
from socket import SHUT_RDWR
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError
from cammra_edge.message import Attempt, Body, Files, NamedFile
from cammra_edge.model import Device
from cammra_edge.phrases import quoted
from cammra_edge.profile import Ftp, Profile, Timeouts
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, Outcome, TryLater
from cammra_edge.trial import trial
from tests.servers import LOOPBACK, PATIENT, Scripted, free_port, missing, require_program, running

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

asyncssh = pytest.importorskip("asyncssh")
from cammra_edge.sinks.sftp import SftpSink  # noqa: E402 - needs asyncssh
from cammra_edge.sinks.sftp_session import Session  # noqa: E402 - as above

SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")
PASSWORD_SERVER = """
import asyncio, sys
import asyncssh

port, key, home, *refusals = sys.argv[1:]

class Server(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return (username, password) == ("cam", "geheim")

def refused(error):
    def refuse(self, *_):
        raise getattr(asyncssh, error)("not here")
    return refuse

class Files(asyncssh.SFTPServer):
    if "stat=without" in refusals:
        def stat(self, path):
            return asyncssh.SFTPAttrs(permissions=super().stat(path).st_mode)

for refusal in refusals:
    method, error = refusal.split("=")
    if error != "without":
        setattr(Files, method, refused(error))

async def main():
    await asyncssh.listen(
        "127.0.0.1", int(port), server_host_keys=[key], server_factory=Server,
        sftp_factory=lambda channel: Files(channel, chroot=home),
    )
    await asyncio.Event().wait()

asyncio.run(main())
"""
FIRST = Attempt(event_id="e" * 32, packet=7)
AGAIN = Attempt(event_id="e" * 32, packet=7, number=2)
JPEG = b"\xff\xd8" + bytes(range(256)) * 800 + b"\xff\xd9"
FILES = Files(
    files=(
        NamedFile(path="GATE-1/09/n.json", content=b"{}"),
        NamedFile(path="GATE-1/09/n_lp.jpg", content=JPEG[:500]),
        NamedFile(path="GATE-1/09/n.jpg", content=JPEG),
    )
)


class Server:
    """What a test needs to know of a running server."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.home = work / "home"
        self.home.mkdir()
        host = asyncssh.generate_private_key("ssh-ed25519")
        camera = asyncssh.generate_private_key("ssh-ed25519")
        host.write_private_key(work / "host")
        (work / "host").chmod(0o600)  # OpenSSH insists
        camera.write_private_key(work / "camera")
        camera.write_public_key(work / "authorized")
        self.ssh_key = str(work / "camera")
        self.fingerprint = host.get_fingerprint("sha256")
        self.port = free_port()

    def openssh(self) -> list[str]:
        """OpenSSH's own server, with its sftp-server; logs in whoever runs the tests, by key."""
        program = require_program("sshd", apt="openssh-server")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it insists
        configuration = self.work / "sshd_config"
        configuration.write_text(
            f"Port {self.port}\nListenAddress {LOOPBACK}\nHostKey {self.work}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.work}/authorized\nStrictModes no\nPasswordAuthentication no\n"
            f"Subsystem sftp {SFTP_SERVER} -d {self.home}\n"
        )
        return [program, "-D", "-e", "-f", str(configuration)]

    def with_password(self, *refusals: str) -> list[str]:
        """A server that takes a password, and refuses as told (`rename=SFTPFailure`).

        OpenSSH would want a user of the system for a password.
        """
        (self.work / "server.py").write_text(PASSWORD_SERVER)
        return [
            sys.executable,
            str(self.work / "server.py"),
            str(self.port),
            str(self.work / "host"),
            str(self.home),
            *refusals,
        ]

    def profile(self, **settings: str) -> Profile:
        usual = {"user": getpass.getuser(), "ssh_key": self.ssh_key, "host_key": self.fingerprint}
        return Profile(
            "p", Ftp(f"sftp://{LOOPBACK}:{self.port}", timeouts=PATIENT, **(usual | settings))
        )

    def stored(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in self.home.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    if not SFTP_SERVER.exists():
        missing("openssh-sftp-server")
    made = Server(tmp_path)
    with running(made.openssh(), port=made.port):
        yield made


@pytest.fixture
def password_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    command = made.with_password(*getattr(request, "param", ()))
    with running(command, port=made.port):
        yield made


def sent(profile: Profile, *messages: Files, attempt: Attempt = FIRST) -> list[Outcome]:
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    outcomes = [sink.send(message, attempt) for message in messages]
    sink.close()
    return outcomes


def wanted(files: Files = FILES) -> dict[str, bytes]:
    return {file.path: file.content for file in files.files}


def test_files_arrive_whole(server: Server) -> None:
    assert sent(server.profile(), FILES) == [Delivered(quoted("3 files"))]
    assert server.stored() == wanted()


def test_a_password_is_taken_and_a_wrong_one_is_a_fault_of_the_settings(
    password_server: Server,
) -> None:
    good = password_server.profile(user="cam", password="geheim", ssh_key="")
    assert sent(good, FILES) == [Delivered(quoted("3 files"))]
    assert password_server.stored() == wanted()
    (outcome,) = sent(password_server.profile(user="cam", password="falsch", ssh_key=""), FILES)
    assert isinstance(outcome, Misconfigured)
    assert "falsch" not in outcome.why


def test_one_connection_carries_many_events(server: Server) -> None:
    many = [Files(files=(NamedFile(path=f"d/{number}.jpg", content=JPEG),)) for number in range(20)]
    assert set(sent(server.profile(), *many)) == {Delivered(quoted("1 file"))}
    assert len(server.stored()) == 20


def test_nothing_is_overwritten_and_a_repeat_finds_its_own(server: Server) -> None:
    other = Files(files=(NamedFile(path="GATE-1/09/n.jpg", content=b"other"),))
    sent(server.profile(), other, FILES)
    numbers = {
        "GATE-1/09/n_1.json": b"{}",
        "GATE-1/09/n_lp_1.jpg": JPEG[:500],
        "GATE-1/09/n_1.jpg": JPEG,
    }
    assert server.stored() == wanted(other) | numbers
    sent(server.profile(), FILES, attempt=AGAIN)
    assert server.stored() == wanted(other) | numbers


def test_another_key_than_the_named_one_gets_nothing(server: Server) -> None:
    for host_key in ("", "SHA256:" + "A" * 43):
        (outcome,) = sent(server.profile(host_key=host_key), FILES)
        assert isinstance(outcome, Misconfigured)
        assert server.fingerprint in outcome.why
    assert server.stored() == {}


def test_a_key_file_that_is_none_is_a_fault_of_the_settings(server: Server, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("nonsense")
    (outcome,) = sent(server.profile(ssh_key=str(tmp_path / "bad")), FILES)
    assert isinstance(outcome, Misconfigured)


def test_what_is_no_ssh_server_is_tried_later() -> None:
    def script(connection: socket.socket, _: int, __: Scripted) -> None:
        connection.sendall(b"220 FTP here\r\n")
        connection.recv(100)

    with Scripted(script) as other:
        (outcome,) = sent(
            Profile("p", Ftp(f"sftp://{LOOPBACK}:{other.port}", timeouts=PATIENT)), FILES
        )
    assert isinstance(outcome, TryLater)
    (outcome,) = sent(
        Profile("p", Ftp(f"sftp://{LOOPBACK}:{free_port()}", timeouts=PATIENT)), FILES
    )
    assert isinstance(outcome, TryLater)
    assert "refuses the connection" in outcome.why


def test_a_server_that_says_nothing_does_not_hold_us_up() -> None:
    def script(_: socket.socket, __: int, server: Scripted) -> None:
        while not server._closing:
            time.sleep(0.02)

    limits = Timeouts(connect_s=1, total_s=1.5)
    with Scripted(script) as other:
        (outcome,) = sent(
            Profile("p", Ftp(f"sftp://{LOOPBACK}:{other.port}", timeouts=limits)), FILES
        )
    assert isinstance(outcome, TryLater)


def test_only_files(server: Server) -> None:
    sink = open_sink(server.profile().protocol, clock=SYSTEM_CLOCK)
    assert isinstance(sink.send(Body(content=b"x"), FIRST), GiveUp)
    assert isinstance(sink.send(Files(files=()), FIRST), Delivered)
    sink.close()


def test_folders_that_somebody_cleared_away_are_made_again(server: Server) -> None:
    sink = open_sink(server.profile().protocol, clock=SYSTEM_CLOCK)
    assert isinstance(sink.send(FILES, FIRST), Delivered)
    for path in sorted(server.home.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert isinstance(sink.send(FILES, FIRST), Delivered)
    sink.close()
    assert server.stored() == wanted()


def test_a_connection_that_went_away_costs_one_reconnect(server: Server) -> None:
    sink = open_sink(server.profile().protocol, clock=SYSTEM_CLOCK)
    assert isinstance(sink, SftpSink)
    assert isinstance(sink.send(FILES, FIRST), Delivered)
    assert isinstance(sink._kept, Session)
    connection = sink._kept._connection
    assert connection is not None
    connection.get_extra_info("socket").shutdown(SHUT_RDWR)
    assert isinstance(sink.send(FILES, AGAIN), Delivered)
    sink.close()
    assert server.stored() == wanted()


MAY_NOT_RENAME = ("rename=SFTPPermissionDenied", "posix_rename=SFTPPermissionDenied")


@pytest.mark.parametrize("password_server", [MAY_NOT_RENAME], indirect=True, ids=["may not rename"])
def test_what_is_refused_leaves_nothing_half_written(password_server: Server) -> None:
    profile = password_server.profile(user="cam", password="geheim", ssh_key="")
    (outcome,) = sent(profile, FILES)
    assert isinstance(outcome, GiveUp), outcome
    assert password_server.stored() == {}
    told = list(trial(profile, profile_id=1, device=Device(time_zone="UTC"), clock=SYSTEM_CLOCK))
    assert (told[-2].name, told[-2].state) == ("rename", "failed")
    assert told[-2].remedy
    assert "geheim" not in repr(told)
    assert password_server.stored() == {}


def test_a_test_is_told_step_by_step_and_leaves_nothing_behind(server: Server) -> None:
    told = list(
        trial(server.profile(), profile_id=1, device=Device(time_zone="UTC"), clock=SYSTEM_CLOCK)
    )
    ended = {step.name: step.state for step in told if step.state != "running"}
    names = ["dns", "tcp", "login", "folder", "upload", "rename", "delete", "done"]
    assert ended == dict.fromkeys(names, "ok")
    assert all(step.detail for step in told[:-1] if step.state == "ok")
    assert server.stored() == {}


def test_a_test_shows_the_key_of_a_server_that_is_not_believed(server: Server) -> None:
    told = list(
        trial(
            server.profile(host_key=""),
            profile_id=1,
            device=Device(time_zone="UTC"),
            clock=SYSTEM_CLOCK,
        )
    )
    assert (told[-2].name, told[-2].state) == ("login", "failed")
    assert server.fingerprint in told[-2].detail
    assert "the trusted key" in told[-2].remedy


def test_a_fingerprint_is_checked_when_it_is_set() -> None:
    with pytest.raises(ConfigError, match=r"^Ftp: host_key"):
        Ftp("sftp://h", host_key="AA:BB")
