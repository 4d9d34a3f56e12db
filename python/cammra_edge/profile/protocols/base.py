"""What every protocol answers, so that nobody has to ask which one it is.

A protocol says what its messages hold (`content`) and how they travel (`transport`); `payload` makes the one and
`sinks` does the other, and neither knows the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from cammra_edge.checks import Checked
from cammra_edge.model import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.profile.endpoint import Endpoint, NetworkMode
    from cammra_edge.profile.form import Form


@dataclass(frozen=True, slots=True)
class MultipartContent:
    """The FF JSON and its images as the parts of one multipart body.

    Args:
        part_names: Of the event, the image, the second image.
        event_as_file: Whether the event's part has a file name.
    """

    part_names: tuple[str, str, str]
    event_as_file: bool


@dataclass(frozen=True, slots=True)
class JsonContent:
    """The FF JSON with its images inside; `content_type` is empty where the transport has no place for it."""

    content_type: str = ""


@dataclass(frozen=True, slots=True)
class FilesContent:
    """Images as files, and the FF JSON beside them where `sidecar` asks for it."""

    path: str
    naming: str
    sidecar: bool


@dataclass(frozen=True, slots=True)
class FormContent:
    """A template filled with the event.

    Args:
        form: The template, read and checked.
        tag_bits: Bits of the field `tag`.
        user: What the field `user` says.
    """

    form: Form
    tag_bits: int
    user: str


Content = MultipartContent | JsonContent | FilesContent | FormContent


class BaseProtocol(Checked):
    """See the module."""

    __slots__ = ()

    word: ClassVar[str]
    """What the page calls it."""
    usual_events: ClassVar[frozenset[EventKind]] = frozenset({EventKind.NEW})
    one_read: ClassVar[bool] = False
    """Whether it takes one read per vehicle: Reliable or Lost alone."""
    takes_images: ClassVar[bool] = True

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        raise NotImplementedError

    def content(self) -> Content:
        """What a message holds."""
        raise NotImplementedError

    def sentence(self) -> str:
        """How and where it sends, to follow "sends New …" in `cammra-edge check`."""
        raise NotImplementedError

    def doubts(self) -> Iterator[str]:
        """What is allowed and yet probably not meant."""
        yield from ()

    def over(self, mode: NetworkMode) -> Self:  # noqa: ARG002 - only HTTP has two modes
        """The protocol in this network mode."""
        return self
