"""A Debian for ARM with a real Python in a folder, and the launcher that runs it under emulation.

Unpacked only: no chroot, no mount, no binfmt entry, no root rights. The launcher (`python` below) tells the
emulator where the folder is and Python what its own name is, so that `sys.executable` starts another emulated
Python; programs of the host (receivers that tests start: php, ncat) stay the host's.
"""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools.arm import debian
from tools.arm.steps import fetch, output_of, step
from tools.arm.targets import PYTHON_VERSION, Target
from tools.arm.toolchain import Toolchain

PACKAGES = (
    "python3",
    "libpython3-stdlib",
    "libstdc++6",
    "libgcc-s1",
    "libc-bin",
    "ca-certificates",
    "tzdata",
)
TEST_PACKAGES = (
    *("hypothesis>=6.130", "jsonschema>=4.23", "lxml>=5.3"),
    *("pyftpdlib>=2.0.1", "pytest>=8.4", "pytest-timeout>=2.4", "typing_extensions"),
)
TEST_PACKAGES_NOT_ON_ARMV7 = ("aiohttp>=3.12", "cryptography>=44", "pyopenssl>=25")
"""What the tests import; tests/emulation.py names what is missing here, and why."""
PACKAGES_ON_ARMV7 = ("python3-cryptography", "python3-openssl")
"""Debian's, for the tests: PyPI has no cffi for armv7, without which its builds of these do not work."""
PURE_SOURCES = ("pyftpdlib",)
"""Pure Python that PyPI has as source only; the host makes their wheels."""


@dataclass(frozen=True, slots=True)
class Root:
    """The unpacked ARM system."""

    chain: Toolchain
    target: Target

    @property
    def folder(self) -> Path:
        """What `/` is to the emulated program, where it has the file."""
        return self.chain.cache / f"root-{self.target.name}"

    @property
    def python(self) -> Path:
        """Starts the ARM Python."""
        return self.chain.cache / "bin" / f"python-{self.target.name}"

    @property
    def site(self) -> Path:
        """Where pip, running on the ARM Python, puts the wheel and what it needs."""
        return self.chain.cache / f"site-{self.target.name}"

    def emulate(self) -> list[str]:
        """The command that runs one ARM program."""
        return [str(self.chain.qemu(self.target)), "-L", str(self.folder)]

    def python_command(self) -> list[str]:
        """The ARM Python itself, to be run by the emulator; needs `python_environment`."""
        return [str(self.folder / "usr/bin" / f"python{PYTHON_VERSION}")]

    def python_environment(self) -> dict[str, str]:
        """Where the ARM Python's own library is."""
        return {"PYTHONHOME": str(self.folder / "usr")}

    def says(self, script: str) -> str:
        """What a script prints on the ARM Python, with the packages installed."""
        return output_of([str(self.python), "-c", script], env=self.environment()).strip()

    def environment(self) -> dict[str, str]:
        """Variables for an emulated program: the core that is emulated, and the packages."""
        return {
            "QEMU_CPU": self.target.core,
            "PYTHONPATH": str(self.site),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CAMMRA_EMULATED": self.target.name,
        }


def prepare(chain: Toolchain, target: Target) -> Root:
    """Fetch and unpack the root, if it is not there.

    Raises:
        StopError: Something cannot be fetched, or Python does not start.
    """
    root = Root(chain, target)
    packages = [*PACKAGES, *(() if target.has_numpy else PACKAGES_ON_ARMV7)]
    stamp = chain.cache / f"root-{target.name}-asked-for"
    if not stamp.exists() or stamp.read_text() != "\n".join(packages):
        with step(f"fetch and unpack a Python for {target.name}"):
            debs = chain.cache / f"debs-root-{target.name}"
            shutil.rmtree(debs, ignore_errors=True)
            shutil.rmtree(root.folder, ignore_errors=True)
            apt = debian.PrivateApt(
                chain.cache / f"apt-{target.debian}", target.debian, security=False
            )
            apt.download_with_dependencies(packages, debs)
            debian.unpack(debs, root.folder)
            _link_loader(root)
            _write_launcher(root)
        stamp.write_text("\n".join(packages))
    return root


def _link_loader(root: Root) -> None:
    """Where usr-merge would have put its links; packages that are only unpacked lack them."""
    for name in ("lib", "bin", "sbin"):
        if not (root.folder / name).exists():
            (root.folder / name).symlink_to(f"usr/{name}")


def _write_launcher(root: Root) -> None:
    home = root.folder / "usr"
    program = home / "bin" / f"python{PYTHON_VERSION}"
    emulate = " ".join(f'"{part}"' for part in root.emulate())
    # -0: Python takes its own name from there, and `sys.executable` starts this launcher again.
    command = f'exec {emulate} -0 "{root.python}" "{program}" "$@"'
    root.python.write_text(
        f'#!/bin/sh\nQEMU_CPU={root.target.core} PYTHONHOME="{home}" {command}\n'
    )
    root.python.chmod(0o755)


def install(root: Root, wheel: Path, *, extras: str) -> None:
    """Install the wheel and what it asks for, with pip on the ARM Python: its tags and markers are those of a camera.

    What it asks for is fetched again only when that changes.

    Raises:
        StopError: pip refuses the wheel, or finds no ARM build of something it needs.
    """
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        asked_for = [
            line
            for line in archive.read(metadata).decode().splitlines()
            if line.startswith("Requires-")
        ]
    packages = [*TEST_PACKAGES, *(TEST_PACKAGES_NOT_ON_ARMV7 if root.target.has_numpy else ())]
    wanted = "\n".join([*asked_for, extras, *packages])
    stamp = root.site / "asked-for"
    if stamp.exists() and stamp.read_text() == wanted:
        shutil.rmtree(root.site / "cammra_edge", ignore_errors=True)
        _pip(root, "--no-deps", "--upgrade", str(wheel))
        return
    shutil.rmtree(root.site, ignore_errors=True)
    _pip(root, f"{wheel}[{extras}]", *packages)
    stamp.write_text(wanted)


def _pip(root: Root, *arguments: str) -> None:
    """Run pip on the ARM Python."""
    wheels = root.chain.cache / "pip"
    if not list(wheels.glob("pip-*.whl")):
        host_pip = [str(root.chain.tools / "python"), "-m", "pip", "wheel", "--quiet", "--no-deps"]
        fetch([*host_pip, "--wheel-dir", str(wheels), "pip", *PURE_SOURCES])
    fetch(
        [
            # Not by the launcher: pip reads the ELF header of `sys.executable` to know hard float from soft.
            *(*root.emulate(), *root.python_command()),
            f"{debian.only(wheels, 'pip-*.whl')}/pip",
            *(
                "install",
                "--quiet",
                "--no-compile",
                "--only-binary=:all:",
                "--target",
                str(root.site),
            ),
            *("--find-links", str(wheels), *arguments),
        ],
        env={
            **root.python_environment(),
            "QEMU_CPU": root.target.core,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
