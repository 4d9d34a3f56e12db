"""The demo's drawn scene as an H.264 film."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

import av
import numpy as np

from cammra_edge.recording.scene import FPS, Scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAMES = 240
"""Of the scene; then the last vehicle has gone."""
_LEAST, _MOST = 3, 12
_READS, _READABLE_S = 12, 2.0
"""So many reads of each vehicle are enough, and for so long it can be read as the scene is drawn."""
_OPTIONS = {"preset": "veryfast", "crf": "18", "bf": "0"}
_KEY_EVERY_S = 2


def slower_for(read_s: float) -> int:
    """How many times as slow vehicles are to drive where reading one picture takes this long.

    At a barrier they roll at walking pace, too.
    """
    return min(_MOST, max(_LEAST, math.ceil(_READS * read_s / _READABLE_S)))


def length_s(slower: int) -> float:
    """How long the film is."""
    return FRAMES / FPS * slower


def draw(
    path: Path,
    slower: int,
    *,
    every: int = 1,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Draw the film.

    Args:
        path: An MP4 that is written.
        slower: How many times as slow as in the scene vehicles drive.
        every: Only each so many-th frame of the scene.
        progress: Called with 1 for each frame.
    """
    scene = Scene()
    rate = Fraction(FPS).limit_denominator() / slower / every
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=rate, options=_OPTIONS)
        stream.width, stream.height = scene.size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = max(1, round(rate * _KEY_EVERY_S))
        for number, drawn in enumerate(islice(scene.frames(), FRAMES)):
            if number % every == 0:
                pixels = np.asarray(drawn.picture)
                film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            if progress is not None:
                progress(1)
        film.mux(stream.encode())
