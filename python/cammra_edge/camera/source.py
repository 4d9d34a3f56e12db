"""`VideoSource`: what yields frames, reads and times from an address and a recogniser.

Invariants, held by `tests/camera`:

1. A live source never ends and never raises for what a camera or network does: it says what is wrong, and goes on.
2. The recogniser takes the newest picture of a live stream, and every picture of a film.
3. Times never go back; intervals are the stream's.
4. User, password and tokens of the address are in no log line, error, status or page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from cammra_edge.camera.address import Address, SourceKind
from cammra_edge.camera.film import film_pictures
from cammra_edge.camera.look import look_at_film, look_live
from cammra_edge.camera.reader import LiveReader
from cammra_edge.camera.recognition import Recognition
from cammra_edge.camera.status import SourceState, SourceStatus
from cammra_edge.camera.troubles import StreamError
from cammra_edge.checks import Want
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import ConfigError, RecordingError
from cammra_edge.model import FrameFormat, FrameTime, PlateRead

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cammra_edge.camera.look import Look
    from cammra_edge.camera.picture import Picture, Stream
    from cammra_edge.clock import Clock
    from cammra_edge.imaging import Frame
    from cammra_edge.pulse import Pulse
    from cammra_edge.recogniser import Recogniser

_TRANSPORTS = ("tcp", "udp")
WordT = TypeVar("WordT", bound=StrEnum)


class CameraClock(StrEnum):
    """Whose wall clock events carry."""

    MACHINE = "machine"
    TRUSTED = "trusted"


class VideoSource(Iterable[tuple["Frame", Sequence[PlateRead], FrameTime]]):
    """An iterable for `run`'s `source`, and for a loop of one's own.

        source = VideoSource("rtsp://USER:PASSWORD@camera/stream1", recogniser)
        for frame, reads, at in source:
            engine.observe(frame, reads, at)

    Args:
        address: `rtsp://…`, `rtsps://…`, `http://…` (MJPEG), `/dev/videoN`, or the path of a film. User and password
            stand in the URL, percent-encoded where they have signs of a URL.
        recogniser: Reads plates. It is given BGR8 pixels, `(height, width, 3)`, unless it has an attribute
            `frame_format` that names another format.
        frame_format: What the engine is given; it must be the engine's own `frame_format`, which `cammra-edge run`
            sees to. By default `jpeg` for HTTP (the camera's own bytes), `i420` for everything else.
        camera_clock: `machine`: events carry this machine's time. `trusted`: the camera's, where it tells it (RTSP
            sender reports).
        transport: RTSP's: `tcp`, or `udp` where a camera cannot do otherwise.
        start_utc: When a film begins; by default what it says itself, else now.
        clock: Where the time comes from.

    Raises:
        ConfigError: The address, or another argument, cannot be used.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that a camera may want
        self,
        address: str | Path,
        recogniser: Recogniser[Any],
        *,
        frame_format: FrameFormat | str | None = None,
        camera_clock: CameraClock | str = CameraClock.MACHINE,
        transport: str = "tcp",
        start_utc: datetime | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.address = Address.parse(address)
        is_http = self.address.kind is SourceKind.HTTP
        usual = FrameFormat.JPEG if is_http else FrameFormat.I420
        self.frame_format = _word(FrameFormat, "frame_format", frame_format or usual)
        """What the engine is given."""
        clock_word = _word(CameraClock, "camera_clock", camera_clock)
        if transport not in _TRANSPORTS:
            raise ConfigError(
                "transport", str(transport)[:20], Want.ONE_OF(options=", ".join(_TRANSPORTS))
            )
        self._recognition = Recognition(recogniser, str(self.address), clock)
        self._wants = FrameFormat(getattr(recogniser, "frame_format", FrameFormat.BGR8))
        self._transport = transport
        self._start_utc = start_utc
        self._clock = clock
        self._trusts_camera = clock_word is CameraClock.TRUSTED
        self._reader = self._new_reader()
        self._film = SourceStatus(address=str(self.address), state=SourceState.IDLE)

    @property
    def is_live(self) -> bool:
        """Pictures come whether somebody takes them or not; a film waits, and has a time of its own."""
        return self.address.is_live

    def status(self) -> SourceStatus:
        """How it stands."""
        return self._recognition.counted_in(self._reader.status() if self.is_live else self._film)

    def look(self) -> Look:
        """Open it for a moment, without the recogniser, and at most ten seconds: how it stands, and a picture of it."""
        if self.is_live:
            return look_live(self._new_reader(), self.frame_format, self._clock)
        return look_at_film(self._opened, str(self.address), self.frame_format, self._clock)

    @property
    def pulse(self) -> Pulse:
        """The sign of life of whoever iterates over a live source; a recogniser that hangs gives none."""
        return self._reader.pulse

    def __iter__(self) -> Iterator[tuple[Frame, Sequence[PlateRead], FrameTime]]:
        """Frame, reads and time, as they come; a film's end ends it.

        Raises:
            RecordingError: A film that cannot be read.
        """
        return self._live() if self.is_live else self._played()

    def _live(self) -> Iterator[tuple[Frame, Sequence[PlateRead], FrameTime]]:
        reader = self._reader
        reader.start()
        try:
            while (newest := reader.take()) is not None:
                try:
                    frame = newest.picture.frame(self.frame_format)
                    reads = self._read(newest.picture, frame, newest.at)
                except StreamError as error:
                    reader.fail(error)
                    continue
                yield frame, reads, newest.at
        finally:
            reader.stop()

    def _played(self) -> Iterator[tuple[Frame, Sequence[PlateRead], FrameTime]]:
        self._film = replace(self._film, state=SourceState.PLAYING)
        try:
            for picture, at, facts in film_pictures(self._opened, self._clock, self._start_utc):
                self._film = replace(facts, address=str(self.address), state=SourceState.PLAYING)
                frame = picture.frame(self.frame_format)
                yield frame, self._read(picture, frame, at), at
        except StreamError as error:
            self._film = replace(self._film, state=SourceState.LOST, trouble=error.trouble)
            raise RecordingError(f"{self.address}: {error.trouble}") from error
        self._film = replace(self._film, state=SourceState.ENDED)

    def _read(self, picture: Picture, frame: Frame, at: FrameTime) -> Sequence[PlateRead]:
        """What the recogniser reads."""
        is_same = self._wants is self.frame_format
        return self._recognition.read(lambda: frame if is_same else self._form(picture), at)

    def _form(self, picture: Picture) -> Any:  # noqa: ANN401 - as `Picture.pixels`
        if self._wants is FrameFormat.BGR8:
            return picture.pixels()
        return picture.frame(self._wants)

    def _new_reader(self) -> LiveReader:
        return LiveReader(
            str(self.address), self._opened, self._clock, trusts_camera=self._trusts_camera
        )

    def _opened(self) -> Stream:
        if self.address.kind is SourceKind.HTTP and self.frame_format is FrameFormat.JPEG:
            from cammra_edge.camera.mjpeg import MjpegStream  # noqa: PLC0415 - brings httpx

            return MjpegStream(self.address)
        from cammra_edge.camera.av_stream import AvStream  # noqa: PLC0415 - brings sockets and TLS

        return AvStream(self.address, transport=self._transport)


def _word(kind: type[WordT], name: str, value: WordT | str) -> WordT:
    try:
        return kind(value)
    except ValueError as error:
        raise ConfigError(name, str(value)[:20], Want.ONE_OF(options=", ".join(kind))) from error
