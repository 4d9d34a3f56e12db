"""Pure renderers: an event and a profile become the bytes that a receiver gets."""

from cammra_edge.payload.render import Renderer, render

__all__ = ["Renderer", "render"]
