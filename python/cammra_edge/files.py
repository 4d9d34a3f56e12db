"""Small files, written whole or not at all: written beside the old one, flushed, then renamed."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def private_folder(path: Path) -> Path:
    """The folder, made if need be; only its owner may enter.

    Where it cannot be made, nothing can be kept, and whoever writes to it is told so.
    """
    with suppress(OSError):
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(OSError):  # a file system without modes (FAT on a card)
        path.chmod(PRIVATE_FOLDER)
    return path


def set_aside(path: Path) -> bool:
    """Rename what lies there, whatever it is, so that it is neither used nor lost; False when nothing does."""
    if not os.path.lexists(path):
        return False
    with suppress(OSError):  # what cannot be renamed stays, and is broken again at the next start
        _clear(broken := path.with_name(f"{path.name}.broken"))
        path.rename(broken)
    return True


def _clear(path: Path) -> None:
    """Make room for a rename: a folder in the way is the only thing that does not give way by itself."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file in one step that survives a power cut; only its owner may read it.

    Raises:
        OSError: The disk refused; the old file is unchanged.
    """
    aside = path.with_name(path.name + ".part")
    how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    handle = os.open(aside, how, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, value: object) -> None:
    """`write_whole` of a value as JSON.

    Raises:
        OSError: The disk refused; the old file is unchanged.
    """
    write_whole(path, json.dumps(value, ensure_ascii=False, indent=1).encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; `None` when the file is missing or broken."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
