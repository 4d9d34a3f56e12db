"""The frame that instructions are counted on: 1080p, made once on the host and read by every program.

Slopes, edges and the noise of a sensor: the vehicle's part takes about as many bits to encode as a street photograph's.
"""

from pathlib import Path

WIDTH, HEIGHT = 1920, 1080
VEHICLE = (560, 360, 640, 400)
PLATE = (800, 640, 160, 48)


def _luma(x: int, y: int) -> int:
    slope = (x * 5 + y * 3) // 8
    noise = (x * 7919 ^ y * 104_729 ^ (x * y) >> 3) % 11
    return (slope + noise) & 0xFF


def _chroma(x: int, y: int) -> int:
    return 96 + (x + 3 * y) // 16 % 64


def nv12() -> bytes:
    """Full-range luma, then pairs of chroma, as a sensor delivers them."""
    luma = bytes(_luma(x, y) for y in range(HEIGHT) for x in range(WIDTH))
    return luma + bytes(_chroma(x, y) for y in range(HEIGHT // 2) for x in range(WIDTH))


def rgb() -> bytes:
    """The same slopes and noise, coloured."""
    return bytes(
        value & 0xFF
        for y in range(HEIGHT)
        for x in range(WIDTH)
        for value in (_luma(x, y), _luma(x, y) + 20, _luma(x, y) + (x >> 4))
    )


def written(folder: Path) -> dict[str, Path]:
    """The frames as files, by their format's name."""
    found = {}
    for name, make in (("nv12", nv12), ("rgb", rgb)):
        path = folder / f"frame.{name}"
        if not path.exists():
            path.write_bytes(make())
        found[name] = path
    return found
