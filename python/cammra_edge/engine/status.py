"""What the engine says about itself: one frozen value, ready for `dataclasses.asdict`."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field

from cammra_edge.camera import SourceStatus  # noqa: TC001 - dataclass fields are read at run time
from cammra_edge.delivery import KeepaliveStatus, ProfileStatus  # noqa: TC001 - as above
from cammra_edge.engine.troubles import InputTrouble  # noqa: TC001 - as above
from cammra_edge.outbox import OutboxStatus  # noqa: TC001 - as above


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """How a live stream's frames come.

    Args:
        silent_s: Time since the last frame; since the start where none has come.
        usual_gap_s: Time from one frame to the next so far, on average; 0 where none has come.
        clock_synced: Whether the clock of its times is set; `None` where that cannot be known.
    """

    silent_s: float
    usual_gap_s: float
    clock_synced: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """A snapshot; counters count since the engine was made.

    Args:
        stream_id: Names this run, or the recording.
        running: Workers and encoder are at work.
        frames: Frames observed.
        reads: Reads observed.
        events: Events so far, by kind.
        unwanted: Events that no profile wanted; they are not stored.
        pending: Events not stored yet.
        not_stored: Events that could not be stored, through a fault of ours; 0 unless something is broken.
        broken_frames: Frames that could not be used; their reads were.
        broken_reads: Reads that could not be used.
        last_refusal: What was wrong with the last of these.
        input_troubles: What was wrong with frames, times and reads, by kind, each with its remedy.
        tracker: The tracker's own counters: open vehicles, shot bytes, evictions.
        stream: How a live stream's frames come; `None` for a replay, or while the engine does not run.
        outbox: The outbox; `None` while the engine does not run.
        profiles: The profiles in the order of the settings, then removed ones that left a backlog.
        keepalive: The signs of life; `None` while none are sent.
        local_socket: Where the commands of the outbox's owner reach it; empty where there is no socket.
        local_socket_trouble: Why there is none.
        source: How the source stands that feeds the engine; `None`: it is not one of ours.
    """

    stream_id: str
    running: bool
    frames: int = 0
    reads: int = 0
    events: Mapping[str, int] = field(default_factory=dict)
    unwanted: int = 0
    pending: int = 0
    not_stored: int = 0
    broken_frames: int = 0
    broken_reads: int = 0
    last_refusal: str = ""
    input_troubles: tuple[InputTrouble, ...] = ()
    tracker: Mapping[str, int] = field(default_factory=dict)
    stream: StreamStatus | None = None
    outbox: OutboxStatus | None = None
    profiles: tuple[ProfileStatus, ...] = ()
    keepalive: KeepaliveStatus | None = None
    local_socket: str = ""
    local_socket_trouble: str = ""
    source: SourceStatus | None = None
