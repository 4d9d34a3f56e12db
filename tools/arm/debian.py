"""Debian packages as a source of files: fetched and unpacked into the cache, never installed.

apt runs with lists, sources and a status file of its own, so the machine's are neither read nor changed. What
apt fetches is checked against Debian's signatures; what comes from the pool by its address must be in `POOL_SHA256`.
The mirror is the one that this machine's apt uses, or `CAMMRA_DEBIAN_MIRROR` (and `CAMMRA_DEBIAN_SECURITY_MIRROR`).
"""

import hashlib
import http.client
import os
import shutil
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.arm.steps import StopError, fetch, output_of, patiently, run

SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

POOL_SHA256 = {
    # Mirrors' index of bookworm-security for armhf lags behind their pool at times, so this one is taken by address.
    "libstd-rust-web-dev_1.96.0+dfsg1-1~deb12u2_armhf.deb": (
        "b9f9dd1d03a903680f918cb2bba00a2a3d76558545d5e6a8061072ab461bb989"
    ),
}


def mirror(suite: str, variable: str) -> str:
    """Where this machine gets a suite from.

    Raises:
        StopError: Neither apt nor the variable knows.
    """
    if said := os.environ.get(variable):
        return said.rstrip("/")
    if shutil.which("apt-get"):
        for line in output_of(
            ["apt-get", "indextargets", "--format", "$(RELEASE) $(SITE)"]
        ).splitlines():
            release, _, site = line.partition(" ")
            if release == suite:
                return site.rstrip("/")
    raise StopError(
        f"apt on this machine does not know {suite}: name a Debian mirror in {variable}"
    )


@dataclass(frozen=True, slots=True)
class PrivateApt:
    """An apt of its own for one architecture, in a folder of the cache."""

    folder: Path
    architecture: str
    security: bool
    """Whether to know the security suite, and only it for a `-security` folder."""
    also: tuple[str, ...] = ()

    def _options(self) -> list[str]:
        architectures = (self.architecture, *self.also)
        return [
            "-qq",
            *("-o", f"Dir={self.folder}"),
            *("-o", f"Dir::State::status={self.folder}/var/lib/dpkg/status"),
            *("-o", f"APT::Architecture={self.architecture}"),
            *(part for one in architectures for part in ("-o", f"APT::Architectures::={one}")),
            *("-o", "APT::Sandbox::User=root", "-o", "APT::Install-Recommends=0"),
            *("-o", "Acquire::Retries=3", "-o", "Acquire::Languages=none"),
        ]

    def _prepare(self) -> None:
        ready = self.folder / "ready"
        if ready.exists():
            return
        if not KEYRING.exists():
            raise StopError(f"no {KEYRING}: install the package debian-archive-keyring")
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in (
            *(
                "etc/apt/apt.conf.d",
                "etc/apt/preferences.d",
                "etc/apt/trusted.gpg.d",
                "etc/apt/sources.list.d",
            ),
            *("var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg"),
        ):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "var/lib/dpkg/status").touch()
        architectures = ",".join((self.architecture, *self.also))
        options = f"[arch={architectures} signed-by={KEYRING}]"
        sources = [f"deb {options} {mirror(SUITE, 'CAMMRA_DEBIAN_MIRROR')} {SUITE} main"]
        if self.security:
            site = mirror(f"{SUITE}-security", "CAMMRA_DEBIAN_SECURITY_MIRROR")
            sources.append(f"deb {options} {site} {SUITE}-security main")
        (self.folder / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
        # Without the option apt calls a list that it could not fetch a warning, and goes on without it.
        fetch(["apt-get", *self._options(), "-o", "APT::Update::Error-Mode=any", "update"])
        ready.touch()

    def download(self, packages: Sequence[str], into: Path) -> None:
        """Fetch exactly these packages."""
        self._prepare()
        into.mkdir(parents=True, exist_ok=True)
        fetch(["apt-get", *self._options(), "download", *packages], cwd=into)

    def download_with_dependencies(self, packages: Sequence[str], into: Path) -> None:
        """Fetch these packages and all that they need, as for an empty machine."""
        self._prepare()
        archives = self.folder / "var/cache/apt/archives"
        fetch(["apt-get", *self._options(), "--yes", "--download-only", "install", *packages])
        into.mkdir(parents=True, exist_ok=True)
        for deb in archives.glob("*.deb"):
            shutil.move(deb, into / deb.name)


def download_from_pool(path: str, into: Path) -> None:
    """Fetch one file of the security suite's pool by its address; only files whose checksum we know.

    Raises:
        StopError: An unknown file, or another content than the known one.
    """
    name = path.rpartition("/")[2]
    wanted = POOL_SHA256.get(name)
    if wanted is None:
        raise StopError(
            f"{name}: not in Debian's index for this architecture, and its checksum is not in debian.py"
        )
    site = mirror(f"{SUITE}-security", "CAMMRA_DEBIAN_SECURITY_MIRROR")
    if not site.startswith(("http://", "https://")):
        raise StopError(f"want an http mirror, not {site}")
    content = patiently(lambda: _content(f"{site}/{path}"))
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise StopError(f"{name}: sha256 is {found}, want {wanted}")
    into.mkdir(parents=True, exist_ok=True)
    (into / name).write_bytes(content)


def _content(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  # its caller has checked the scheme
            return bytes(answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise StopError(f"{url}: {error}") from error


def unpack(debs: Path, into: Path) -> None:
    """Unpack every package of a folder, and remove the packages."""
    into.mkdir(parents=True, exist_ok=True)
    for deb in sorted(debs.glob("*.deb")):
        run(["dpkg-deb", "-x", str(deb), str(into)])
        deb.unlink()


def field_of(deb: Path, name: str) -> str:
    """One field of a package's control file."""
    return output_of(["dpkg-deb", "-f", str(deb), name]).strip()


def only(folder: Path, pattern: str) -> Path:
    """The one file that matches.

    Raises:
        StopError: None does, or several do.
    """
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise StopError(f"{folder}: want one {pattern}, found {[path.name for path in found]}")
    return found[0]
