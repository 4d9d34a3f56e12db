"""What one fault showed: a line of the catalogue."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers import require_program

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_SYSTEM_BYTES = 256 << 20
PACKAGES = {
    "faketime": "faketime",
    "ip": "iproute2",
    "iptables": "iptables",
    "mkfs.ext4": "e2fsprogs",
    "mount": "mount",
    "strace": "strace",
    "umount": "mount",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`shows` is one sentence with the numbers; `held` says whether the promise held."""

    fault: str
    shows: str
    held: bool


class CannotBeProvokedError(Exception):
    """The machine lacks what the fault needs; the message says what."""


def need_root(*programs: str) -> None:
    """Refuse on a machine where file systems cannot be made and mounted."""
    if os.geteuid() != 0:
        raise CannotBeProvokedError("needs root to mount a file system")
    for program in programs:
        need(program)


def need(program: str) -> str:
    """Where a program is, installed where that is possible."""
    try:
        return require_program(program, apt=PACKAGES[program])
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        raise CannotBeProvokedError(f"needs {program}") from reason


@contextmanager
def small_memory_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of so many bytes in memory."""
    need_root("mount", "umount")
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        raise CannotBeProvokedError("mounting is not allowed here")
    with mounted(place):
        yield place


@contextmanager
def journaled_disk(folder: Path, *options: str) -> Iterator[Path]:
    """An ext4 of its own on a loop device, made with these options of `mkfs.ext4`."""
    need_root("mount", "umount", "mkfs.ext4")
    image, place = folder / "disk.img", folder / "disk"
    with image.open("wb") as file:
        file.truncate(FILE_SYSTEM_BYTES)
    place.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", *options, str(image)], check=True)
    mount_loop(image, place)
    try:
        with mounted(place):
            yield place
    finally:
        image.unlink()


@contextmanager
def mounted(place: Path) -> Iterator[None]:
    """It is mounted; taken off at the end, and where something went wrong, without asking who still holds it."""
    try:
        yield
    except BaseException:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
        raise
    unmount(place)


def mount_loop(image: Path, place: Path) -> None:
    """Mount a file system that lies in a file."""
    command = ["mount", "-o", "loop", str(image), str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        raise CannotBeProvokedError("mounting a loop device is not allowed here")


def unmount(place: Path) -> None:
    """Take it off, waiting until the kernel has let go of the last file."""
    for _ in range(100):
        done = subprocess.run(["umount", str(place)], check=False, capture_output=True)
        if not done.returncode:
            return
        subprocess.run(["sleep", "0.05"], check=True)
    held = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
    subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
    raise RuntimeError(
        f"{place} stays busy, open here: {[name for name in held if str(place) in name]}"
    )
