"""A stream through PyAV, FFmpeg's libraries: RTSP, V4L2 devices, films.

PyAV is an extra and is imported when a stream is opened. Held by `tests/camera/test_av_stream.py` (films that
FFmpeg makes there) and `tests/camera/test_rtsp.py` (GStreamer's RTSP server).
"""

from __future__ import annotations

import errno
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cammra_edge.camera.address import Address, SourceKind
from cammra_edge.camera.authorities import ffmpeg_options
from cammra_edge.camera.picture import Taken
from cammra_edge.camera.planes import AvPicture
from cammra_edge.camera.troubles import StreamError, stream_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

OPEN_S, READ_S = 8.0, 4.5
"""Waits for a stream's beginning and for its next packet: a stall is noticed within five seconds."""
_NS_PER_S = 1_000_000_000
_US_PER_S = 1_000_000
_MOST_DAMAGED = 250
"""After so many pictures in a row that cannot be decoded the stream is opened anew."""
_UDP_BUFFER = str(2 << 20)
"""A key picture of 4K comes in one burst; what the kernel has no room for is lost."""
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_PROTOCOLS = {
    SourceKind.RTSP: "rtsp,rtsps,rtp,srtp,tcp,udp,tls,http,https",
    SourceKind.HTTP: "http,https,tcp,tls",
    SourceKind.DEVICE: "file",
    SourceKind.FILE: "file",
}
"""What a stream may open besides itself: no playlist inside a film leads to the network."""


