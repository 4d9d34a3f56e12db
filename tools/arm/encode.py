"""What `neon.py` counts: encodes one picture as often as it is told, through the package's own door.

No numpy: the frame is plain bytes, as an armv7 camera without numpy would hand it over.
"""

import sys

from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec

WIDTH, HEIGHT = 640, 400


def nv12_frame() -> bytes:
    """A frame with slopes, some edges and a little noise: about as hard to encode as a street photograph."""
    luma = bytes(
        (x * 5 + y * 3) // 8 + (x * 7 ^ y * 13) % 8 & 0xFF
        for y in range(HEIGHT)
        for x in range(WIDTH)
    )
    chroma = bytes(96 + (x + 3 * y) // 16 % 64 for y in range(HEIGHT // 2) for x in range(WIDTH))
    return luma + chroma


def main() -> None:
    """Encode; the count of calls is the only argument."""
    frame = memoryview(nv12_frame()).cast("B", (HEIGHT * 3 // 2, WIDTH))
    spec = ImageSpec(kind=ImageKind.FULL_FRAME)
    for _ in range(int(sys.argv[1])):
        encode_image(frame, FrameFormat.NV12_FULL, spec)


if __name__ == "__main__":
    main()
