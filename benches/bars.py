"""The bars this package must meet, each with the measured value of the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benches.report import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

AT_MOST = "≤"
AT_LEAST = "≥"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Args:
        work: What is done.
        key: The name under which a part reports its measurement.
        sign: `AT_MOST` or `AT_LEAST`.
        limit: The bar, or the key under which a part reports it.
        unit: Of both.
    """

    work: str
    key: str
    sign: str
    limit: float | str
    unit: str = "x"

    def row(self, measured: Mapping[str, float | str]) -> tuple[str, ...]:
        limit = measured.get(self.limit) if isinstance(self.limit, str) else self.limit
        value = measured.get(self.key)
        bar = f"{self.sign} {_shown(limit)} {self.unit}" if limit is not None else self.sign
        if isinstance(value, str):  # why there is no number
            return (self.work, bar, value, "-")
        if value is None or not isinstance(limit, int | float):
            return (self.work, bar, "not measured in this run", "-")
        met = value <= limit if self.sign == AT_MOST else value >= limit
        return (self.work, bar, f"{_shown(value)} {self.unit}", "met" if met else "**missed**")


BARS = (
    Bar("event from RGB: crops, JSON, body, by the C floor", "event_rgb", AT_MOST, 1.10),
    Bar("event from NV12 (two crops, JSON, body) by the floor", "event_nv12", AT_MOST, 0.85),
    Bar(
        "vehicle crop 640x400 NV12, q85, by the floor, photographs",
        "crop_640x400_photo",
        AT_MOST,
        0.80,
    ),
    Bar("the same, noise", "crop_640x400_noise", AT_MOST, 1.0),
    Bar("the same, black", "crop_640x400_black", AT_MOST, 0.50),
    Bar("plate crop 160x48, with the Python call, photographs", "crop_160x48_photo", AT_MOST, 0.65),
    Bar(
        "luma and chroma PSNR at q 30 to 98, 50 pictures, off libjpeg-turbo's (SSIM 0.001, size 1 %)",
        "quality",
        AT_MOST,
        0.1,
        "dB",
    ),
    Bar(
        "vehicle crop by SSE 4.1, by the floor, the worst of five pictures",
        "kernel_sse41",
        AT_MOST,
        1.0,
    ),
    Bar("the same by portable Rust, on request only", "kernel_portable", AT_MOST, 2.0),
    Bar("vehicle crop on aarch64: instructions by the floor's", "aarch64_vehicle", AT_MOST, 0.88),
    Bar("the same, plate crop with the Python call", "aarch64_plate", AT_MOST, 0.72),
    Bar("the same, event from NV12", "aarch64_event", AT_MOST, 0.85),
    Bar(
        "whole event, observe to the receiver's last byte: instructions",
        "whole_instructions_k",
        AT_MOST,
        5_800,
        "k",
    ),
    Bar("CPU at 20 events/s, by 0.1.0", "whole_by_then", AT_MOST, 0.6),
    Bar("the same by libcurl + file + fsync + the floor", "whole_by_floor", AT_MOST, 1.25),
    Bar("OpenCV from NV12 + httpx `files=`, by ours", "event_nv12_opencv", AT_LEAST, 3.2),
    Bar(
        "Pillow slices of RGB + httpx `files=`, by ours from NV12",
        "event_nv12_pillow",
        AT_LEAST,
        1.8,
    ),
    Bar("plate crop from RGB, over the floor", "plate_rgb_over_us", AT_MOST, 4.0, "µs"),
    Bar("1080p full frame from NV12, by the floor", "full_frame_nv12", AT_MOST, 1.03),
    Bar(
        "MJPEG vehicle crop, anywhere, by C decode + crop + encode", "mjpeg_vehicle", AT_MOST, 0.60
    ),
    Bar("MJPEG vehicle crop at the top edge", "mjpeg_vehicle_top", AT_MOST, 0.40),
    Bar("MJPEG plate crop, anywhere", "mjpeg_plate", AT_MOST, 0.50),
    Bar("MJPEG with restart markers, vehicle, lossless", "mjpeg_rst_vehicle", AT_MOST, 0.35),
    Bar("MJPEG with restart markers, plate, lossless", "mjpeg_rst_plate", AT_MOST, 0.08),
    Bar("MJPEG verdict on a frame, once for all its images", "mjpeg_verdict", AT_MOST, 0.35),
    Bar(
        "MJPEG full frame: bytes passed on as they came",
        "mjpeg_full_decodes",
        AT_MOST,
        0,
        "decodes",
    ),
    Bar("a source's decoding of H.264, by a bare loop of PyAV", "decode", AT_MOST, 1.05),
    Bar("the same: pictures copied on the way to the engine", "decode_copies", AT_MOST, 0, ""),
    Bar("MJPEG downsized 960x540, by C scaled decoding + encode", "mjpeg_half", AT_MOST, 1.0),
    Bar("downsized 640x360 from NV12, by C box + encode", "downsized_nv12", AT_MOST, 1.10),
    Bar("multipart body, JSON ready", "multipart_us", AT_MOST, 8, "µs"),
    Bar("json.dumps + httpx `files=`, by FF JSON + body of ours", "payload_httpx", AT_LEAST, 2.5),
    Bar("FF JSON with a 300 kB image, by memcpy + base64-simd", "json_images", AT_MOST, 1.3),
    Bar("POST of 53 kB on a kept connection, by libcurl in C", "send", AT_MOST, 1.2),
    Bar("observe: 10 reads, no event, no better shot", "observe_quiet_us", AT_MOST, 25, "µs"),
    Bar("the same, as a share of an event's CPU time", "observe_share", AT_MOST, 1 / 15, ""),
    Bar("the same: heap allocations in Rust", "observe_allocations", AT_MOST, 0, ""),
    Bar(
        "observe: a better shot of 640x400 NV12",
        "observe_shot_us",
        AT_MOST,
        "observe_shot_limit_us",
        "µs",
    ),
    Bar(
        "observe with an event: foreign calls on the thread",
        "observe_event_foreign",
        AT_MOST,
        0,
        "",
    ),
    Bar("136 tracks (drone), per frame", "drone_us", AT_MOST, 250, "µs"),
    Bar("motorway at full speed, looped", "motorway_lines_per_s", AT_LEAST, 5_000, "lines/s"),
    Bar(
        "sustained, wall time of an event, by floor + the disk's own fsync",
        "wall_sustained",
        AT_MOST,
        2.0,
    ),
    Bar("frame to last byte at 20 events/s, p50, by the same", "wall_p50", AT_MOST, 3.5),
    Bar("the same, p99", "wall_p99", AT_MOST, 17.0),
    Bar("a second HTTP receiver, by one event", "receiver_2", AT_MOST, 0.12, ""),
    Bar("a third one, each", "receiver_3", AT_MOST, 0.12, ""),
    Bar(
        "put + take + done, 53 kB, two images: instructions",
        "store_instructions_k",
        AT_MOST,
        700,
        "k",
    ),
    Bar("bytes on the disk, 20 events/s, by their size", "store_bytes_steady", AT_MOST, 1.35),
    Bar("the same, one event in 10 s", "store_bytes_quiet", AT_MOST, 1.7),
    Bar("the same, in groups of ten", "store_bytes_tens", AT_MOST, 1.15),
    Bar("flushes, by groups stored + 2 per segment", "store_flushes", AT_MOST, 1.0),
    Bar(
        "durable enqueue, fresh segments, by append + fdatasync", "enqueue_fresh_1", AT_LEAST, 0.85
    ),
    Bar("the same, segments used again", "enqueue_used_again_1", AT_LEAST, 1.0),
    Bar("the same in eights, fresh", "enqueue_fresh_8", AT_LEAST, 0.8),
    Bar("the same in eights, used again", "enqueue_used_again_8", AT_LEAST, 0.8),
    Bar("store and forward, CPU, by libcurl + file + fsync", "forward", AT_MOST, 3.0),
    Bar("open 1 GB, cold", "open_s", AT_MOST, 1, "s"),
    Bar("the same: read from the disk", "open_mb", AT_MOST, 16, "MB"),
    Bar("memory with 100,000 events waiting", "waiting_mib", AT_MOST, 24, "MiB"),
    Bar("search in 100,000 events: a plate", "search_exact_ms", AT_MOST, 20, "ms"),
    Bar("the same: a pattern", "search_wildcard_ms", AT_MOST, 100, "ms"),
    Bar("the same: one letter off", "search_one_off_ms", AT_MOST, 200, "ms"),
    Bar("p99 of `observe` while a thread searches", "search_observe", AT_MOST, 1.1),
    Bar("50,000 parked: list a page", "parked_page_ms", AT_MOST, 50, "ms"),
    Bar("the same: show one", "parked_one_ms", AT_MOST, 5, "ms"),
    Bar("the same: export 2,000", "export_s", AT_MOST, 2, "s"),
    Bar(
        "simulated vehicles, worst cell: swallowed, plates far apart",
        "vehicles_swallowed",
        AT_MOST,
        0,
        "%",
    ),
    Bar("the same: nearer ones", "vehicles_swallowed_near", AT_MOST, 1, "%"),
    Bar("the same: joined, more than two edits apart", "vehicles_joined", AT_MOST, 0.1, "%"),
    Bar("the same: nearer ones", "vehicles_joined_near", AT_MOST, 1, "%"),
    Bar("the same: repeats", "vehicles_repeats", AT_MOST, 1, "%"),
    Bar("noises in which a simple rule's text is nearer", "vehicles_worse", AT_MOST, 0, "of 8"),
    Bar("noises in which ours is nearer than all", "vehicles_best", AT_LEAST, 6, "of 8"),
    Bar("wheel", "wheel_mb", AT_MOST, 2.5, "MB"),
    Bar("import cammra_edge", "import_ms", AT_MOST, 60, "ms"),
    Bar("resident memory, idle, without page", "idle_rss_mib", AT_MOST, 35, "MiB"),
)


def limit_of(key: str) -> float:
    """The bar with that key, where it is a number."""
    return next(bar.limit for bar in BARS if bar.key == key and isinstance(bar.limit, int | float))


def bars_table(measured: Mapping[str, float | str], *, whole: bool = True) -> Table:
    """Every bar, or those that were measured, with its measurement, and whether it is met."""
    bars = [bar for bar in BARS if whole or bar.key in measured]
    return Table("Bars", ("work", "bar", "measured", ""), tuple(bar.row(measured) for bar in bars))


def _shown(value: float | str | None) -> str:
    if not isinstance(value, int | float):
        return str(value)
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
