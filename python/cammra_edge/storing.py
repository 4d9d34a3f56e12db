"""The storing door: the outbox's log, put together and read in Rust, and the ledger of what it holds.

All names are described in `_native.pyi`; the kinds of frames in `cammra_core::log_frame`.
"""

from cammra_edge._native import (
    Ledger,
    LogGroup,
    LogSearch,
    log_directory,
    log_encode_event,
    log_erased_directory,
    log_erased_frame,
    log_erasures,
    log_event,
    log_events,
    log_header,
    log_image,
    log_image_nos,
    log_images,
    log_overview,
    log_read,
    log_scan,
    log_settled_frames,
    log_story,
    log_trailer,
    log_vehicle_hash,
)

__all__ = [
    "Ledger",
    "LogGroup",
    "LogSearch",
    "log_directory",
    "log_encode_event",
    "log_erased_directory",
    "log_erased_frame",
    "log_erasures",
    "log_event",
    "log_events",
    "log_header",
    "log_image",
    "log_image_nos",
    "log_images",
    "log_overview",
    "log_read",
    "log_scan",
    "log_settled_frames",
    "log_story",
    "log_trailer",
    "log_vehicle_hash",
]
