"""What instructions are counted of: `python -m tools.arm.jobs JOB FORMAT FRAME COUNT`, on the emulated Python.

Everything goes through the package's own doors. No numpy: the frame is plain bytes, as an armv7 camera without numpy
would hand it over.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from cammra_edge import Device, HttpPost, Profile, Settings
from cammra_edge.config.lists import ListIndex
from cammra_edge.engine.assembly import event_from, image_key_from
from cammra_edge.imaging import encode_image
from cammra_edge.model import Box, FrameFormat, FrameTime, ImageKind, ImageRef, ImageSpec, PlateRead
from cammra_edge.payload import Renderer
from cammra_edge.tracking import Tracker
from tools.arm.frame import HEIGHT, PLATE, VEHICLE, WIDTH

VEHICLE_CROP = ImageSpec(kind=ImageKind.VEHICLE_CROP)
PLATE_CROP = ImageSpec(kind=ImageKind.PLATE_CROP)
FULL_FRAME = ImageSpec(kind=ImageKind.FULL_FRAME)
CROPS = ((VEHICLE_CROP, VEHICLE), (PLATE_CROP, PLATE))
PROFILE = Profile("counted", HttpPost("http://127.0.0.1/"), events={"new"}, two_images=True)
DEVICE = Device(serial="B8A44F960ACE", time_zone="UTC")
KEY = bytes(range(32))

FORMATS = {
    "nv12": (FrameFormat.NV12_FULL, (HEIGHT * 3 // 2, WIDTH)),
    "rgb": (FrameFormat.RGB8, (HEIGHT, WIDTH, 3)),
}


def image(frame: memoryview, frame_format: FrameFormat, kind: str) -> Callable[[], object]:
    """One image straight from the frame."""
    spec, box = {
        "vehicle": (VEHICLE_CROP, VEHICLE),
        "plate": (PLATE_CROP, PLATE),
        "full": (FULL_FRAME, None),
    }[kind]
    # Not a function of ours around it: nothing but the call is counted.
    return partial(encode_image, frame, frame_format, spec, box)


def event(frame: memoryview, frame_format: FrameFormat) -> Callable[[], object]:
    """Both crops, the event's JSON, and the body around them; the same as in benches/event.py."""
    tracker = Tracker(Settings(profiles=[PROFILE], frame_format=frame_format))
    read = PlateRead(
        track=1, text="1AB1234", confidence=0.93, vehicle=VEHICLE, plate=PLATE, country="CZE"
    )
    (said,) = tracker.observe(frame, [read], FrameTime(0, 1_763_800_000_000_000_000))
    bare = event_from(said, stream_id="counted", car_id=1, lists=ListIndex(()))
    crops = {image_key_from("counted", 1, spec): (spec, box) for spec, box in CROPS}
    whole = replace(
        bare, images=tuple(_ref(frame, frame_format, key, *crop) for key, crop in crops.items())
    )

    renderer = Renderer(PROFILE, profile_id=1, device=DEVICE)

    def make() -> object:
        images = {
            key: encode_image(frame, frame_format, spec, box).jpeg
            for key, (spec, box) in crops.items()
        }
        return renderer.render(whole, images, packet=4711, boundary_key=KEY)

    return make


def _ref(
    frame: memoryview, frame_format: FrameFormat, key: str, spec: ImageSpec, box: Box
) -> ImageRef:
    made = encode_image(frame, frame_format, spec, box)
    return ImageRef(
        spec=spec,
        image_key=key,
        width=made.width,
        height=made.height,
        shows=made.shows,
        size_bytes=len(made.jpeg),
    )


def main() -> None:
    """Do the job as often as asked."""
    kind, frame_name, path, count = sys.argv[1:]
    frame_format, shape = FORMATS[frame_name]
    frame = memoryview(Path(path).read_bytes()).cast("B", shape)
    job = event(frame, frame_format) if kind == "event" else image(frame, frame_format, kind)
    for _ in range(int(count)):
        job()


if __name__ == "__main__":
    main()
