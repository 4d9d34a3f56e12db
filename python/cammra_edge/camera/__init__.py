"""From a camera or a film to frames, reads and times: what `run` and a script's own loop are fed by.

`VideoSource` opens RTSP, MJPEG over HTTP, V4L2 devices and files, reconnects by itself, and hands the recogniser the
newest picture. It waits for its camera; `Engine.observe` never does (ARCHITECTURE, law 3).
"""

from cammra_edge.camera.address import Address
from cammra_edge.camera.source import CameraClock, VideoSource
from cammra_edge.camera.status import SourceState, SourceStatus

__all__ = ["Address", "CameraClock", "SourceState", "SourceStatus", "VideoSource"]
