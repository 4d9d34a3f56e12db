"""FTP servers that nobody here wrote, each on loopback: vsftpd, ProFTPD, Pure-FTPd, pyftpdlib, and `ftp_registries`'.

Debian's three FTP packages exclude each other, so all but vsftpd are unpacked beside the system, into a
cache folder of this project.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from tests import ftp_registries
from tests.servers import LOOPBACK, free_port, require_program, running
from tests.sharing import CACHE, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNPACKED = CACHE / "debian"
USER, PASSWORD = "cam", "geheim"
NAMES = ("vsftpd", "proftpd", "pure-ftpd", "pyftpdlib")
"""Those that do all that is asked of them."""
ALL = (*NAMES, *ftp_registries.COMMANDS)
PACKAGES = {
    "proftpd": (
        "proftpd-core",
        "proftpd-mod-crypto",
        "libhiredis0.14",
        "libpcre2-posix3",
        "libmemcached11",
        "libmemcachedutil2",
        "libhashkit2",
    ),
    "pure-ftpd": ("pure-ftpd", "pure-ftpd-common"),
}


@dataclass(frozen=True)
class FtpServer:
    """One running server."""

    name: str
    port: int
    home: Path
    user: str
    password: str
    host: str = LOOPBACK

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"ftp://{self.address}"


def unpacked(program: str) -> tuple[Path, dict[str, str]]:
    """A program of a package that cannot be installed, and the environment it wants."""
    folder = UNPACKED / program
    found = folder / "usr" / "sbin" / program
    with one_at_a_time(program):
        have = all(any(folder.glob(f"{package}_*.deb")) for package in PACKAGES[program])
        if not have and shutil.which("apt-get"):
            folder.mkdir(parents=True, exist_ok=True)
            command = ["apt-get", "download", "-q", *PACKAGES[program]]
            subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=120)
            for package in folder.glob("*.deb"):
                subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True)
    if not found.exists():
        reason = f"{program} cannot be had: apt-get download {' '.join(PACKAGES[program])}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found, {"LD_LIBRARY_PATH": str(folder / "usr" / "lib" / "x86_64-linux-gnu")}


def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("this server changes its root folder, and we are not root")


def make_home(work: Path, user: str = "nobody", group: str = "nogroup") -> Path:
    """The login folder, with `in` to write into: the servers drop to a user without rights."""
    home = work / "home"
    (home / "in").mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(home / "in", user, group)
    for folder in home.parents:
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    return home


@contextlib.contextmanager
def vsftpd(
    work: Path, *, host: str = LOOPBACK, certificate: str = "", extra: str = ""
) -> Iterator[FtpServer]:
    as_root()
    program = require_program("vsftpd", apt="vsftpd")
    home = make_home(work, "ftp", "ftp")
    (work / "empty").mkdir()
    port = free_port(host)
    listen = (
        f"listen=NO\nlisten_ipv6=YES\nlisten_address6={host}"
        if ":" in host
        else f"listen=YES\nlisten_address={host}"
    )
    secure = (
        "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\n"
        f"rsa_cert_file={certificate}\nrsa_private_key_file={certificate}\nrequire_ssl_reuse=YES\n"
        "ssl_ciphers=HIGH\n"
    )
    config = work / "vsftpd.conf"
    config.write_text(
        f"{listen}\nlisten_port={port}\nbackground=NO\nanonymous_enable=YES\nno_anon_password=YES\n"
        f"ftp_username=ftp\nanon_root={home}\nwrite_enable=YES\nanon_upload_enable=YES\n"
        "anon_mkdir_write_enable=YES\nanon_other_write_enable=YES\nanon_umask=022\n"
        f"anon_world_readable_only=NO\nsecure_chroot_dir={work / 'empty'}\nconnect_from_port_20=NO\n"
        f"{secure if certificate else ''}{extra}"
    )
    config.chmod(0o600)
    with running([program, str(config)], port=port, host=host):
        yield FtpServer("vsftpd", port, home, "", "", host)


@contextlib.contextmanager
def proftpd(work: Path, *, host: str = LOOPBACK, certificate: str = "") -> Iterator[FtpServer]:
    as_root()
    program, environment = unpacked("proftpd")
    home = make_home(work)
    port = free_port(host)
    # It insists on the session being taken up again, unless told otherwise.
    secure = (
        f"LoadModule mod_tls.c\nTLSEngine on\nTLSRequired on\nTLSECCertificateFile {certificate}\n"
        f"TLSECCertificateKeyFile {certificate}\nTLSLog {work}/tls\n"
    )
    config = work / "proftpd.conf"
    config.write_text(
        f"ServerName x\nServerType standalone\nDefaultServer on\nDefaultAddress {host}\nSocketBindTight on\n"
        f"Port {port}\nUseIPv6 {'on' if ':' in host else 'off'}\nUser nobody\nGroup nogroup\nAuthPAM off\n"
        "RequireValidShell off\nAuthOrder mod_auth_file.c\n"
        f"AuthUserFile {work}/passwd\nDefaultRoot {home}\nScoreboardFile {work}/score\n"
        f"PidFile {work}/pid\nDelayEngine off\nAllowOverwrite on\nWtmpLog off\nSystemLog {work}/log\n"
        f"ModulePath {program.parents[1]}/lib/proftpd\nTransferLog none\nUseReverseDNS off\n"
        f"{secure if certificate else ''}"
    )
    (work / "passwd").write_text(f"{USER}:{hashed()}:65534:65534::{home}:/bin/sh\n")
    (work / "passwd").chmod(0o600)
    command = [str(program), "-n", "-q", "-c", str(config)]
    with running(command, port=port, host=host, environment=environment):
        yield FtpServer("proftpd", port, home, USER, PASSWORD, host)


@contextlib.contextmanager
def pure_ftpd(
    work: Path, *, host: str = LOOPBACK, certificate: str = "", quota_bytes: str = ""
) -> Iterator[FtpServer]:
    as_root()
    program, _ = unpacked("pure-ftpd")
    home = make_home(work)
    port = free_port(host)
    if quota_bytes:
        shutil.chown(home, "nobody", "nogroup")  # the server keeps its count there
    # The file's eighteen fields; made by hand, as pure-pw's own hash costs seconds at each login.
    fields = [
        USER,
        hashed(),
        "65534",
        "65534",
        "",
        str(home),
        *[""] * 5,
        "1000" if quota_bytes else "",
        quota_bytes,
        *[""] * 5,
    ]
    (work / "passwd").write_text(":".join(fields) + "\n")
    pure_pw = program.parents[1] / "bin" / "pure-pw"
    make_table: list[str | Path] = [pure_pw, "mkdb", work / "pdb", "-f", work / "passwd"]
    subprocess.run(make_table, check=True, capture_output=True)
    command = [
        program,
        "-S",
        f"{host},{port}",
        "-l",
        f"puredb:{work / 'pdb'}",
        "-E",
        "-A",
        "-H",
        *(("-Y", "3", "-2", certificate) if certificate else ()),
    ]
    with running([str(part) for part in command], port=port, host=host):
        yield FtpServer("pure-ftpd", port, home, USER, PASSWORD, host)


def hashed() -> str:
    """The password as `crypt` has it."""
    command = ["openssl", "passwd", "-6", PASSWORD]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


PYFTPDLIB = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

host, port, home, certificate, permissions = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user("cam", "geheim", home, perm=permissions)
handler = TLS_FTPHandler if certificate else FTPHandler
handler.authorizer = authorizer
if certificate:
    handler.certfile = certificate
    handler.tls_control_required = handler.tls_data_required = True
FTPServer((host, int(port)), handler).serve_forever()
"""


