"""The same event the way a Python developer makes it today.

Each way turns the frame into the whole body of the POST: event as JSON, vehicle crop and plate crop as JPEG
(quality 85, 4:2:0), all in `multipart/form-data`.
"""

from __future__ import annotations

import importlib
import io
import json
from typing import TYPE_CHECKING, Any

from benches.scene import PLATE, VEHICLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QUALITY = 85
URL = "http://127.0.0.1/events"

Encode = Any
"""`(x, y, width, height) -> JPEG`"""


def module(name: str) -> Any | None:  # noqa: ANN401 - any module
    """A peer's module, or `None` where it is not installed."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError):
        return None


def turbojpeg() -> Any | None:  # noqa: ANN401 - its encoder
    """PyTurboJPEG's encoder, where it finds a libturbojpeg."""
    turbo = module("turbojpeg")
    try:
        return turbo and turbo.TurboJPEG()
    except (RuntimeError, OSError):
        return None


def with_httpx(json_bytes: bytes, vehicle: bytes, plate: bytes) -> bytes:
    """The body of `httpx.post(url, files=…)`."""
    import httpx  # noqa: PLC0415 - a peer, measured only where it is installed

    files = {
        "event": ("event.json", json_bytes, "application/json"),
        "image": ("vehicle.jpg", vehicle, "image/jpeg"),
        "image2": ("plate.jpg", plate, "image/jpeg"),
    }
    return httpx.Request("POST", URL, files=files).read()


def with_urllib3(json_bytes: bytes, vehicle: bytes, plate: bytes) -> bytes:
    """The body of `urllib3.request("POST", url, fields=…)`."""
    import urllib3  # noqa: PLC0415 - as above

    fields = {
        "event": ("event.json", json_bytes, "application/json"),
        "image": ("vehicle.jpg", vehicle, "image/jpeg"),
        "image2": ("plate.jpg", plate, "image/jpeg"),
    }
    return urllib3.encode_multipart_formdata(fields)[0]


def pillow_slices(rgb: Any) -> Encode:  # noqa: ANN401 - a numpy array
    """Cut with numpy, encode with Pillow (or pillow-simd, which owns the same name)."""
    from PIL import Image  # noqa: PLC0415 - as above

    def encode(x: int, y: int, width: int, height: int) -> bytes:
        file = io.BytesIO()
        crop = Image.fromarray(rgb[y : y + height, x : x + width])
        crop.save(file, "JPEG", quality=QUALITY, subsampling=2)
        return file.getvalue()

    return encode


def opencv(bgr: Any) -> Encode:  # noqa: ANN401 - a numpy array
    """Cut with numpy, encode with OpenCV."""
    cv2: Any = importlib.import_module("cv2")
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]

    def encode(x: int, y: int, width: int, height: int) -> bytes:
        crop = bgr[y : y + height, x : x + width]
        return bytes(cv2.imencode(".jpg", crop, settings)[1])

    return encode


def opencv_nv12_event(nv12: Any, body: Mapping[str, object]) -> Callable[[], bytes]:  # noqa: ANN401 - as above
    """The usual code: convert the whole frame, then cut and encode."""
    cv2: Any = importlib.import_module("cv2")

    def make() -> bytes:
        encode = opencv(cv2.cvtColor(nv12, cv2.COLOR_YUV2BGR_NV12))
        return with_httpx(json.dumps(body).encode(), encode(*VEHICLE), encode(*PLATE))

    return make


def opencv_nv12_crops_event(nv12: Any, body: Mapping[str, object]) -> Callable[[], bytes]:  # noqa: ANN401 - as above
    """The careful code: convert the crops only."""
    import numpy as np  # noqa: PLC0415 - as above

    cv2: Any = importlib.import_module("cv2")
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    rows = nv12.shape[0] * 2 // 3

    def encode(x: int, y: int, width: int, height: int) -> bytes:
        luma = np.ascontiguousarray(nv12[y : y + height, x : x + width])
        part = nv12[rows + y // 2 : rows + (y + height) // 2, x : x + width]
        chroma = np.ascontiguousarray(part).reshape(height // 2, width // 2, 2)
        crop = cv2.cvtColorTwoPlane(luma, chroma, cv2.COLOR_YUV2BGR_NV12)
        return bytes(cv2.imencode(".jpg", crop, settings)[1])

    return lambda: with_httpx(json.dumps(body).encode(), encode(*VEHICLE), encode(*PLATE))


def simplejpeg(rgb: Any) -> Encode:  # noqa: ANN401 - as above
    """Cut with numpy, encode with simplejpeg, which wants the crop in one piece."""
    import numpy as np  # noqa: PLC0415 - as above

    encode_jpeg: Any = importlib.import_module("simplejpeg").encode_jpeg

    def encode(x: int, y: int, width: int, height: int) -> bytes:
        crop = np.ascontiguousarray(rgb[y : y + height, x : x + width])
        jpeg: bytes = encode_jpeg(crop, quality=QUALITY, colorsubsampling="420", fastdct=False)
        return jpeg

    return encode


def pyturbojpeg(encoder: Any, rgb: Any) -> Encode:  # noqa: ANN401 - as above
    """Cut with numpy, encode with PyTurboJPEG."""

    def encode(x: int, y: int, width: int, height: int) -> bytes:
        crop = rgb[y : y + height, x : x + width]
        jpeg: bytes = encoder.encode(crop, quality=QUALITY, pixel_format=0, jpeg_subsample=2)
        return jpeg

    return encode


def event_ways(
    rgb: Any,  # noqa: ANN401 - a numpy array
    body: Mapping[str, object],
) -> dict[str, Callable[[], bytes]]:
    """Every way that is installed, from an RGB frame."""
    encoders: dict[str, Encode] = {}
    if (pillow := module("PIL.Image")) is not None:
        # pillow-simd calls its release post0 and so on
        name = "pillow-simd" if ".post" in pillow.__version__ else "Pillow"
        encoders[f"{name} {pillow.__version__}"] = pillow_slices(rgb)
    if (cv2 := module("cv2")) is not None:
        encoders[f"OpenCV {cv2.__version__} (BGR frame)"] = opencv(rgb[:, :, ::-1].copy())
    if module("simplejpeg") is not None:
        encoders["simplejpeg"] = simplejpeg(rgb)
    if (encoder := turbojpeg()) is not None:
        encoders["PyTurboJPEG"] = pyturbojpeg(encoder, rgb)
    ways: dict[str, Callable[[], bytes]] = {}
    for name, encode in encoders.items():
        if module("httpx") is not None:
            ways[f"{name} + json + httpx files="] = _made(encode, with_httpx, body)
        if module("urllib3") is not None:
            ways[f"{name} + json + urllib3"] = _made(encode, with_urllib3, body)
    return ways


def _made(
    encode: Encode, join: Callable[[bytes, bytes, bytes], bytes], body: Mapping[str, object]
) -> Callable[[], bytes]:
    return lambda: join(json.dumps(body).encode(), encode(*VEHICLE), encode(*PLATE))
