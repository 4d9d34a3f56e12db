"""fast-alpr on a video file or camera, pushed to a receiver.

    pip install 'cammra-edge[fast-alpr]'
    python examples/fast_alpr_video.py VIDEO [http://127.0.0.1:8077/]

The first run downloads fast-alpr's models. `VIDEO` is whatever OpenCV opens: a file, an RTSP URL, or the
number of a camera.
"""

import sys
import time

import cv2
from fast_alpr import ALPR

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, Profile
from cammra_edge.recogniser.fast_alpr import FastAlpr


def main(video: str, url: str) -> None:
    """Read plates until the video ends."""
    recogniser = FastAlpr(ALPR())
    engine = Engine(
        profiles=[
            Profile(
                "receiver",
                HttpPost(url),
                device_id="FAST-ALPR",
                events={"new", "reliable", "update", "lost"},
                two_images=True,
            )
        ],
        frame_format=FrameFormat.BGR8,
    )
    film = cv2.VideoCapture(int(video) if video.isdigit() else video)
    with engine.running():
        while True:
            good, frame = film.read()
            if not good:
                break
            at = FrameTime(time.monotonic_ns(), time.time_ns())
            engine.observe(frame.data, recogniser.read(frame, at), at)  # type: ignore[arg-type]  # OpenCV says "any number"; a video's frames are bytes
        engine.finish()
        engine.drain(timeout_s=30)
    film.release()


if __name__ == "__main__":
    video, url = (*sys.argv[1:], "http://127.0.0.1:8077/")[:2]
    main(video, url)
