"""What a payload renders and a sink sends: a body, or files, and which try of which delivery it is."""

from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One message for a byte transport (HTTP, TCP): what a payload renders and a sink sends.

    `content_type` is empty where the transport has no place for it. The bytes are the same at every attempt. Only HTTP
    has a method, and a target: an empty one is that of the Server URL.
    """

    content: bytes
    content_type: str = ""
    method: str = "POST"
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """One file for a file transport: a relative path whose components are safe, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files that belong together; the last one appearing tells a watcher that all are there."""

    files: tuple[NamedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture for a broker, on a topic of its own."""

    kind: str
    topic: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Publications:
    """An event for a broker, and the pictures that go before it.

    Args:
        topic: The event's.
        content: The event.
        content_type: Its media type.
        properties: What is said beside it, as names and values.
        pictures: Acknowledged before the event.
        expires_utc_ns: When nobody need get it any more; `None` for never.
    """

    topic: str
    content: bytes
    content_type: str
    properties: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    expires_utc_ns: int | None = None


Message = Body | Files | Publications


def contents(message: Message) -> tuple[bytes, ...]:
    """Everything that it carries, in order."""
    match message:
        case Body(content=content):
            return (content,)
        case Files(files=files):
            return tuple(file.content for file in files)
        case Publications(pictures=pictures, content=content):
            return (*(picture.content for picture in pictures), content)
        case unknown:
            assert_never(unknown)


def size_bytes(message: Message) -> int:
    """How many bytes of content it has."""
    return len(message.content) if isinstance(message, Body) else sum(map(len, contents(message)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Which try of which delivery this is; a sink may put it into headers, never into the body."""

    event_id: str
    packet: int
    number: int = 1
    test: bool = False
