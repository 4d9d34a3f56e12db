"""Servers that nobody here wrote, PHP behind them by FastCGI: nginx with Basic, Apache and lighttpd with Digest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.model import ImageKind
from cammra_edge.payload import render
from cammra_edge.phrases import quoted
from cammra_edge.profile import HttpPost, Profile
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured
from tests.payload.events import BOUNDARY_KEY, EVENT, JPEGS, SAMPLE_DEVICE
from tests.servers import LOOPBACK, free_port, require_program, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.profile import AuthWord
    from cammra_edge.sinks.base import Outcome

STORE = """<?php
$got = __DIR__ . '/got';
foreach ($_FILES as $part => $file) {
    move_uploaded_file($file['tmp_name'], "$got/" . basename($file['name']));
}
file_put_contents("$got/requests", ($_SERVER['HTTP_AUTHORIZATION'] ?? '-') . "\\n", FILE_APPEND | LOCK_EX);
"""
USER, PASSWORD = "cam", "geheim"
FRAME = bytes(range(256)) * 12_000
MODULES = Path("/usr/lib/apache2/modules")


def render_event(profile: Profile, packet: int) -> Body:
    message = render(
        EVENT,
        JPEGS | {"f": FRAME},
        profile=profile,
        profile_id=1,
        device=SAMPLE_DEVICE,
        packet=packet,
        boundary_key=BOUNDARY_KEY,
    )
    assert isinstance(message, Body)
    return message


def deliver(
    protocol: HttpPost, packets: range, image: ImageKind = ImageKind.FULL_FRAME
) -> list[Outcome]:
    profile = Profile("p", protocol, image=image, two_images=True)
    sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
    outcomes = [
        sink.send(render_event(profile, packet), Attempt(event_id=EVENT.event_id, packet=packet))
        for packet in packets
    ]
    sink.close()
    return outcomes


def assert_stored(got: Path, packet: int) -> None:
    said = json.loads((got / f"20231211142705_507_HWR6677_{packet}.json").read_bytes())
    assert said["packetCounter"] == str(packet)
    assert (got / f"20231211142705_954662roi_HWR6677_{packet}.jpg").read_bytes() == FRAME
    assert (got / f"20231211142705_954662lpup_HWR6677_{packet}.jpg").read_bytes() == JPEGS["p"]


@pytest.fixture
def php(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """PHP's FastCGI server and the folder that its script stores into."""
    program = require_program("php-cgi", apt="php-cgi")
    got = tmp_path / "got"
    got.mkdir()
    (tmp_path / "listener.php").write_text(STORE)
    port = free_port()
    limits = ["-d", "upload_max_filesize=64M", "-d", "post_max_size=128M"]
    with running(
        [program, *limits, "-b", f"{LOOPBACK}:{port}"],
        port=port,
        environment={"PHP_FCGI_CHILDREN": "2"},
    ):
        yield port, got


@pytest.fixture
def nginx(php: tuple[int, Path], tmp_path: Path) -> Iterator[tuple[int, Path]]:
    program = require_program("nginx", apt="nginx-light")
    fastcgi, got = php
    port = free_port()
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
    )
    (tmp_path / "users").write_text(f"{USER}:{hashed.stdout.strip()}\n")
    folders = " ".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "fastcgi", "proxy", "scgi", "uwsgi")
    )
    parameters = "".join(
        f"fastcgi_param {name} {value};"
        for name, value in {
            "SCRIPT_FILENAME": f"{tmp_path}/listener.php",
            "REQUEST_METHOD": "$request_method",
            "CONTENT_TYPE": "$content_type",
            "CONTENT_LENGTH": "$content_length",
        }.items()
    )
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;\n"
        f"events {{ worker_connections 64; }}\nhttp {{ access_log off; client_max_body_size 64m; {folders}\n"
        f"server {{ listen {LOOPBACK}:{port};\n"
        f"location / {{ fastcgi_pass {LOOPBACK}:{fastcgi}; {parameters} }}\n"
        f"location /basic {{ auth_basic x; auth_basic_user_file {tmp_path}/users; "
        f"fastcgi_pass {LOOPBACK}:{fastcgi}; {parameters} }}\n"
        "location /small { client_max_body_size 1k; return 200; }\nlocation /moved { return 307 /; }\n}}\n"
    )
    with running([program, "-p", str(tmp_path), "-c", str(configuration)], port=port):
        yield port, got


