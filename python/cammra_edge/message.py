"""What a payload renders and a sink sends: a body, or files, and which try of which delivery it is."""

from dataclasses import dataclass


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


Message = Body | Files


def size_bytes(message: Message) -> int:
    """How many bytes of content it has."""
    if isinstance(message, Body):
        return len(message.content)
    return sum(len(file.content) for file in message.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Which try of which delivery this is; a sink may put it into headers, never into the body."""

    event_id: str
    packet: int
    number: int = 1
    test: bool = False
