"""What Linux can do and Python's `os` cannot: reserve room for a file, and tell when a folder changes.

Both are asked of the C library. Where it has no such function, or this Python was built without `ctypes`, room is not
reserved and nothing is told; whoever asks goes on without.
Held by `tests/outbox/test_segment.py` and `tests/outbox/test_watch.py`.
"""

from __future__ import annotations

import errno
import os
from typing import Any

try:
    import ctypes
except ImportError:  # a Python of a small machine may lack it
    _library: Any = None
else:
    _library = ctypes.CDLL(None, use_errno=True)

IN_CLOSE = 0x18
IN_MOVED_FROM = 0x40
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_MOVE_SELF = 0x800
_UNSUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


def reserve(fd: int, size: int) -> bool:
    """Give a file its whole length with room on the disk; False where the file system cannot reserve.

    `os.posix_fallocate` will not do: where the file system cannot, it writes the whole file.

    Raises:
        OSError: There is no room, or the disk fails.
    """
    function = getattr(_library, "fallocate64", None) or getattr(_library, "fallocate", None)
    if function is None:
        return False
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if function(fd, 0, 0, size) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number))


def inotify() -> int:
    """A new descriptor that tells of changes; -1 where there is none to be had."""
    function = getattr(_library, "inotify_init1", None)
    return -1 if function is None else int(function(os.O_CLOEXEC | os.O_NONBLOCK))


def add_watch(fd: int, path: str, mask: int) -> int:
    """Tell of these changes to what is at `path`; the watch's number, -1 where that cannot be done."""
    return int(_library.inotify_add_watch(fd, os.fsencode(path), ctypes.c_uint32(mask)))
