"""The vehicle crop by the kernels that the package would take on another processor, beside the floor.

The machine that runs this has AVX2, and `photographs` shows that. What SSE 4.1 alone would cost, and portable Rust,
which nobody gets who does not ask for it, is measured around the same encoder without the package.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benches import scene
from benches.floor import FloorError
from benches.floor.image import ImageFloor
from benches.method import compare
from benches.report import Result, Table

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "target" / "bench" / "kernels"
FLOOR = "floor"
KERNELS = {"portable": 0, "sse41": 1}
"""Their places among the encoder's."""


class Kernels:
    """The compiled encoder, bound to one NV12 frame.

    Raises:
        FloorError: No cargo, or the crate does not build.
    """

    def __init__(self, nv12: scene.Frame) -> None:
        self._library = ctypes.CDLL(str(_built()))
        self._library.kernel_nv12.restype = ctypes.c_size_t
        self._kept = nv12
        pitch, height = nv12.strides[0], nv12.shape[0] * 2 // 3
        luma = nv12.ctypes.data
        chroma = luma + height * pitch
        self._frame = (ctypes.c_void_p(luma), ctypes.c_void_p(chroma), pitch, height)

    def job(self, name: str, box: tuple[int, int, int, int]) -> Callable[[], int]:
        """Encodes this box with one kernel; the size of the JPEG."""
        place = KERNELS[name]

        def run() -> int:
            if self._library.kernel_chosen() != place and not self._library.kernel_choose(place):
                raise FloorError(f"this processor has no {name}")
            size = int(self._library.kernel_nv12(*self._frame, *box))
            if not size:
                raise FloorError(f"box {box} was refused")
            return size

        return run


def run(*, quick: bool) -> Result:
    """Every picture with both kernels."""
    result = Result()
    rows = []
    for name, picture, _ in scene.pictures():
        floor, kernels = ImageFloor(scene.rgb_of(picture), picture, b""), Kernels(picture)
        ways = {FLOOR: floor.nv12(scene.VEHICLE)}
        ways |= {kernel: kernels.job(kernel, scene.VEHICLE) for kernel in KERNELS}
        sizes = {way: job() for way, job in ways.items()}
        if len(set(sizes.values())) > 1:
            raise FloorError(f"{name}: not the same JPEG: {sizes}")
        found = compare(ways, reference=FLOOR, rounds=5 if quick else 21)
        rows.append(
            (name, *(f"{way.us:,.0f}" for way in found), *(f"{way.ratio:.2f}" for way in found[1:]))
        )
        for way in found[1:]:
            key = f"kernel_{way.name}"
            worst = result.bars.get(key)
            result.bars[key] = max(way.ratio, worst) if isinstance(worst, float) else way.ratio
    heads = ("picture", "floor µs", *(f"{kernel} µs" for kernel in KERNELS))
    heads += tuple(f"{kernel} x floor" for kernel in KERNELS)
    note = "640x400 at quality 85. What a processor without AVX2 gets, and what is there on request only."
    result.tables.append(Table("The vehicle crop by other kernels", heads, tuple(rows), note))
    return result


def _built() -> Path:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise FloorError("want cargo")
    command = [cargo, "build", "--release", "--quiet", "--target-dir", str(TARGET)]
    command += ["--manifest-path", str(HERE / "floor" / "kernels" / "Cargo.toml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FloorError(f"cargo failed: {done.stderr[-500:]}")
    return TARGET / "release" / "libkernels.so"
