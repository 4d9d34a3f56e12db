"""From an event and a profile to the bytes that a receiver gets: a pure function.

Invariants, held by `tests/payload/test_render.py`:

1. The same arguments give the same bytes, so that a retry sends what was sent before.
2. Nothing an event holds makes it raise.
3. An image whose bytes are gone is left out, and nothing refers to it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from cammra_edge.framing import json_with_images, multipart_body
from cammra_edge.model import Body, Files, NamedFile
from cammra_edge.payload import ff, naming, paths, template
from cammra_edge.profile import Ftp, HttpPost, Tcp, Templated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.model import Device, Event, Message
    from cammra_edge.profile import Profile

_JSON = "application/json"
_JPEG = "image/jpeg"
_DASHES = "-" * 24
_LONGEST_KEY = 64
_SALT_BYTES = 16
_BOUNDARIES_TO_TRY = 8


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
    """What the profile's receiver gets for this event.

    Args:
        event: What happened.
        images: JPEGs by `ImageRef.image_key`; may hold more than the profile sends, or less.
        profile: Where it goes.
        profile_id: The profile's number, from 1.
        device: The camera.
        packet: The profile's running number of this event, the same at every attempt.
        boundary_key: A secret of this installation, at least 16 bytes: makes boundaries unguessable.
    """
    sender = ff.Sender(
        device=device,
        profile_id=profile_id,
        device_id=profile.device_id,
        packet=packet,
        latitude=device.latitude if profile.latitude is None else profile.latitude,
        longitude=device.longitude if profile.longitude is None else profile.longitude,
    )
    attached = attached_images(
        event, images, profile=profile, zone_name=device.time_zone, packet=packet
    )
    match profile.protocol:
        case HttpPost(multipart=True) as protocol:
            return _multipart(event, sender, attached, images, protocol, boundary_key)
        case HttpPost():
            return Body(content=_one_object(event, sender, attached, images), content_type=_JSON)
        case Ftp() as protocol:
            return _files(event, sender, attached, images, protocol)
        case Templated() as protocol:
            return _templated(event, sender, attached, images, protocol, boundary_key)
        case Tcp():
            return Body(content=_one_object(event, sender, attached, images))


def attached_images(
    event: Event, images: Mapping[str, bytes], *, profile: Profile, zone_name: str, packet: int
) -> tuple[ff.NamedImage, ...]:
    """The images of the event that the profile sends and whose bytes are there, the selected one first."""
    # Kinds first: comparing whole specs is what takes time here, and most differ in kind.
    attached = [
        ff.named_image(event, ref, zone_name=zone_name, packet=packet)
        for spec in profile.image_specs()
        for ref in event.images
        if ref.spec.kind is spec.kind and ref.spec == spec and ref.image_key in images
    ]
    return tuple(attached)


def _one_object(
    event: Event,
    sender: ff.Sender,
    attached: tuple[ff.NamedImage, ...],
    images: Mapping[str, bytes],
) -> bytes:
    rendered = ff.event_json(event, sender, attached)
    elements = [
        (ff.wire_type(image.ref.spec.kind), "jpg", images[image.ref.image_key])
        for image in attached
    ]
    return json_with_images(rendered.whole(), len(rendered.head), elements)


def _multipart(  # noqa: PLR0913, PLR0917 - the pieces of one body
    event: Event,
    sender: ff.Sender,
    attached: tuple[ff.NamedImage, ...],
    images: Mapping[str, bytes],
    protocol: HttpPost,
    boundary_key: bytes,
) -> Body:
    event_part, *image_parts = protocol.part_names
    zone_name = sender.device.time_zone
    file_name = naming.event_file_name(
        ff.captured_utc_ns(event), zone_name, plate=event.plate.text, packet=sender.packet
    )
    content = ff.event_json(event, sender, attached).whole()
    parts = [(event_part, file_name if protocol.event_as_file else "", _JSON, content)]
    parts += [
        (name, image.file_name, _JPEG, images[image.ref.image_key])
        for name, image in zip(image_parts, attached, strict=False)
    ]
    return multipart(parts, f"{event.event_id}/{sender.profile_id}", boundary_key)


def _templated(  # noqa: PLR0913, PLR0917 - the pieces of one body
    event: Event,
    sender: ff.Sender,
    attached: tuple[ff.NamedImage, ...],
    images: Mapping[str, bytes],
    protocol: Templated,
    boundary_key: bytes,
) -> Body:
    message = protocol.message()
    values = template.Values(event, sender, attached, images, protocol)
    if message.parts:
        parts = template.message_parts(message, values)
        return multipart(parts, f"{event.event_id}/{sender.profile_id}", boundary_key)
    return Body(
        content=values.filled(message.body, message.escape), content_type=message.content_type
    )


def _files(
    event: Event,
    sender: ff.Sender,
    attached: tuple[ff.NamedImage, ...],
    images: Mapping[str, bytes],
    protocol: Ftp,
) -> Files:
    """The sidecar first and the selected image last, so that a watcher who sees that one sees all."""
    base = paths.base_path(protocol.path, protocol.naming, event, sender)
    files = [
        NamedFile(path=f"{base}{'_lp' if number else ''}.jpg", content=images[image.ref.image_key])
        for number, image in enumerate(attached)
    ]
    if protocol.sidecar:
        files.append(
            NamedFile(path=f"{base}.json", content=ff.event_json(event, sender, attached).whole())
        )
    return Files(files=tuple(reversed(files)))


def multipart(
    parts: list[tuple[str, str, str, bytes]], message_id: str, boundary_key: bytes
) -> Body:
    """A multipart body whose boundary is the same for the same message, and occurs in none of its parts."""
    message = message_id.encode(errors="replace")
    for attempt in range(_BOUNDARIES_TO_TRY):
        salt = attempt.to_bytes(_SALT_BYTES)
        digest = blake2b(message, key=boundary_key[:_LONGEST_KEY], salt=salt, digest_size=16)
        boundary = _DASHES + digest.hexdigest()
        try:
            content = multipart_body(boundary, parts)
        except ValueError:
            if not any(boundary.encode() in part[-1] for part in parts):
                raise
        else:
            return Body(content=content, content_type=f"multipart/form-data; boundary={boundary}")
    # Reached only by somebody who knows the key and puts eight of our boundaries into one picture.
    raise ValueError("no boundary is absent from the parts")
