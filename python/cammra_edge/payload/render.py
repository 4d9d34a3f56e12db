"""From an event and a profile to the bytes that a receiver gets: a pure function.

Invariants, held by `tests/payload/test_render.py`:

1. The same arguments give the same bytes, so that a retry sends what was sent before.
2. Nothing an event holds makes it raise, as long as its fields have the types that `model` says.
3. An image whose bytes are gone is left out, and nothing refers to it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, assert_never

from cammra_edge.errors import BoundaryError
from cammra_edge.framing import EventForm, multipart_body
from cammra_edge.model import Body, Files, NamedFile
from cammra_edge.payload import naming, paths, template
from cammra_edge.profile import FilesContent, FormContent, JsonContent, MultipartContent
from cammra_edge.profile.form import Escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.model import Device, Event, Message
    from cammra_edge.profile import Profile

_DASHES = "-" * 24
_LONGEST_KEY = 64
_SALT_BYTES = 16
_BOUNDARIES_TO_TRY = 8


class Renderer:
    """One profile's events as its receiver gets them; what no event changes is prepared.

    Args:
        profile: Where they go.
        profile_id: The profile's number, from 1.
        device: The camera.
    """

    def __init__(self, profile: Profile, *, profile_id: int, device: Device) -> None:
        self._sender = profile.sender(profile_id, device)
        self._content = profile.protocol.content()
        self._form = EventForm(self._sender, profile.image_specs(), words=naming)

    def render(
        self, event: Event, images: Mapping[str, bytes], *, packet: int, boundary_key: bytes
    ) -> Message:
        """What the receiver gets for this event.

        Args:
            event: What happened.
            images: JPEGs by `ImageRef.image_key`; may hold more than the profile sends, or less.
            packet: The profile's running number of this event, the same at every attempt.
            boundary_key: A secret of this installation, at least 16 bytes: makes boundaries unguessable.
        """
        match self._content:
            case MultipartContent(part_names=names, event_as_file=as_file):
                form = self._form
                return multipart(
                    lambda boundary: form.multipart(
                        event, images, packet, boundary, names, as_file
                    ),
                    self._message_id(event),
                    boundary_key,
                )
            case JsonContent(content_type=content_type):
                content = self._form.with_images(event, images, packet)
                return Body(content=content, content_type=content_type)
            case FilesContent() as wanted:
                return self._files(event, images, packet, wanted)
            case FormContent() as wanted:
                return self._filled(event, images, packet, wanted, boundary_key)
            case unknown:
                assert_never(unknown)

    def _filled(
        self,
        event: Event,
        images: Mapping[str, bytes],
        packet: int,
        wanted: FormContent,
        boundary_key: bytes,
    ) -> Body:
        attached = self._form.attached(event, images, packet)
        form = wanted.form
        values = template.Values(event, self._sender, packet, attached, wanted)
        if form.parts:
            parts = template.form_parts(form, values)
            body = multipart(
                lambda boundary: multipart_body(boundary, parts),
                self._message_id(event),
                boundary_key,
            )
        else:
            body = Body(
                content=values.filled(form.body, form.escape), content_type=form.content_type
            )
        target = values.filled(wanted.target, Escape.URL).decode("ascii")
        return replace(body, method=form.method.value, target=target)

    def _files(
        self, event: Event, images: Mapping[str, bytes], packet: int, wanted: FilesContent
    ) -> Files:
        base = paths.base_path(wanted.path, wanted.naming, event, self._sender)
        files = self._form.files(event, images, packet, wanted.sidecar)
        return Files(
            files=tuple(NamedFile(path=base + suffix, content=content) for suffix, content in files)
        )

    def _message_id(self, event: Event) -> str:
        return f"{event.event_id}/{self._sender.profile_id}"


def render(  # noqa: PLR0913 - everything a pure function needs has to come in by name
    event: Event,
    images: Mapping[str, bytes],
    *,
    profile: Profile,
    profile_id: int,
    device: Device,
    packet: int,
    boundary_key: bytes,
) -> Message:
    """What the profile's receiver gets for this one event; arguments as those of `Renderer`."""
    renderer = Renderer(profile, profile_id=profile_id, device=device)
    return renderer.render(event, images, packet=packet, boundary_key=boundary_key)


def multipart(made: Callable[[str], bytes], message_id: str, boundary_key: bytes) -> Body:
    """A multipart body whose boundary is the same for the same message, and occurs in none of its parts.

    Args:
        made: Makes the body with a boundary; raises `BoundaryError` when that occurs in a part.
        message_id: Of the message.
        boundary_key: A secret of this installation.
    """
    message = message_id.encode(errors="replace")
    for attempt in range(_BOUNDARIES_TO_TRY):
        digest = _keyed(boundary_key, attempt).copy()
        digest.update(message)
        boundary = _DASHES + digest.hexdigest()
        try:
            content = made(boundary)
        except BoundaryError:
            continue
        return Body(content=content, content_type=f"multipart/form-data; boundary={boundary}")
    # Reached only by somebody who knows the key and puts eight of our boundaries into one picture.
    raise ValueError("no boundary is absent from the parts")


@lru_cache(maxsize=_BOUNDARIES_TO_TRY)
def _keyed(boundary_key: bytes, attempt: int) -> blake2b:
    """A hash that knows the key, to be copied: taking the key in takes as long as the message."""
    salt = attempt.to_bytes(_SALT_BYTES)
    return blake2b(key=boundary_key[:_LONGEST_KEY], salt=salt, digest_size=16)
