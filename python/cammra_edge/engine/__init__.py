"""The event path, put together: recogniser in, deliveries out."""

from cammra_edge.engine.engine import Engine
from cammra_edge.engine.status import EngineStatus

__all__ = ["Engine", "EngineStatus"]
