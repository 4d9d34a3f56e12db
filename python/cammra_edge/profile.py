"""One destination: what it gets, how, and where.

Words and order follow the product page. A profile is a value: it holds no connection and no queue.
Every check that can be made without a network is made when it is built (`ConfigError`).
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field

from cammra_edge.model import EventKind, ImageKind, ImageSpec, Subsampling


@dataclass(frozen=True, slots=True)
class HttpPost:
    """HTTP POST of the FF JSON: as multipart with image files, or as one JSON body with images in it."""

    server_url: str
    multipart: bool = True
    auth: str = "auto"
    user: str = ""
    password: str = ""
    auth_header: str = ""


@dataclass(frozen=True, slots=True)
class Tcp:
    """The FF JSON over a plain TCP connection, images inside as base64."""

    server_url: str
    persistent: bool = False
    framing: str = ""


Protocol = HttpPost | Tcp


@dataclass(frozen=True, slots=True)
class Profile:
    """One destination."""

    name: str
    protocol: Protocol
    device_id: str = "defaultID"
    events: frozenset[EventKind] = frozenset({EventKind.NEW})
    image: ImageKind | None = ImageKind.VEHICLE_CROP
    two_images: bool = False
    quality: int | None = None
    subsampling: Subsampling = Subsampling.QUARTER
    max_image_bytes: int | None = None
    downsized_into: tuple[int, int] = (640, 360)
    enabled: bool = True
    expires_s: Mapping[EventKind, float] = field(default_factory=dict)

    def image_specs(self) -> tuple[ImageSpec, ...]:
        """The images this profile's events carry, the selected one first, the plate crop second."""
        raise NotImplementedError
