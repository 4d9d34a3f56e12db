"""fast-alpr on a video file or camera, pushed to a receiver.

    pip install 'cammra-edge[fast-alpr]'
    python examples/fast_alpr_video.py VIDEO [http://127.0.0.1:8077/]

The first run fetches fast-alpr's models, and says so where it cannot. `VIDEO` is whatever OpenCV opens: a
file, an RTSP URL, or the number of a camera.
"""

import sys
import time
from itertools import count

import cv2

from cammra_edge import Engine, FrameFormat, FrameTime, HttpPost, Profile
from cammra_edge.errors import CammraError
from cammra_edge.recogniser.fast_alpr import FastAlpr


def main(video: str, url: str) -> None:
    """Read plates until the video ends."""
    recogniser = FastAlpr.with_models()
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
    began = now()
    live = "://" in video or video.isdigit()
    film = cv2.VideoCapture(int(video) if video.isdigit() else video)
    with engine.running(live=live):
        for number in count():
            good, frame = film.read()
            if not good:
                break
            # A file has a time of its own, however long reading takes; a camera's is now.
            at = now() if live else after(began, number, film.get(cv2.CAP_PROP_FPS))
            engine.observe(frame.data, recogniser.read(frame, at), at)  # type: ignore[arg-type]  # OpenCV says "any number"; a video's frames are bytes
        engine.finish()
        engine.drain(timeout_s=30)
    film.release()


def now() -> FrameTime:
    """The time of a frame that was taken just now."""
    return FrameTime(time.monotonic_ns(), time.time_ns())


def after(began: FrameTime, number: int, fps: float) -> FrameTime:
    """The time of a file's frame, as if the film had begun with this program."""
    since_ns = round(number / (fps or 25.0) * 1e9)
    return FrameTime(began.mono_ns + since_ns, began.utc_ns + since_ns)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    video, url = (*sys.argv[1:], "http://127.0.0.1:8077/")[:2]
    try:
        main(video, url)
    except CammraError as error:
        sys.exit(str(error))
