"""What every protocol answers, so that no other room asks which protocol it is.

A protocol says what its messages hold (`content`) and how they travel (`transport`). `payload` renders the content,
`sinks` provides the transport, and neither knows the protocol.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Self

from cammra_edge.fields import Checked
from cammra_edge.model import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.profile.endpoint import Endpoint, NetworkMode
    from cammra_edge.profile.form import Form, Node

_ALL: Final = frozenset(EventKind)
_NONE: Final[frozenset[EventKind]] = frozenset()


@dataclass(frozen=True, slots=True)
class MultipartContent:
    """The FF JSON and its images as the parts of one multipart body.

    Args:
        part_names: Names of the event's part, the image's and the second image's.
        event_as_file: Whether the event's part has a file name.
    """

    part_names: tuple[str, str, str]
    event_as_file: bool


@dataclass(frozen=True, slots=True)
class JsonContent:
    """The FF JSON with its images inside; `content_type` is empty if the transport has no place for one."""

    content_type: str = ""


@dataclass(frozen=True, slots=True)
class FilesContent:
    """Images as files, with the FF JSON beside them if `sidecar` is set."""

    path: str
    naming: str
    sidecar: bool


@dataclass(frozen=True, slots=True)
class FormContent:
    """A template filled with the event.

    Args:
        form: The template, read and checked.
        target: Path and query with fields in them; nothing where they are the Server URL's as they stand.
        tag_bits: Bits of the field `tag`.
        user: What the field `user` says.
        access_point: What the field `access_point` says; `None` goes by the direction.
    """

    form: Form
    target: tuple[Node, ...] = ()
    tag_bits: int = 24
    user: str = ""
    access_point: int | None = None


@dataclass(frozen=True, slots=True)
class PublishedContent:
    """A body on a topic, and pictures on topics of their own before it.

    Args:
        inner: The body.
        topic: Of the event, with the variables that an event fills in.
        base: Where all other topics of the camera begin, with the variable `{device}`.
    """

    inner: JsonContent | FormContent
    topic: str
    base: str


class PresenceChoice(StrEnum):
    """Whether a profile's connection says that the camera is there and how it is."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceWay:
    """How a connection can say of the camera that it is there and how it is.

    Args:
        choice: Whether it is to.
        broker: Whom it says it to: what is kept is kept there.
        base: Where the camera's topics begin, with the variable `{device}`.
        discovery_prefix: Where Home Assistant looks for devices; empty: it is told nothing.
        event_topic: Where events go, with the variables of the page.
        payload: What an event's message holds, by its word.
    """

    choice: PresenceChoice
    broker: str
    base: str
    discovery_prefix: str
    event_topic: str
    payload: str


Content = MultipartContent | JsonContent | FilesContent | FormContent | PublishedContent


class BaseProtocol(Checked, ABC):
    """Base of every protocol; a class in `protocols.Protocol` also answers `transport`."""

    __slots__ = ()

    word: ClassVar[str]
    """The protocol's name on the page."""
    usual_events: ClassVar[frozenset[EventKind]] = frozenset({EventKind.NEW})
    one_read: ClassVar[bool] = False
    """Whether it takes one read per vehicle, so either Reliable or Lost."""
    takes_images: ClassVar[bool] = True
    stays_connected: ClassVar[bool] = False
    """Whether its connection lasts while nothing is sent: then that says when to connect, and not each delivery."""
    most_image_bytes: ClassVar[int | None] = None
    """Its receivers take no bigger pictures."""

    @abstractmethod
    def endpoint(self) -> Endpoint:
        """Where it goes."""

    @abstractmethod
    def content(self) -> Content:
        """What a message holds."""

    @abstractmethod
    def sentence(self) -> str:
        """How and where it sends; follows "sends New …" in `cammra-edge check`."""

    def pictured_events(self) -> frozenset[EventKind]:
        """The event types that pictures go with."""
        return _ALL if self.takes_images else _NONE

    def presence_way(self) -> PresenceWay | None:
        """How its connection can say that the camera is there and how it is; `None`: it cannot."""
        return None

    def doubts(self) -> Iterator[str]:
        """What is allowed but probably not meant, each as a sentence."""
        yield from ()

    def over(self, mode: NetworkMode) -> Self:  # noqa: ARG002 - only HTTP has two modes
        """The protocol in this network mode; itself if it knows no modes."""
        return self
