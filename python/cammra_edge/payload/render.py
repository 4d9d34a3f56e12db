"""Renders an event for a profile: a pure function from both to the receiver's bytes.

Invariants, held by `tests/payload/test_render.py`:

1. The same arguments give the same bytes, so a retry repeats what was sent.
2. No content of an event makes it raise, as long as the fields have the types of `model`.
3. An image without bytes is left out, and nothing refers to it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, assert_never

from cammra_edge.errors import BoundaryError
from cammra_edge.framing import EventForm, multipart_body
from cammra_edge.message import Body, Files, NamedFile
from cammra_edge.payload import naming, paths, published, template
from cammra_edge.profile import (
    FilesContent,
    FormContent,
    JsonContent,
    MultipartContent,
    PublishedContent,
)
from cammra_edge.profile.form import Escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.message import Message, Publications
    from cammra_edge.model import Device, Event, ImageKind
    from cammra_edge.profile import Profile

_DASHES = "-" * 24
_LONGEST_KEY = 64
_SALT_BYTES = 16
_BOUNDARIES_TO_TRY = 8


class Renderer:
    """Renders one profile's events; what they have in common is prepared once.

    Args:
        profile: The events' destination.
        profile_id: The profile's number, from 1.
        device: The camera.
    """

    def __init__(self, profile: Profile, *, profile_id: int, device: Device) -> None:
        self._profile = profile
        self._key = profile.key
        self._sender = profile.sender(profile_id, device)
        self._content = profile.protocol.content()
        self._form = EventForm(
            self._sender, profile.image_specs(), words=naming, extended=profile.extended
        )

    def render(
        self, event: Event, images: Mapping[str, bytes], *, packet: int, boundary_key: bytes
    ) -> Message:
        """The message for one event.

        Args:
            event: What happened.
            images: JPEGs by `ImageRef.image_key`; some may be missing, and some not be the profile's.
            packet: The profile's running number of this event, the same at every attempt.
            boundary_key: A secret of this installation, at least 16 bytes, so that nobody can guess a boundary.
        """
        event = event.told_to(self._key)
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
                return Body(
                    content=self._form.with_images(event, images, packet),
                    content_type=content_type,
                )
            case FilesContent() as content:
                return self._files(event, images, packet, content)
            case FormContent() as content:
                return self._filled(event, images, packet, content, boundary_key)
            case PublishedContent() as content:
                return self._published(event, images, packet, content, boundary_key)
            case unknown:
                assert_never(unknown)

    def _published(
        self,
        event: Event,
        images: Mapping[str, bytes],
        packet: int,
        content: PublishedContent,
        boundary_key: bytes,
    ) -> Publications:
        inner = content.inner
        if isinstance(inner, JsonContent):
            json = self._form.with_images(event, {}, packet)
            body = Body(content=json, content_type=inner.content_type)
        else:
            body = self._filled(event, {}, packet, inner, boundary_key)
        attached: list[tuple[ImageKind, bytes]] = []
        if self._profile.image_specs(event.kind):
            attached = [
                (event.images[index].spec.kind, jpeg)
                for _, jpeg, _, index in self._form.attached(event, images, packet)
            ]
        return published.publications(body, event, attached, content, self._sender, self._profile)

    def _filled(
        self,
        event: Event,
        images: Mapping[str, bytes],
        packet: int,
        content: FormContent,
        boundary_key: bytes,
    ) -> Body:
        attached = self._form.attached(event, images, packet)
        form = content.form
        values = template.Values(event, self._sender, packet, attached, content)
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
        target = values.filled(content.target, Escape.URL).decode("ascii")
        return replace(body, method=form.method.value, target=target)

    def _files(
        self, event: Event, images: Mapping[str, bytes], packet: int, content: FilesContent
    ) -> Files:
        base = paths.base_path(content.path, content.naming, event, self._sender)
        files = self._form.files(event, images, packet, content.sidecar)
        return Files(
            files=tuple(NamedFile(path=base + suffix, content=data) for suffix, data in files)
        )

    def _message_id(self, event: Event) -> str:
        return f"{event.event_id}/{self._sender.profile_id}"


def render(  # noqa: PLR0913 - a pure function is handed everything
    event: Event,
    images: Mapping[str, bytes],
    *,
    profile: Profile,
    profile_id: int,
    device: Device,
    packet: int,
    boundary_key: bytes,
) -> Message:
    """The message for a single event; arguments as for `Renderer` and its `render`."""
    renderer = Renderer(profile, profile_id=profile_id, device=device)
    return renderer.render(event, images, packet=packet, boundary_key=boundary_key)


def multipart(body_with: Callable[[str], bytes], message_id: str, boundary_key: bytes) -> Body:
    """A multipart body whose boundary depends on the message's id alone, and occurs in no part.

    Args:
        body_with: The body with this boundary; raises `BoundaryError` when it occurs in a part.
        message_id: The same at every attempt.
        boundary_key: As for `Renderer.render`.
    """
    message = message_id.encode(errors="replace")
    for attempt in range(_BOUNDARIES_TO_TRY):
        digest = _keyed(boundary_key, attempt).copy()
        digest.update(message)
        boundary = _DASHES + digest.hexdigest()
        try:
            content = body_with(boundary)
        except BoundaryError:
            continue
        return Body(content=content, content_type=f"multipart/form-data; boundary={boundary}")
    # Takes someone who knows the key and puts eight of our boundaries into one picture.
    raise ValueError("no boundary is absent from the parts")


@lru_cache(maxsize=_BOUNDARIES_TO_TRY)
def _keyed(boundary_key: bytes, attempt: int) -> blake2b:
    """Keyed once and copied: keying costs as much as hashing a message."""
    salt = attempt.to_bytes(_SALT_BYTES)
    return blake2b(key=boundary_key[:_LONGEST_KEY], salt=salt, digest_size=16)
