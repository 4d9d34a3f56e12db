"""Pictures to encode, and the arithmetic to judge what came out. Pillow is the oracle, numpy the scale."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cammra_edge.imaging import EncodedImage

Bytes = NDArray[np.uint8]


def photo(width: int, height: int, seed: int = 1) -> Bytes:
    """A picture with slopes, edges and a little noise, as RGB."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 128 + 100 * np.sin(x / 23) * np.cos(y / 31)
    green = 40 + 170 * x / max(width, 1)
    blue = 60 + 120 * y / max(height, 1) + 30 * np.sin((x + y) / 17)
    picture = np.stack([red, green, blue], axis=-1)
    picture[height // 4 : height // 2, width // 4 : width // 3] = (230, 220, 30)
    picture += rng.normal(0, 1.5, picture.shape)
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def smooth(width: int, height: int) -> Bytes:
    """A picture that chroma thinning hardly hurts, as RGB."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = (90 + 80 * np.sin(x / 60), 120 + 60 * np.cos(y / 45), 130 + 70 * np.sin((x - y) / 80))
    rgb: Bytes = np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)
    return rgb


def planes_of(rgb: Bytes, *, video: bool) -> tuple[Bytes, Bytes, Bytes]:
    """Y, U, V of ITU-R BT.601, chroma averaged over 2 x 2; video range or full."""
    r, g, b = (rgb[..., i].astype(np.float64) for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    u, v = (b - y) / 1.772, (r - y) / 1.402
    height, width = y.shape
    halved = [c.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)) for c in (u, v)]
    black, luma, chroma = (16, 219 / 255, 224 / 255) if video else (0, 1, 1)
    scaled = [black + y * luma, *(128 + c * chroma for c in halved)]
    y8, u8, v8 = (np.clip(c + 0.5, 0, 255).astype(np.uint8) for c in scaled)
    return y8, u8, v8


def nv12_of(rgb: Bytes, *, video: bool) -> Bytes:
    """The same in one array, `(height * 3 / 2, width)`."""
    y, u, v = planes_of(rgb, video=video)
    return np.concatenate([y, np.stack([u, v], axis=-1).reshape(u.shape[0], -1)])


def jpeg_of(rgb: Bytes, **options: object) -> bytes:
    """Pillow's JPEG of it."""
    out = io.BytesIO()
    chosen: dict[str, Any] = {"quality": 90, "subsampling": 2, **options}
    Image.fromarray(rgb).save(out, "JPEG", **chosen)
    return out.getvalue()


def decoded(jpeg: bytes | EncodedImage, mode: str = "RGB") -> NDArray[np.int64]:
    """Pillow's pixels of it."""
    data = jpeg.jpeg if isinstance(jpeg, EncodedImage) else jpeg
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return np.asarray(image.convert(mode)).astype(np.int64)


def cut(picture: NDArray[Any], image: EncodedImage) -> NDArray[Any]:
    """The part of a picture that the image says it shows."""
    x, y, width, height = image.shows
    return picture[y : y + height, x : x + width]


def mean_difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Mean absolute difference in levels."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(np.int64) - other.astype(np.int64)).mean())
