"""Recorded streams: read, write, import, and the drawn scene.

A recording is a folder of `recording.json`, `reads.jsonl` and, unless it has no pictures,
`frames.mjpeg`. `Recording` reads one, `RecordingWriter` writes one, `importer` makes one from a video
and a tracker's table, `scene` draws one (it alone needs Pillow and numpy, so it is imported by name).
"""

from cammra_edge.recording.pacing import paced
from cammra_edge.recording.reader import Faults, RecordedFrame, Recording
from cammra_edge.recording.writer import RecordingWriter

__all__ = ["Faults", "RecordedFrame", "Recording", "RecordingWriter", "paced"]
