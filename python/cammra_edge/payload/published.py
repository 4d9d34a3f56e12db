"""Topics, and what is said beside an event that goes to a broker. No plate stands in any of it.

Held by `tests/payload/test_published.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cammra_edge.message import Picture, Publications
from cammra_edge.model import ImageKind
from cammra_edge.payload import naming
from cammra_edge.profile.caller import level_of
from cammra_edge.retry import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.message import Body
    from cammra_edge.model import Event
    from cammra_edge.profile import Profile, PublishedContent
    from cammra_edge.profile.sender import Sender

KINDS: Final = {
    ImageKind.PLATE_CROP: "plate",
    ImageKind.VEHICLE_CROP: "vehicle",
    ImageKind.FULL_FRAME: "frame",
    ImageKind.DOWNSIZED_FRAME: "frame",
}
"""How a picture's topic ends."""


def event_topic(topic: str, event: Event, sender: Sender) -> str:
    """The topic of an event; the page's preview shows the same."""
    return (
        topic.replace("{device}", level_of(sender.device.serial))
        .replace("{event}", event.kind.value)
        .replace("{roi}", str(event.roi_id))
        .replace("{direction}", event.direction.value)
    )


def picture_topic(content: PublishedContent, event: Event, kind: ImageKind, sender: Sender) -> str:
    """The topic of one of its pictures."""
    base = content.base.replace("{device}", level_of(sender.device.serial))
    return f"{base}/image/{event.event_id}/{KINDS[kind]}"


def topics(
    content: PublishedContent, event: Event, kinds: Sequence[ImageKind], sender: Sender
) -> list[str]:
    """Everything that is published for an event, in order: its pictures of these kinds, and itself."""
    pictures = [picture_topic(content, event, kind, sender) for kind in kinds]
    return [*pictures, event_topic(content.topic, event, sender)]


def publications(  # noqa: PLR0913, PLR0917 - a pure function is handed everything
    body: Body,
    event: Event,
    attached: Sequence[tuple[ImageKind, bytes]],
    content: PublishedContent,
    sender: Sender,
    profile: Profile,
) -> Publications:
    """An event with its pictures, ready for a broker.

    Args:
        body: The event, rendered.
        event: The same.
        attached: Its pictures.
        content: Where what goes.
        sender: Who says it.
        profile: Which says when an event is too old.
    """
    limits_s = [
        limit_s
        for limit_s in (profile.expires_s.get(event.kind), profile.max_age_s)
        if limit_s is not None
    ]
    expires = event.at_utc_ns + round(min(limits_s) * NS_PER_S) if limits_s else None
    return Publications(
        topic=event_topic(content.topic, event, sender),
        content=body.content,
        content_type=body.content_type,
        properties=(
            ("ce_id", event.event_id),
            ("ce_type", f"cammra-edge.plate.{event.kind.value}"),
            ("ce_source", f"urn:cammra-edge:{level_of(sender.device_id)}"),
            ("ce_time", naming.utc_text(event.at_utc_ns)),
        ),
        pictures=tuple(
            Picture(
                kind=KINDS[kind],
                topic=picture_topic(content, event, kind, sender),
                content=jpeg,
            )
            for kind, jpeg in attached
        ),
        expires_utc_ns=expires,
    )
