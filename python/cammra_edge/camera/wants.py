"""What a source wants of its arguments."""

from __future__ import annotations

from cammra_edge.phrases import Phrase


class SourceWant(Phrase):
    """Wants of `VideoSource`."""

    SOURCE_ADDRESS = (
        "rtsp://, rtsps://, http:// or https:// with a host, /dev/videoN, or the path of a film; in user and password"
        " the signs / ? # @ : are written %2F %3F %23 %40 %3A"
    )
