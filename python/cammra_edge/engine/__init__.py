"""The event path, put together: recogniser in, deliveries out."""

from cammra_edge.engine.engine import Engine
from cammra_edge.engine.image_encoder import ImageEncoder, Nv12
from cammra_edge.engine.status import EngineStatus

__all__ = ["Engine", "EngineStatus", "ImageEncoder", "Nv12"]
