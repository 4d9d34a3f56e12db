"""The recogniser's side of the fence, as a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.model import FrameTime, PlateRead

FrameT_contra = TypeVar("FrameT_contra", contravariant=True)


class Recogniser(Protocol[FrameT_contra]):
    """Reads plates.

    An adapter is a class with this one method; it need not inherit from anything. The engine takes what
    it returns as it is:

        for frame, at in camera:
            engine.observe(frame, recogniser.read(frame, at), at)
    """

    def read(self, frame: FrameT_contra, at: FrameTime) -> Sequence[PlateRead]:
        """Everything that can be read in one frame, one entry per vehicle.

        Args:
            frame: In whatever form this recogniser wants.
            at: When it was taken; never goes back.
        """
        ...
