"""One image of a shot, as most tests want it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cammra_edge.errors import CammraError
from cammra_edge.model import ImageKind, ImageSpec

if TYPE_CHECKING:
    from cammra_edge.imaging import Shot


def encoded(
    shot: Shot,
    kind: ImageKind,
    **spec: Any,  # noqa: ANN401 - any field
) -> tuple[bytes, int, int, tuple[int, int, int, int]]:
    """The image of this kind.

    Raises:
        CammraError: Why there is none.
    """
    (made,) = shot.encode([ImageSpec(kind=kind, **spec)])
    if isinstance(made, CammraError):
        raise made
    return made