def test_nginx_with_fastcgi_stores_every_part(nginx: tuple[int, Path]) -> None:
    port, got = nginx
    assert all(
        isinstance(one, Delivered)
        for one in deliver(HttpPost(f"http://{LOOPBACK}:{port}/"), range(1, 101))
    )
    for packet in (1, 50, 100):
        assert_stored(got, packet)


@pytest.mark.parametrize("auth", ["auto", "basic"])
def test_nginx_with_basic(nginx: tuple[int, Path], auth: AuthWord) -> None:
    port, got = nginx
    url = f"http://{LOOPBACK}:{port}/basic"
    good = HttpPost(url, auth=auth, user=USER, password=PASSWORD)
    assert all(isinstance(one, Delivered) for one in deliver(good, range(1, 4)))
    for packet in range(1, 4):
        assert_stored(got, packet)
    (refused,) = deliver(HttpPost(url, auth=auth, user=USER, password="falsch"), range(4, 5))
    assert isinstance(refused, Misconfigured)


def test_nginx_refuses_what_is_too_large_and_redirects(nginx: tuple[int, Path]) -> None:
    port, _ = nginx
    (large,) = deliver(HttpPost(f"http://{LOOPBACK}:{port}/small"), range(1, 2))
    assert isinstance(large, GiveUp)
    assert "413" in large.why
    (moved,) = deliver(
        HttpPost(f"http://{LOOPBACK}:{port}/moved"), range(1, 2), ImageKind.PLATE_CROP
    )
    assert isinstance(moved, GiveUp)
    assert "the receiver has moved to" in moved.why
    assert moved.why.endswith("not followed")


@dataclass(frozen=True)
class Guarded:
    """A server that asks who is there, by Digest."""

    url: str
    got: Path
    log: Path

    def profile(self, auth: AuthWord = "auto", password: str = PASSWORD) -> HttpPost:
        return HttpPost(self.url, auth=auth, user=USER, password=password)

    def statuses(self, count: int) -> list[str]:
        """What it answered, request by request; written a little after the answer."""
        wait_until(lambda: len(self._lines()) >= count, f"{count} lines in its log")
        return self._lines()

    def _lines(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@contextlib.contextmanager
def apache(php: tuple[int, Path], nonce_s: int) -> Iterator[Guarded]:
    program = require_program("apache2", apt="apache2-bin")
    fastcgi, got = php
    port = free_port()
    names = (
        "mpm_event",
        "authn_core",
        "authn_file",
        "authz_core",
        "authz_user",
        "auth_digest",
        "proxy",
        "proxy_fcgi",
    )
    loads = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in names)
    digest = hashlib.md5(f"{USER}:gate:{PASSWORD}".encode(), usedforsecurity=False).hexdigest()
    # Not below pytest's folder, which is closed to the user that Apache runs as.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "digest").write_text(f"{USER}:gate:{digest}\n")
        (folder / "apache.conf").write_text(
            f"ServerRoot {folder}\nServerName x\nListen {LOOPBACK}:{port}\nPidFile {folder}/pid\n"
            f"ErrorLog {folder}/error.log\nDefaultRuntimeDir {folder}\nMutex file:{folder}\n{loads}"
            f"User nobody\nGroup nogroup\nDocumentRoot {folder}\n"
            f'LogFormat "%>s" status\nCustomLog {folder}/statuses status\n'
            f'<Location "/">\nAuthType Digest\nAuthName gate\nAuthDigestDomain /\nAuthDigestProvider file\n'
            f"AuthUserFile {folder}/digest\nAuthDigestNonceLifetime {nonce_s}\nRequire valid-user\n</Location>\n"
            f'ProxyPass "/" "fcgi://{LOOPBACK}:{fastcgi}/"\n'
            f"ProxyFCGISetEnvIf true SCRIPT_FILENAME {got.parent}/listener.php\n"
        )
        with running([program, "-X", "-f", str(folder / "apache.conf")], port=port):
            yield Guarded(f"http://{LOOPBACK}:{port}/listener.php", got, folder / "statuses")


