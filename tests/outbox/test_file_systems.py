"""Folders on file systems and under limits of many kinds: what each cannot do is done without, or said."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge.config import OutboxSettings
from cammra_edge.errors import OutboxError
from cammra_edge.outbox import Outbox
from tests.fakes import JPEG, FakeClock, crash, new_event
from tests.faults.finding import CannotBeProvokedError, mount_loop, need_root
from tests.faults.finding import mounted as taken_off
from tests.outbox.logs import mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20
EVENTS = 40
PICTURE = JPEG + bytes(40_000)
HOLD = """
import sys
from pathlib import Path
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import Outbox
outbox = Outbox(OutboxSettings(path=Path(sys.argv[1])), clock=SYSTEM_CLOCK)
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def ext2(folder: Path) -> Iterator[Path]:
    """Small, and reserves no room for a file."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    try:
        need_root("mount", "umount", "mkfs.ext4")
        with image.open("wb") as file:
            file.truncate(8 * MIB)
        command = [
            "mkfs.ext4",
            "-q",
            "-F",
            "-m",
            "0",
            "-O",
            "^has_journal,^extents,^64bit",
            str(image),
        ]
        subprocess.run(command, check=True)
        mount_loop(image, place)
    except CannotBeProvokedError as reason:
        pytest.skip(str(reason))
    with taken_off(place):
        yield place


@contextlib.contextmanager
def tmpfs(folder: Path) -> Iterator[Path]:
    with mounted(folder / "disk") as place:
        yield place


@contextlib.contextmanager
def without_rights(folder: Path) -> Iterator[Path]:
    """FAT knows neither owners nor modes, and refuses to change them."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    with pytest.MonkeyPatch.context() as patch:
        for name in ("chmod", "fchmod"):
            patch.setattr(os, name, refuse)
        yield folder


def settings_at(path: Path) -> OutboxSettings:
    return OutboxSettings(path=path, max_bytes=2 * MIB, history_bytes=MIB)


@pytest.mark.parametrize("disk", [ext2, tmpfs, without_rights])
def test_what_is_stored_survives_and_segments_are_used_again(tmp_path: Path, disk: Any) -> None:  # noqa: ANN401 - a context
    with disk(tmp_path) as place:
        clock = FakeClock()
        outbox = Outbox(settings_at(place / "o"), clock=clock)
        for number in range(1, EVENTS + 1):
            outbox.put([new_event(number, image=PICTURE, image_key=f"{number}")])
            if number % 4:
                delivery = outbox.take(1)
                assert delivery is not None
                outbox.done(delivery)
        outbox.flush()
        assert outbox.status().durable
        crash(outbox)
        outbox = Outbox(settings_at(place / "o"), clock=clock.restarted())
        assert outbox.status().damage == ""
        found = []
        while (delivery := outbox.take(1)) is not None:
            found.append(delivery.packet)
            assert [*delivery.images.values()] == [PICTURE]
            outbox.done(delivery)
        assert found == [*range(EVENTS * 3 // 4 + 1, EVENTS + 1)]
        assert (place / "o" / "mark").exists()
        outbox.close()


def test_what_is_not_ours_goes_aside_where_nobody_knows_rights(tmp_path: Path) -> None:
    with without_rights(tmp_path) as place:
        for name in ("o", "other"):
            outbox = Outbox(settings_at(place / name), clock=FakeClock())
            outbox.put([new_event(1)])
            outbox.close()
        first = place / "other" / "events-0000000001.log"
        first.rename(place / "o" / "events-0000000002.log")
        outbox = Outbox(settings_at(place / "o"), clock=FakeClock())
        assert "set-aside/1" in outbox.status().set_aside
        assert outbox.status().durable
        outbox.close()


def test_a_limit_for_files_is_said_and_gone_on_when_it_is_lifted(tmp_path: Path) -> None:
    clock = FakeClock()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        outbox = Outbox(settings_at(tmp_path / "o"), clock=clock)
        outbox.put([new_event(1)])
        status = outbox.status()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert status.not_yet_durable == 1
    assert status.trouble.endswith("files may not be that long here")
    clock.advance(1.1)
    outbox.tick()
    assert outbox.status().durable
    crash(outbox)
    assert Outbox(settings_at(tmp_path / "o"), clock=clock).waiting(1).events == 1


def test_two_containers_with_one_folder_are_one_engine(tmp_path: Path) -> None:
    """Each has processes and mounts of its own: what is locked is the file, whatever its holder is called."""
    apart = ["unshare", "--pid", "--fork", "--mount", "--mount-proc"]
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("namespaces are not allowed here")
    with subprocess.Popen(
        [*apart, "--kill-child", sys.executable, "-c", HOLD, str(tmp_path / "o")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(OutboxError, match="one engine at a time"):
            Outbox(settings_at(tmp_path / "o"), clock=FakeClock())
        second = subprocess.run(
            [*apart, sys.executable, "-c", HOLD, str(tmp_path / "o")],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        assert second.returncode
        assert b"held by another process: one engine at a time" in second.stderr
        first.stdin.close()
        assert first.wait() == 0
    Outbox(settings_at(tmp_path / "o"), clock=FakeClock()).close()
