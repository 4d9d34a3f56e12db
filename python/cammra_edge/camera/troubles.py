"""Why a stream gives no picture, in words with a remedy and without the password.

Held by `tests/camera/test_mjpeg.py`, `tests/camera/test_rtsp.py` and `tests/camera/test_av_stream.py`, against servers
and films that do each of these.
"""

from __future__ import annotations

from cammra_edge.camera.address import masked
from cammra_edge.camera.status import Trouble
from cammra_edge.phrases import Phrase

_SHOWN = 160


class SourceTrouble(Phrase):
    """What happened."""

    SOURCE_UNAUTHORISED = "the camera refuses user and password"
    SOURCE_FORBIDDEN = "the camera forbids this account to watch the stream"
    SOURCE_NOT_FOUND = "the camera has no stream at this path"
    SOURCE_MOVED = "the camera sends to another address"
    SOURCE_HTTP = "the camera answers with an error"
    SOURCE_REFUSED = "nobody listens at this address and port"
    SOURCE_NO_ROUTE = "there is no way to the camera"
    SOURCE_NO_NAME = "the camera's name is not known"
    SOURCE_NO_ANSWER = "the camera gives no answer"
    SOURCE_NOT_RTSP = "nothing there answers as RTSP does"
    SOURCE_STALLED = "the camera sends no pictures any more"
    SOURCE_CUT = "the camera ended the connection"
    SOURCE_TLS = "the camera's certificate is not trusted"
    SOURCE_CODEC = "the stream cannot be decoded"
    SOURCE_NOT_JPEG = "the stream is no MJPEG"
    SOURCE_ONLY_JPEG = "MJPEG over HTTP is handed over as JPEG"
    SOURCE_NOT_MJPEG = "the address serves no MJPEG"
    SOURCE_NO_VIDEO = "there is no video in it"
    SOURCE_NO_FILM = "there is no such film"
    SOURCE_NO_DEVICE = "there is no such device"
    SOURCE_NO_RIGHT = "this user may not open it"
    SOURCE_BUSY = "another program uses the camera"
    SOURCE_NO_AV = "PyAV is not installed, and only MJPEG over HTTP works without it"
    SOURCE_NO_DECODER = "nothing is installed that decodes JPEG for the recogniser"
    SOURCE_UNKNOWN = "the stream cannot be read"


class SourceRemedy(Phrase):
    """What the installer can do about it."""

    MEND_UNAUTHORISED = "set those of an account that may watch: rtsp://USER:PASSWORD@HOST/…"
    MEND_FORBIDDEN = "give the account the right to view, or use another"
    MEND_NOT_FOUND = "look the stream's path up in the camera's manual or its ONVIF profiles"
    MEND_MOVED = "set the address that it names"
    MEND_HTTP = "look at the camera's own page; it may have too many viewers"
    MEND_REFUSED = (
        "see to the port (554 is usual for RTSP), and that RTSP is switched on in the camera"
    )
    MEND_NO_ROUTE = "see to cable, network and the address"
    MEND_NO_NAME = "see to the name and the network's DNS, or set the address in digits"
    MEND_NO_ANSWER = "see to the address and to firewalls; a camera that starts needs a minute"
    MEND_NOT_RTSP = "see to address, port (554 is usual for RTSP) and firewalls; a camera that starts needs a minute"
    MEND_STALLED = (
        "it is opened anew; if that comes often, see to the network and the camera's load"
    )
    MEND_CUT = "it is opened anew; if that comes often, see to how many viewers it allows"
    MEND_TLS = "install a certificate that the machine trusts, or use the camera's plain address"
    MEND_CODEC = "set the camera's stream to H.264, H.265 or MJPEG"
    MEND_NOT_JPEG = "set frame_format='i420', or the camera's stream to MJPEG"
    MEND_ONLY_JPEG = "set frame_format='jpeg'"
    MEND_NOT_MJPEG = (
        "use the camera's address for MJPEG, or set frame_format='i420' to read it with PyAV"
    )
    MEND_NO_VIDEO = (
        "see that the address is that of a video stream, not of a page or of sound alone"
    )
    MEND_NO_FILM = "see to the path, and that this user may read the file"
    MEND_NO_DEVICE = "see that the camera is plugged in (ls /dev/video*)"
    MEND_NO_RIGHT = (
        "give the user the right to read it; for /dev/video*, add the user to the group video"
    )
    MEND_BUSY = "end the other program"
    MEND_NO_AV = "pip install 'cammra-edge[camera]'"
    MEND_NO_DECODER = (
        "pip install 'cammra-edge[camera]', or opencv-python-headless, or pillow and numpy"
    )
    MEND_UNKNOWN = "try the address in another player (ffplay, VLC)"


