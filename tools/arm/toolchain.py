"""What makes ARM binaries on an x86-64 machine, in a cache folder: nothing is installed.

* Debian's `rustc-web` with the standard libraries for amd64, arm64 and armhf, unpacked (rustup's own compiler would
  do where rustup can fetch those; Debian's mirrors are reachable where that is not).
* zig as C compiler and linker, because it carries glibc's symbols of every version: the wheels ask for 2.17 only.
* qemu's user-mode emulator with its libraries, the dynamic build: only that one loads plugins.

cargo is the machine's own; `RUSTC` points here.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.arm import debian
from tools.arm.steps import StopError, fetch, output_of, run, step
from tools.arm.targets import GLIBC_FLOOR, Target

REPOSITORY = Path(__file__).resolve().parents[2]
SECURITY_POOL = "pool/updates/main/r/rustc-web"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where things are in the cache."""

    cache: Path

    @property
    def rust(self) -> Path:
        """Unpacked compiler and standard libraries."""
        return self.cache / "rust"

    @property
    def rustc(self) -> Path:
        """The compiler, as a program that finds its own libraries."""
        return self.cache / "bin" / "rustc"

    @property
    def tools(self) -> Path:
        """Programs of a virtual environment: maturin, zig, pyelftools."""
        return self.cache / "venv" / "bin"

    @property
    def target_dir(self) -> Path:
        """Apart from the machine's own: two compilers must not share one."""
        return self.cache / "target"

    def qemu(self, target: Target) -> Path:
        """The emulator, as a program that finds its own libraries."""
        return self.cache / "bin" / f"qemu-{target.qemu}"

    def environment(self, target: Target) -> dict[str, str]:
        """Variables for everything that builds for a target."""
        found = {
            "PATH": f"{self.cache / 'bin'}:{self.tools}:{os.environ['PATH']}",
            "RUSTC": str(self.rustc),
            "CARGO_TARGET_DIR": str(self.target_dir),
            "CARGO_ZIGBUILD_CACHE_DIR": str(self.cache / "zigbuild"),
            "ZIG_GLOBAL_CACHE_DIR": str(self.cache / "zig"),
            target.c_flags_variable: target.c_flags,
        }
        if target.rust_flags:
            found[target.rust_flags_variable] = target.rust_flags
        return found

    def glibc_target(self, target: Target) -> str:
        """The target with its glibc, as zig names it."""
        return f"{target.rust}.{GLIBC_FLOOR[0]}.{GLIBC_FLOOR[1]}"


def prepare(cache: Path, target: Target) -> Toolchain:
    """Fetch what is missing from the cache.

    Raises:
        StopError: The machine lacks a program that is needed, or something cannot be fetched.
    """
    for program, package in (
        ("dpkg-deb", "dpkg"),
        ("cargo", "rustup"),
        ("cc", "gcc libc6-dev"),
        ("cmake", "cmake"),
    ):
        if not shutil.which(program):
            raise StopError(f"no {program} on this machine: install {package}")
    if output_of(["uname", "-m"]).strip() != "x86_64":
        raise StopError(
            "this recipe cross-builds on x86-64; on an ARM machine `maturin build --release` is enough"
        )
    chain = Toolchain(cache)
    (cache / "bin").mkdir(parents=True, exist_ok=True)
    _host_part(chain)
    _target_part(chain, target)
    _python_tools(chain)
    return chain


def _amd64(cache: Path) -> debian.PrivateApt:
    return debian.PrivateApt(cache / "apt-amd64", "amd64", security=True, also=("arm64",))


def _host_part(chain: Toolchain) -> None:
    done = chain.cache / "ok-host"
    if done.exists():
        return
    with step("fetch and unpack rustc and qemu"):
        debs = chain.cache / "debs-host"
        shutil.rmtree(debs, ignore_errors=True)
        apt = _amd64(chain.cache)
        apt.download(["rustc-web", "libstd-rust-web-dev"], debs)
        version = debian.field_of(debian.only(debs, "rustc-web_*.deb"), "Version")
        series = ".".join(version.split(".")[:2])
        apt.download([f"libstd-rust-web-{series}"], debs)
        needs = debian.field_of(debian.only(debs, f"libstd-rust-web-{series}_*.deb"), "Depends")
        llvm = next(word for word in needs.replace(",", " ").split() if word.startswith("libllvm"))
        apt.download([llvm, "libz3-4"], debs)
        debian.unpack(debs, chain.rust)
        (chain.cache / "rustc-version").write_text(version)
        registry = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "registry/src"
        # Panic messages hold the paths of sources; those of this machine are nobody's business.
        remap = f'--remap-path-prefix="{registry}"=crates --remap-path-prefix="{REPOSITORY}"=cammra-edge'
        _wrap(
            chain.rustc,
            chain.rust / "usr/bin/rustc",
            [chain.rust / "usr/lib/x86_64-linux-gnu"],
            remap,
        )

        apt.download_with_dependencies(["qemu-user"], debs)
        debian.only(
            debs, "libc6_*.deb"
        ).unlink()  # the machine's own loader runs it, and two glibcs do not mix
        emulator = chain.cache / "qemu"
        debian.unpack(debs, emulator)
        libraries = [emulator / "usr/lib/x86_64-linux-gnu", emulator / "lib/x86_64-linux-gnu"]
        for suffix in ("aarch64", "arm"):
            # -U: the emulated program must not look among the emulator's libraries.
            program = chain.cache / "bin" / f"qemu-{suffix}"
            _wrap(program, emulator / f"usr/bin/qemu-{suffix}", libraries, "-U LD_LIBRARY_PATH")
    done.touch()


def _target_part(chain: Toolchain, target: Target) -> None:
    done = chain.cache / f"ok-{target.name}"
    if done.exists():
        return
    with step(f"fetch and unpack Rust's standard library for {target.name}"):
        debs = chain.cache / f"debs-{target.name}"
        shutil.rmtree(debs, ignore_errors=True)
        version = (chain.cache / "rustc-version").read_text()
        deb = f"libstd-rust-web-dev_{version}_{target.debian}.deb"
        package = f"libstd-rust-web-dev:{target.debian}={version}"
        if deb in debian.POOL_SHA256:
            debian.download_from_pool(f"{SECURITY_POOL}/{deb}", debs)
        elif target.debian == "arm64":
            _amd64(chain.cache).download([package], debs)
        else:
            apt = debian.PrivateApt(
                chain.cache / f"apt-security-{target.debian}", target.debian, security=True
            )
            apt.download([package], debs)
        debian.unpack(debs, chain.rust)
    done.touch()


def _python_tools(chain: Toolchain) -> None:
    wanted = ["maturin>=1.9,<2", "ziglang>=0.15", "cargo-zigbuild>=0.20", "pyelftools>=0.31", "pip"]
    stamp = chain.cache / "venv" / "asked-for"
    if stamp.exists() and stamp.read_text() == "\n".join(wanted):
        return
    with step("fetch maturin and zig"):
        run([sys.executable, "-m", "venv", str(chain.cache / "venv")])
        fetch([str(chain.tools / "python"), "-m", "pip", "install", "--quiet", *wanted])
    stamp.write_text("\n".join(wanted))


def _wrap(program: Path, wrapped: Path, libraries: list[Path], options: str = "") -> None:
    """Write a program that starts another one with libraries of its own."""
    path = ":".join(str(library) for library in libraries)
    program.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{path}" exec "{wrapped}" {options} "$@"\n')
    program.chmod(0o755)
