"""A journaled disk of its own for a measurement: ext4 with blocks of 4 KiB on a loop device, and what reached it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR_BYTES = 512
READ, WRITTEN, FLUSHES = 2, 6, 15  # columns of /sys/block/*/stat
MKFS = ("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0")
AT_ONCE = ("-E", "lazy_itable_init=0,lazy_journal_init=0")
SCRATCH = Path(__file__).resolve().parent.parent / "target" / "bench"


class DiskError(Exception):
    """Why there is no such disk here."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a device has read and written, and how often it was flushed."""

    read_bytes: int
    written_bytes: int
    flushes: int

    def since(self, before: Moved) -> Moved:
        return Moved(
            self.read_bytes - before.read_bytes,
            self.written_bytes - before.written_bytes,
            self.flushes - before.flushes,
        )


class Disk:
    """A mounted file system; its device counts for nobody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        device = folder.stat().st_dev
        link = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
        self._statistics = link.resolve() / "stat"

    def moved(self) -> Moved:
        """Everything so far, after what is still in memory has been written."""
        # Twice: the journal's own blocks become dirty while it is written.
        for _ in range(2):
            os.sync()
            time.sleep(0.2)
        return self.moved_now()

    def moved_now(self) -> Moved:
        """Everything so far."""
        columns = [int(column) for column in self._statistics.read_text().split()]
        return Moved(
            columns[READ] * SECTOR_BYTES, columns[WRITTEN] * SECTOR_BYTES, columns[FLUSHES]
        )


def forget_pages() -> None:
    """Let the next read of every file come from the disk."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


@contextmanager
def disk(size_bytes: int = 2 << 30) -> Iterator[Disk]:
    """Make one and mount it.

    Raises:
        DiskError: We are not root, or the machine has no loop devices.
    """
    if os.geteuid() != 0:
        raise DiskError("needs root, to mount a file system")
    if shutil.which("mkfs.ext4") is None:
        raise DiskError("needs mkfs.ext4: apt-get install e2fsprogs")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        image, place = Path(name) / "image", Path(name) / "disk"
        with image.open("wb") as file:
            file.truncate(size_bytes)
        place.mkdir()
        subprocess.run([*MKFS, *AT_ONCE, str(image)], check=True)
        command = ["mount", "-o", "loop", str(image), str(place)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            raise DiskError("mounting a loop device is not allowed here")
        try:
            yield Disk(place)
        finally:
            _unmount(place)


def _unmount(place: Path) -> None:
    for _ in range(100):
        if not subprocess.run(["umount", str(place)], check=False, capture_output=True).returncode:
            return
        time.sleep(0.05)
    subprocess.run(["umount", "--lazy", str(place)], check=True)  # a failure still holds files open