@contextlib.contextmanager
def lighttpd(php: tuple[int, Path], work: Path, algorithm: str) -> Iterator[Guarded]:
    program = require_program("lighttpd", apt="lighttpd")
    fastcgi, got = php
    port = free_port()
    secret = f"{USER}:gate:{PASSWORD}".encode()
    kind = {"MD5": "md5", "SHA-256": "sha256"}[algorithm]
    (work / "digest").write_text(
        f"{USER}:gate:{hashlib.new(kind, secret, usedforsecurity=False).hexdigest()}\n"
    )
    (work / "lighttpd.conf").write_text(
        'server.modules = ("mod_auth", "mod_authn_file", "mod_fastcgi", "mod_accesslog")\n'
        f'server.document-root = "{work}"\nserver.port = {port}\nserver.bind = "{LOOPBACK}"\n'
        f'server.errorlog = "{work}/error.log"\nserver.upload-dirs = ("{work}")\n'
        f'accesslog.filename = "| /bin/sh -c \'cat >> {work}/statuses\'"\naccesslog.format = "%s"\n'
        f'auth.backend = "htdigest"\nauth.backend.htdigest.userfile = "{work}/digest"\n'
        f'auth.require = ("/" => ("method" => "digest", "algorithm" => "{algorithm}", "realm" => "gate",'
        ' "require" => "valid-user"))\n'
        f'fastcgi.server = (".php" => (("host" => "{LOOPBACK}", "port" => {fastcgi})))\n'
    )
    with running([program, "-D", "-f", str(work / "lighttpd.conf")], port=port):
        yield Guarded(f"http://{LOOPBACK}:{port}/listener.php", got, work / "statuses")


@pytest.fixture(params=["apache", "lighttpd-MD5", "lighttpd-SHA-256"])
def guarded(
    request: pytest.FixtureRequest, php: tuple[int, Path], tmp_path: Path
) -> Iterator[Guarded]:
    name, _, algorithm = request.param.partition("-")
    started = apache(php, 300) if name == "apache" else lighttpd(php, tmp_path, algorithm)
    with started as server:
        yield server


@pytest.mark.parametrize("auth", ["auto", "digest"])
def test_digest_costs_one_round_trip_once(guarded: Guarded, auth: AuthWord) -> None:
    outcomes = deliver(guarded.profile(auth), range(1, 6))
    assert outcomes == [Delivered(quoted("status 200"))] * 5
    assert guarded.statuses(6) == ["401", *["200"] * 5]
    for packet in range(1, 6):
        assert_stored(guarded.got, packet)


def test_digest_with_a_wrong_password_is_refused_and_not_hammered(guarded: Guarded) -> None:
    (refused,) = deliver(guarded.profile(password="falsch"), range(7, 8), ImageKind.PLATE_CROP)
    assert isinstance(refused, Misconfigured)
    assert guarded.statuses(2) == ["401", "401"]


def test_a_nonce_that_has_grown_old_costs_one_more(php: tuple[int, Path]) -> None:
    with apache(php, nonce_s=1) as server:
        profile = Profile("p", server.profile(), image=ImageKind.FULL_FRAME, two_images=True)
        sink = open_sink(profile.protocol, clock=SYSTEM_CLOCK)
        for packet in (1, 2):
            attempt = Attempt(event_id=EVENT.event_id, packet=packet)
            assert isinstance(sink.send(render_event(profile, packet), attempt), Delivered)
            time.sleep(2.1)  # Apache's nonce lives a second
        sink.close()
        assert server.statuses(4) == ["401", "200", "401", "200"]
        for packet in (1, 2):
            assert_stored(server.got, packet)
