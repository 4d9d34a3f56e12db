"""The door for an image encoder that is not ours, such as a processor's hardware (`docs/guide/sources.md`).

It is a function of the config script's, and may do anything: raise, hang, answer late or with something else. It is
called on a thread of its own and has `ANSWER_S` for an answer, which is looked at before it counts. Whatever it does,
the event gets its image: from our own encoder. What it did wrong is told, and while a call hangs there is no other.

Held by `tests/engine/test_image_encoder.py`.
"""

from __future__ import annotations

import threading
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cammra_edge.engine.troubles import InputKind
from cammra_edge.errors import CammraError
from cammra_edge.model import Rect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cammra_edge.engine.troubles import Troubles
    from cammra_edge.imaging import Shot
    from cammra_edge.model import ImageSpec

ANSWER_S = 0.5
"""How long an answer may take: fifty times what our own encoder takes for a vehicle on a slow camera."""


class Nv12(NamedTuple):
    """The pixels of one image, in memory of their own.

    Args:
        y: Luma, `height` rows of `stride` bytes, of full range (0 to 255) as a JPEG stores it.
        uv: Chroma at half the height, U and V in turn.
        stride: Bytes from the beginning of one row to that of the next, in both planes.
        width: A multiple of 16, with the image's last column repeated.
        height: A multiple of 16, with the image's last row repeated.
    """

    y: bytes
    uv: bytes
    stride: int
    width: int
    height: int


class ImageEncoder(Protocol):
    """Makes JPEGs; any function or object that can be called so."""

    def __call__(self, frame: Nv12, box: Rect, quality: int, /) -> bytes:
        """One whole JPEG of what the box shows, and of its size.

        Args:
            frame: The pixels.
            box: The image in it: from the upper left corner, without what was repeated.
            quality: 1 to 100, as libjpeg counts.
        """
        ...


class _Answer(NamedTuple):
    jpeg: bytes = b""
    trouble: str = ""


class ImageEncoderDoor:
    """Has a script's encoder make those images of a shot that it can make; the shot remembers them.

    Args:
        encoder: The script's.
        tell: Called with what it did wrong.
        answer_s: How long an answer may take.
    """

    def __init__(
        self, encoder: ImageEncoder, tell: Callable[[str], None], answer_s: float = ANSWER_S
    ) -> None:
        self._encoder = encoder
        self._tell = tell
        self._answer_s = answer_s
        self._asked: SimpleQueue[tuple[Nv12, Rect, int] | None] = SimpleQueue()
        self._answered = threading.Condition()
        self._answer: _Answer | None = None
        self._is_open = False
        self._thread: threading.Thread | None = None

    def make(self, shot: Shot, specs: Iterable[ImageSpec]) -> None:
        """Try the images that the encoder can make. From one thread."""
        for spec in dict.fromkeys(specs):
            trouble = self._make(shot, spec)
            if trouble:
                self._tell(trouble)

    def close(self) -> None:
        """Let the thread end, once the encoder has come back."""
        self._asked.put(None)

    def _make(self, shot: Shot, spec: ImageSpec) -> str:
        """What was wrong."""
        offer = shot.offer(spec)
        if offer is None:
            return ""
        if self._hangs():
            return "it has not come back from an earlier image yet"
        y, uv, stride = offer.planes()
        frame = Nv12(y, uv, stride, width=stride, height=len(y) // stride)
        answer = self._ask(frame, Rect(0, 0, *offer.size), offer.quality)
        if answer.trouble:
            return answer.trouble
        try:
            offer.adopt(answer.jpeg)
        except CammraError as error:
            return f"it answered {error}"
        return ""

    def _hangs(self) -> bool:
        with self._answered:
            return self._is_open

    def _ask(self, frame: Nv12, box: Rect, quality: int) -> _Answer:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="cammra-image-encoder", daemon=True
            )
            self._thread.start()
        with self._answered:
            self._is_open = True
            self._answer = None
            self._asked.put((frame, box, quality))
            self._answered.wait_for(lambda: not self._is_open, self._answer_s)
            late = _Answer(trouble=f"it has not answered within {self._answer_s:g} s")
            return late if self._answer is None else self._answer

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            try:
                answer = _taken(self._encoder(*asked))
            # `BaseException`, since nothing that a script raises may end this thread.
            except BaseException as error:  # noqa: BLE001
                answer = _Answer(trouble=f"it raised {_words(error)}")
            with self._answered:
                self._answer = answer
                self._is_open = False
                self._answered.notify_all()


def door_to(encoder: ImageEncoder | None, troubles: Troubles) -> ImageEncoderDoor | None:
    """The door to a script's encoder, if it has one; what it does wrong is a trouble."""
    if encoder is None:
        return None
    return ImageEncoderDoor(encoder, partial(troubles.add, InputKind.ENCODER))


def _taken(answer: object) -> _Answer:
    if isinstance(answer, bytes | bytearray | memoryview):
        return _Answer(bytes(answer))
    return _Answer(trouble=f"it answered a {type(answer).__name__}, want bytes")


def _words(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an exception of the script's, whose text may raise, too
        return type(error).__name__
