"""Single images beside their floor: C over the same libjpeg-turbo, with the same frame, quality and picture.

Our way includes the whole Python call. For MJPEG the floor does what a C program does with such a frame: decode all of
it, cut, encode.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from benches import scene
from benches.floor.image import ImageFloor
from benches.method import Way, compare
from benches.report import Result, Table
from cammra_edge.imaging import encode_image
from cammra_edge.model import FrameFormat, ImageKind, ImageSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.imaging import Frame
    from cammra_edge.model import Box

CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP, quality=85)
LOSSLESS = ImageSpec(kind=ImageKind.VEHICLE_CROP)
FULL = ImageSpec(kind=ImageKind.FULL_FRAME, quality=85)
WHOLE = (0, 0, scene.WIDTH, scene.HEIGHT)
PLATES = 20
"""A plate takes some 30 µs; with so many of them in one call the call into C costs nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """One image: our way, the floor's, and its bar (the worst of all images with that bar counts)."""

    name: str
    bar: str
    ours: Callable[[], object]
    floor: Callable[[], int]
    images: int = 1


def run(*, quick: bool) -> Result:
    """Every image with a bar, and those that explain them."""
    result = Result()
    rounds = 7 if quick else 31
    rows = []
    for job in _jobs():
        floor, ours = compare(
            {"floor": job.floor, "ours": job.ours}, reference="floor", rounds=rounds
        )
        rows.append(_row(job, floor, ours))
        if job.bar:
            worst = result.bars.get(job.bar)
            result.bars[job.bar] = (
                max(ours.ratio, worst) if isinstance(worst, float) else ours.ratio
            )
        if job.bar == "plate_rgb":  # what is fixed is told in µs
            result.bars["plate_rgb_over_us"] = (ours.ratio - 1) * floor.us / job.images
        result.plots.append(("images", job.name, ours.ratio))
    result.bars["mjpeg_full_decodes"] = _decodes_of_a_full_frame()
    result.tables.append(
        Table(
            "Single images, by the floor",
            ("image", "floor µs", "ours µs", "x floor", "quartiles"),
            tuple(rows),
            "NV12 is full range where not said otherwise. "
            "MJPEG (quality 90, 4:2:0): floor = decode all, cut, encode, in C; "
            "A frame is judged once for all its images: the verdict has a row of its own. "
            "`rows` = the frame has a restart marker after each row of MCUs and the crop is lossless.",
        )
    )
    return result


def _row(job: Job, floor: Way, ours: Way) -> tuple[str, ...]:
    return (
        job.name,
        f"{floor.us / job.images:,.1f}",
        f"{ours.us / job.images:,.1f}",
        f"{ours.ratio:.3f}",
        f"{ours.low:.3f} to {ours.high:.3f}",
    )


def _jobs() -> list[Job]:
    photo = scene.photo()
    floor = ImageFloor(photo.rgb, photo.nv12, photo.jpeg)
    nv12, rgb = (photo.nv12, FrameFormat.NV12_FULL), (photo.rgb, FrameFormat.RGB8)
    video = (photo.nv12, FrameFormat.NV12)
    vehicle, plate = scene.VEHICLE, scene.PLATE
    small = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, quality=85, fit=(640, 360))
    half = ImageSpec(kind=ImageKind.DOWNSIZED_FRAME, quality=85, fit=(960, 540))
    camera = (photo.jpeg, FrameFormat.JPEG)
    jobs = [
        Job("NV12 vehicle 640x400", "", _ours(nv12, CROP, vehicle), floor.nv12(vehicle)),
        Job("NV12 plate 160x48", "", _plates(nv12, plate), floor.nv12(plate, PLATES), PLATES),
        Job("NV12 1080p", "full_frame_nv12", _ours(nv12, FULL), floor.nv12(WHOLE)),
        Job("NV12 downsized 640x360", "downsized_nv12", _ours(nv12, small), floor.downsized()),
        Job("NV12 video range, vehicle", "", _ours(video, CROP, vehicle), floor.nv12_video(vehicle)),
        Job("NV12 video range, plate", "", _plates(video, plate), floor.nv12_video(plate, PLATES), PLATES),
        Job("RGB vehicle 640x400", "", _ours(rgb, CROP, vehicle), floor.rgb(vehicle)),
        Job("RGB plate 160x48", "plate_rgb", _plates(rgb, plate), floor.rgb(plate, PLATES), PLATES),
        Job("RGB 1080p", "", _ours(rgb, FULL), floor.rgb(WHOLE)),
        Job("MJPEG downsized 960x540", "mjpeg_half", _ours(camera, half), floor.jpeg_half()),
    ]  # fmt: skip
    return jobs + _mjpeg_jobs(photo, floor)


def _mjpeg_jobs(photo: scene.Photo, floor: ImageFloor) -> list[Job]:
    camera = (photo.jpeg, FrameFormat.JPEG)
    rows = (scene.with_restart_rows(photo.rgb), FrameFormat.JPEG)
    jobs = [
        Job(
            "MJPEG verdict, first image of a frame",
            "mjpeg_verdict",
            _first(photo.jpeg),
            floor.jpeg(WHOLE),
        )
    ]
    for place, y in (("top", 32), ("middle", 336), ("bottom", 680)):
        box = (560, y, 640, 400)
        bar = "mjpeg_vehicle_top" if place == "top" else "mjpeg_vehicle"
        jobs.append(Job(f"MJPEG vehicle, {place}", bar, _ours(camera, CROP, box), floor.jpeg(box)))
        jobs.append(
            Job(
                f"MJPEG vehicle, {place}, rows",
                "mjpeg_rst_vehicle",
                _ours(rows, LOSSLESS, box),
                floor.jpeg(box),
            )
        )
        jobs.append(
            Job(
                f"MJPEG vehicle, {place}, rows, quality set",
                "",
                _ours(rows, CROP, box),
                floor.jpeg(box),
            )
        )
    for place, y in (("top", 144), ("middle", 528), ("bottom", 1008)):
        box = (640, y, 176, 64)
        jobs.append(
            Job(f"MJPEG plate, {place}", "mjpeg_plate", _ours(camera, CROP, box), floor.jpeg(box))
        )
        jobs.append(
            Job(
                f"MJPEG plate, {place}, rows",
                "mjpeg_rst_plate",
                _ours(rows, LOSSLESS, box),
                floor.jpeg(box),
            )
        )
    return jobs


def _ours(
    source: tuple[Frame, FrameFormat], spec: ImageSpec, box: Box | None = None
) -> Callable[[], object]:
    frame, frame_format = source
    return lambda: encode_image(frame, frame_format, spec, box)


def _first(jpeg: bytes) -> Callable[[], object]:
    """The full frame, which is passed on, of a frame that no image was made of before."""
    comment = b"\xff\xfe\x00\x03x"
    frames = cycle([jpeg, jpeg[:2] + comment + jpeg[2:]])
    return lambda: encode_image(
        next(frames), FrameFormat.JPEG, ImageSpec(kind=ImageKind.FULL_FRAME)
    )


def _plates(source: tuple[Frame, FrameFormat], box: Box) -> Callable[[], object]:
    encode = _ours(source, CROP, box)

    def run() -> None:
        for _ in range(PLATES):
            encode()

    return run


def _decodes_of_a_full_frame() -> float:
    """0 when the frame's own bytes come back: then nothing was decoded."""
    jpeg = scene.photo().jpeg
    spec = ImageSpec(kind=ImageKind.FULL_FRAME)
    return 0.0 if encode_image(jpeg, FrameFormat.JPEG, spec).jpeg == jpeg else 1.0