class AvStream:
    """An open stream.

    Args:
        address: Where it comes from.
        transport: RTSP's: `tcp` or `udp`.

    Raises:
        StreamError: It cannot be opened, or has no video that can be decoded.
    """

    def __init__(self, address: Address, *, transport: str = "tcp") -> None:
        av = imported()
        self._av = av
        self._address = address
        _resolve(address)
        options = {"protocol_whitelist": _PROTOCOLS[address.kind]}
        # Else FFmpeg keeps twenty pictures back to measure a rate that nobody asks it for.
        options |= {"fpsprobesize": "0"} if address.is_live else {}
        if address.kind is SourceKind.RTSP:
            options |= {"rtsp_transport": transport, "allowed_media_types": "video"}
            options |= {"buffer_size": _UDP_BUFFER} if transport == "udp" else {}
        is_https = address.given.lower().startswith("https:")
        options |= ffmpeg_options() if is_https else {}
        name = f"file:{address.given}" if address.kind is SourceKind.FILE else address.given
        timeout = (OPEN_S, READ_S) if address.is_live else None
        try:
            self._container: InputContainer = av.open(
                name,
                format="v4l2" if address.kind is SourceKind.DEVICE else None,
                options=options,
                timeout=timeout,
                metadata_errors="replace",
            )
        except (OSError, ValueError, av.FFmpegError) as error:
            # Not from that error: it quotes the address with its password, and a traceback would show it.
            raise self._told(error, is_opening=True) from None
        try:
            self._stream = _video(self._container)
            self.codec = self._stream.codec_context.name
        except StreamError:
            self._container.close()
            raise

    def pictures(self) -> Iterator[Taken | None]:
        """As `picture.Stream`."""
        av = self._av
        damaged = 0
        try:
            for packet in self._container.demux(self._stream):
                for taken in self._decoded(packet):
                    damaged = damaged + 1 if taken is None else 0
                    if damaged > _MOST_DAMAGED:
                        raise stream_error("codec", f"{damaged} pictures in a row are damaged")
                    yield taken
        except (OSError, ValueError, av.FFmpegError) as error:
            if not isinstance(error, av.EOFError):
                raise self._told(error, is_opening=False) from None
        if self._address.is_live:
            raise stream_error("cut")

    @property
    def began_utc(self) -> datetime | None:
        """When it was taken, as the film says (`creation_time`)."""
        try:
            began = datetime.fromisoformat(self._container.metadata["creation_time"])
        except (KeyError, ValueError):
            return None
        return began if began.tzinfo else began.replace(tzinfo=UTC)

    def close(self) -> None:
        """As `picture.Stream`."""
        self._container.close()

    def _decoded(self, packet: Packet[VideoStream]) -> Iterator[Taken | None]:
        """The pictures that this packet completes; `None`: it was damaged."""
        try:
            frames = self._stream.codec_context.decode(packet)
        except self._av.InvalidDataError:
            yield None
            return
        for frame in frames:
            if frame.is_corrupt:
                yield None
            else:
                yield self._taken(frame, packet)

    def _taken(self, frame: VideoFrame, packet: Packet[VideoStream]) -> Taken:
        jpeg = bytes(packet) if self.codec == "mjpeg" and packet.size else None
        if frame.pts is None or frame.time_base is None:
            return Taken(AvPicture(frame, jpeg))
        stream_ns = round(frame.pts * frame.time_base * _NS_PER_S)
        return Taken(AvPicture(frame, jpeg), stream_ns, self._camera_utc_ns(stream_ns))

    def _camera_utc_ns(self, stream_ns: int) -> int | None:
        """By the sender reports of RTSP, which say what the camera's clock showed at the stream's start."""
        began_utc_us = self._container.start_time_realtime
        if self._address.kind is not SourceKind.RTSP or not began_utc_us or began_utc_us < 0:
            return None
        began_ns = (self._container.start_time or 0) * (_NS_PER_S // _US_PER_S)
        return began_utc_us * (_NS_PER_S // _US_PER_S) + stream_ns - began_ns

    def _told(self, error: Exception, *, is_opening: bool) -> StreamError:
        av = self._av
        is_file = self._address.kind is SourceKind.FILE
        is_device = self._address.kind is SourceKind.DEVICE
        # Of RTSP also: nobody has answered in time.
        unread = "not_rtsp" if self._address.kind is SourceKind.RTSP else "no_video"
        kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
            (av.HTTPUnauthorizedError, "unauthorised"),
            (av.HTTPForbiddenError, "forbidden"),
            (av.HTTPNotFoundError, "not_found"),
            ((av.HTTPClientError, av.HTTPServerError), "http"),
            (ssl.SSLError, "tls"),
            (ConnectionRefusedError, "refused"),
            ((av.ExitError, TimeoutError), "no_answer" if is_opening else "stalled"),
            (ConnectionError, "cut"),
            (PermissionError, "no_right"),
            (
                FileNotFoundError,
                "no_film" if is_file else "no_device" if is_device else "not_found",
            ),
            (IsADirectoryError, "no_film"),
            ((av.DecoderNotFoundError, av.PatchWelcomeError), "codec"),
            (av.InvalidDataError, unread if is_opening else "codec"),
        )
        for kind, word in kinds:
            if isinstance(error, kind):
                return stream_error(word)
        number = getattr(error, "errno", None)
        is_https = self._address.given.lower().startswith("https:")
        if number == errno.EIO and is_opening and is_https:
            return stream_error("tls")  # FFmpeg says no more of it
        return stream_error(_BY_NUMBER.get(number or 0, "unknown"), _words(error))


_BY_NUMBER = {
    errno.ENETUNREACH: "no_route",
    errno.EHOSTDOWN: "no_route",
    errno.EHOSTUNREACH: "no_route",
    errno.ETIMEDOUT: "no_answer",
    errno.EBUSY: "busy",
}


def imported() -> Any:  # noqa: ANN401 - a module
    """PyAV, silent: its words would go to stderr with the address and its password.

    Raises:
        StreamError: It is not installed.
    """
    try:
        import av  # noqa: PLC0415 - an extra, and 60 MB
        import av.logging  # noqa: PLC0415
    except ImportError as error:
        raise stream_error("no_av") from error
    av.logging.set_level(None)
    return av


def _resolve(address: Address) -> None:
    """Look the name up first: FFmpeg says "input/output error" of a name that nobody knows."""
    if address.kind not in {SourceKind.RTSP, SourceKind.HTTP}:
        return
    parts = urlsplit(address.given)
    try:
        socket.getaddrinfo(parts.hostname, parts.port or _PORTS.get(parts.scheme, 0))
    except OSError as error:
        raise stream_error("no_name", str(parts.hostname)) from error


def _video(container: InputContainer) -> VideoStream:
    stream = next(iter(container.streams.video), None)
    if stream is None:
        raise stream_error("no_video")
    if stream.codec_context is None:
        raise stream_error("codec")
    return stream


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