@contextlib.contextmanager
def pyftpdlib(
    work: Path, *, host: str = LOOPBACK, certificate: str = "", permissions: str = "elradfmwMT"
) -> Iterator[FtpServer]:
    pytest.importorskip("pyftpdlib")
    home = make_home(work)
    port = free_port(host)
    script = work / "server.py"
    script.write_text(PYFTPDLIB)
    command = [sys.executable, str(script), host, str(port), str(home), certificate, permissions]
    with running(command, port=port, host=host):
        yield FtpServer("pyftpdlib", port, home, USER, PASSWORD, host)


def from_registry(name: str) -> Start:
    """How a server of `ftp_registries` is started; none of them has TLS here."""

    @contextlib.contextmanager
    def start(work: Path, *, host: str = LOOPBACK, certificate: str = "") -> Iterator[FtpServer]:
        assert not certificate
        home = make_home(work)
        with ftp_registries.started(name, home, host) as port:
            yield FtpServer(name, port, home, USER, PASSWORD, host)

    return start


class Start(Protocol):
    """Starts a server, on IPv6 where the host is one, over TLS alone with a certificate."""

    def __call__(
        self, work: Path, /, *, host: str = LOOPBACK, certificate: str = ""
    ) -> contextlib.AbstractContextManager[FtpServer]: ...


START: dict[str, Start] = {
    "vsftpd": vsftpd,
    "proftpd": proftpd,
    "pure-ftpd": pure_ftpd,
    "pyftpdlib": pyftpdlib,
    **{name: from_registry(name) for name in ftp_registries.COMMANDS},
}