KINDS: dict[str, tuple[SourceTrouble, SourceRemedy]] = {
    "unauthorised": (SourceTrouble.SOURCE_UNAUTHORISED, SourceRemedy.MEND_UNAUTHORISED),
    "forbidden": (SourceTrouble.SOURCE_FORBIDDEN, SourceRemedy.MEND_FORBIDDEN),
    "not_found": (SourceTrouble.SOURCE_NOT_FOUND, SourceRemedy.MEND_NOT_FOUND),
    "moved": (SourceTrouble.SOURCE_MOVED, SourceRemedy.MEND_MOVED),
    "http": (SourceTrouble.SOURCE_HTTP, SourceRemedy.MEND_HTTP),
    "refused": (SourceTrouble.SOURCE_REFUSED, SourceRemedy.MEND_REFUSED),
    "no_route": (SourceTrouble.SOURCE_NO_ROUTE, SourceRemedy.MEND_NO_ROUTE),
    "no_name": (SourceTrouble.SOURCE_NO_NAME, SourceRemedy.MEND_NO_NAME),
    "no_answer": (SourceTrouble.SOURCE_NO_ANSWER, SourceRemedy.MEND_NO_ANSWER),
    "not_rtsp": (SourceTrouble.SOURCE_NOT_RTSP, SourceRemedy.MEND_NOT_RTSP),
    "stalled": (SourceTrouble.SOURCE_STALLED, SourceRemedy.MEND_STALLED),
    "cut": (SourceTrouble.SOURCE_CUT, SourceRemedy.MEND_CUT),
    "tls": (SourceTrouble.SOURCE_TLS, SourceRemedy.MEND_TLS),
    "codec": (SourceTrouble.SOURCE_CODEC, SourceRemedy.MEND_CODEC),
    "not_jpeg": (SourceTrouble.SOURCE_NOT_JPEG, SourceRemedy.MEND_NOT_JPEG),
    "only_jpeg": (SourceTrouble.SOURCE_ONLY_JPEG, SourceRemedy.MEND_ONLY_JPEG),
    "not_mjpeg": (SourceTrouble.SOURCE_NOT_MJPEG, SourceRemedy.MEND_NOT_MJPEG),
    "no_video": (SourceTrouble.SOURCE_NO_VIDEO, SourceRemedy.MEND_NO_VIDEO),
    "no_film": (SourceTrouble.SOURCE_NO_FILM, SourceRemedy.MEND_NO_FILM),
    "no_device": (SourceTrouble.SOURCE_NO_DEVICE, SourceRemedy.MEND_NO_DEVICE),
    "no_right": (SourceTrouble.SOURCE_NO_RIGHT, SourceRemedy.MEND_NO_RIGHT),
    "busy": (SourceTrouble.SOURCE_BUSY, SourceRemedy.MEND_BUSY),
    "no_av": (SourceTrouble.SOURCE_NO_AV, SourceRemedy.MEND_NO_AV),
    "no_decoder": (SourceTrouble.SOURCE_NO_DECODER, SourceRemedy.MEND_NO_DECODER),
    "unknown": (SourceTrouble.SOURCE_UNKNOWN, SourceRemedy.MEND_UNKNOWN),
}
"""By one word for programs."""

LASTING = frozenset({"no_av", "no_decoder", "not_jpeg", "only_jpeg"})
"""What does not go away by itself."""


class StreamError(Exception):
    """A stream that gives no picture (any more).

    Args:
        trouble: Why.
        lasts: Trying again alone does not help, somebody has to change a setting or install something.
    """

    def __init__(self, trouble: Trouble, *, lasts: bool = False) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble
        self.lasts = lasts


def stream_error(kind: str, detail: str = "") -> StreamError:
    """The error of a kind of `KINDS`; `detail` are words of the camera or a library."""
    what, remedy = KINDS[kind]
    trouble = Trouble(kind=kind, what=what(), remedy=remedy(), detail=masked(detail)[:_SHOWN])
    return StreamError(trouble, lasts=kind in LASTING)
