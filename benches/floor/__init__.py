"""The floors: plain C over the same libjpeg-turbo that the package links, and plain Rust over its base64.

On first use `*.c` are compiled against the static library of the Rust build, and `framing/` by cargo, into
`target/bench`.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.model import Box

_HERE = Path(__file__).resolve().parent
_TARGET = _HERE.parent.parent / "target"
_IntBox = ctypes.c_int * 4
_OK = 200


class FloorError(Exception):
    """Why the floor cannot be built."""


class EventFloor:
    """The compiled functions, bound to one frame.

    Args:
        frame: An RGB or NV12 numpy array.
        vehicle: Box of the vehicle, even.
        plate: Box of the plate, even.
        json_bytes: The event, ready.

    Raises:
        FloorError: No C compiler, or no libjpeg-turbo was built here.
    """

    def __init__(self, frame: Any, vehicle: Box, plate: Box, json_bytes: bytes) -> None:  # noqa: ANN401 - numpy
        self._library = ctypes.CDLL(str(built("event")))
        for name in ("floor_event", "floor_copy_nv12", "floor_copy"):
            getattr(self._library, name).restype = ctypes.c_long
        self._frame = frame
        stride = frame.strides[0]
        address = frame.ctypes.data
        rows = frame.shape[0] * 2 // 3
        uv = address + rows * stride if frame.ndim == 2 else None
        self._boxes = [_IntBox(*map(int, box)) for box in (vehicle, plate)]
        self._json = json_bytes
        frame_at, uv_at = ctypes.c_void_p(address), ctypes.c_void_p(uv)
        self._arguments = (frame_at, uv_at, stride, *self._boxes, 85)
        self._copied = (frame_at, uv_at, stride, self._boxes[0])

    def event(self) -> int:
        """Make the event's body; return its length."""
        length = self._library.floor_event(
            *self._arguments, self._json, ctypes.c_long(len(self._json))
        )
        if not length:
            raise FloorError("libjpeg-turbo refused the frame")
        return int(length)

    def copy_crop(self) -> int:
        """Copy the vehicle's pixels out of the NV12 frame; return how many bytes."""
        return int(self._library.floor_copy_nv12(*self._copied))

    def copy(self, size_bytes: int) -> Callable[[], int]:
        """Copy so many bytes in one piece."""
        copy, size = self._library.floor_copy, ctypes.c_long(size_bytes)
        return lambda: int(copy(size))


def built(name: str) -> Path:
    """The library of one floor, compiled if its source is newer.

    Raises:
        FloorError: No C compiler, or no libjpeg-turbo was built here.
    """
    source = _HERE / f"{name}.c"
    library = _TARGET / "bench" / f"{name}_floor.so"
    newest = max(path.stat().st_mtime for path in (source, _HERE / "kept.h"))
    if library.exists() and library.stat().st_mtime > newest:
        return library
    compiler = shutil.which("cc") or shutil.which("gcc")
    outs = sorted(
        _TARGET.glob("release/build/turbojpeg-sys-*/out"), key=lambda out: out.stat().st_mtime
    )
    libraries = [out for out in outs if (out / "lib" / "libturbojpeg.a").exists()]
    if compiler is None or not libraries:
        raise FloorError("want a C compiler and a built target/: run `make build` first")
    library.parent.mkdir(parents=True, exist_ok=True)
    out = libraries[-1]
    command = [
        compiler,
        "-O3",
        "-shared",
        "-fPIC",
        "-Wl,--exclude-libs,ALL",
        f"-I{out / 'include'}",
        "-o",
        str(library),
    ]
    command += [str(source), str(out / "lib" / "libturbojpeg.a")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FloorError(f"cc failed: {done.stderr[-500:]}")
    return library


class FramingFloor:
    """One object and one image, copied and encoded into a reused buffer.

    Raises:
        FloorError: No cargo, or the crate does not build.
    """

    def __init__(self, json_bytes: bytes, image: bytes) -> None:
        self._write = ctypes.CDLL(str(_built_framing())).floor_json_with_image
        self._write.restype = ctypes.c_size_t
        self._out = ctypes.create_string_buffer(len(json_bytes) + (len(image) + 2) // 3 * 4)
        sizes = [ctypes.c_size_t(len(part)) for part in (json_bytes, image, self._out)]
        self._arguments = (json_bytes, sizes[0], image, sizes[1], self._out, sizes[2])

    def write(self) -> int:
        """Write both; return how many bytes."""
        length = int(self._write(*self._arguments))
        if not length:
            raise FloorError("the buffer is too short")
        return length


def _built_framing() -> Path:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise FloorError("want cargo")
    target = _TARGET / "bench" / "framing"
    command = [cargo, "build", "--release", "--quiet", "--locked", "--target-dir", str(target)]
    command += ["--manifest-path", str(_HERE / "framing" / "Cargo.toml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FloorError(f"cargo failed: {done.stderr[-500:]}")
    return target / "release" / "libframing_floor.so"


class CurlFloor:
    """libcurl's easy interface with one kept connection.

    Raises:
        FloorError: No C compiler, or libcurl's headers are missing.
    """

    def __init__(self, url: str) -> None:
        self._library = ctypes.CDLL(str(_built_curl()))
        self._library.floor_curl_post.restype = ctypes.c_long
        self._library.floor_curl_forward.restype = ctypes.c_long
        if not self._library.floor_curl_ready(url.encode()):
            raise FloorError("libcurl has no handle for us")

    def post(self, body: bytes) -> int:
        """Post a body; the status."""
        status = int(self._library.floor_curl_post(body, ctypes.c_long(len(body))))
        if not status:
            raise FloorError("libcurl could not post")
        return status

    def forward(self, folder: int, name: str, body: bytes) -> None:
        """Keep a body in a file of that folder (a descriptor), post it, remove the file."""
        length = ctypes.c_long(len(body))
        if self._library.floor_curl_forward(folder, name.encode(), body, length) != _OK:
            raise FloorError("libcurl could not post, or the disk took nothing")


class GoFloor:
    """A program in Go that keeps each event in a file and posts it; a process of its own.

    Raises:
        FloorError: No Go, or it does not compile.
    """

    def __init__(self, url: str, folder: Path, size_bytes: int) -> None:
        command = [str(_built_go()), url, str(folder), str(size_bytes)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def forward(self, events: int) -> int:
        """Send so many; the CPU time that it took, in nanoseconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{events}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def _built_go() -> Path:
    go, source = shutil.which("go"), _HERE / "forward" / "main.go"
    if go is None:
        raise FloorError("want Go")
    program = _TARGET / "bench" / "forward_floor"
    command = [go, "build", "-o", str(program), str(source)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FloorError(f"go failed: {done.stderr[-500:]}")
    return program


def _built_curl() -> Path:
    source, library = _HERE / "curl.c", _TARGET / "bench" / "curl_floor.so"
    if library.exists() and library.stat().st_mtime > source.stat().st_mtime:
        return library
    compiler = shutil.which("cc")
    if compiler is None:
        raise FloorError("want a C compiler")
    library.parent.mkdir(parents=True, exist_ok=True)
    command = [compiler, "-O3", "-shared", "-fPIC", "-o", str(library), str(source), "-lcurl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FloorError(f"apt-get install libcurl4-openssl-dev: cc failed: {done.stderr[-500:]}")
    return library
