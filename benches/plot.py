"""The bench as one picture: a bar per way, grouped by job, drawn as SVG without a library."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _LABELS, _ROW, _HEAD, _GAP = 860, 360, 22, 30, 16
_SCALE = (_WIDTH - _LABELS - 80) / 4.5
"""Pixels for the floor's time; bars that are too long are cut and marked."""

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #222 }
  .head { font-weight: 600 }
  .ours { fill: #0b6e4f } .floor { fill: #999 } .peer { fill: #c77d2e }
  .line { stroke: #999; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } .bg { fill: #16181c } }
"""


def svg(plots: Sequence[tuple[str, str, float]]) -> str:
    """The picture.

    Args:
        plots: `(job, way, time divided by the floor's)`, grouped by job and in order.
    """
    pieces: list[str] = []
    top = _GAP
    for job, ways in groupby(plots, key=lambda plot: plot[0]):
        pieces.append(
            f'<text class="head" x="{_GAP}" y="{top + 16}">{escape(job)}: time by the C floor\'s</text>'
        )
        top += _HEAD
        first = top
        for _, way, ratio in ways:
            pieces.append(_bar(way, ratio, top))
            top += _ROW
        across = _LABELS + _SCALE
        pieces.append(
            f'<line class="line" x1="{across:.0f}" x2="{across:.0f}" y1="{first - 4}" y2="{top}"/>'
        )
        top += _GAP
    body = "\n  ".join(pieces)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img" '
        f'aria-label="Time of each way by the floor">\n<style>{_STYLE}</style>\n'
        f'  <rect class="bg" width="{_WIDTH}" height="{top}" fill="#fff"/>\n  {body}\n</svg>\n'
    )


def _bar(way: str, ratio: float, top: int) -> str:
    kind = "ours" if way.startswith("cammra_edge") else "floor" if "floor" in way else "peer"
    length = min(ratio * _SCALE, _WIDTH - _LABELS - 60)
    cut = "…" if ratio * _SCALE > length else ""
    return (
        f'<text x="{_LABELS - 8}" y="{top + 13}" text-anchor="end">{escape(way)}</text>'
        f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{length:.1f}" height="16" rx="2"/>'
        f'<text x="{_LABELS + length + 6:.1f}" y="{top + 13}">{ratio:.2f}{cut}</text>'
    )
