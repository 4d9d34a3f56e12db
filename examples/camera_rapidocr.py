"""A camera or a film, read by RapidOCR without a network, with the page for everything else.

    pip install 'cammra-edge[camera,rapidocr,page]'
    cammra-edge listen &
    CAMERA='rtsp://USER:PASSWORD@192.0.2.7/stream1' cammra-edge run examples/camera_rapidocr.py

`CAMERA` is an address of RTSP or HTTP, a device such as /dev/video0, or the path of a film. The page
(http://127.0.0.1:8080) shows the stream, and takes receivers, event types and regions.
"""

import os

from cammra_edge import Engine, HttpPost, OutboxSettings, Profile
from cammra_edge.camera import VideoSource
from cammra_edge.recogniser.rapid_ocr import RapidOcr

# Where plates can be, in parts of the picture: the caption at the top and the lane behind are left out, and what is
# not looked at costs nothing.
LANE = (0.0, 0.4, 1.0, 0.6)

engine = Engine(
    profiles=[
        Profile(
            "receiver",
            HttpPost(os.environ.get("RECEIVER_URL", "http://127.0.0.1:8077/")),
            device_id="CAMERA-1",
            events={"new", "reliable", "update", "lost"},
            two_images=True,
        )
    ],
    outbox=OutboxSettings(path=os.environ.get("OUTBOX", "outbox")),
)
source = VideoSource(os.environ.get("CAMERA", "/dev/video0"), RapidOcr(regions=[LANE]))
