"""Says in plain words what a profile sends where, and what about it deserves a second look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.cli.doubts import device_doubts, filter_doubts
from cammra_edge.config.channel import channel_of
from cammra_edge.model import EventKind, ImageKind
from cammra_edge.payload import presence
from cammra_edge.profile import FilesContent, Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cammra_edge.config import Settings
    from cammra_edge.profile import Profile

_WORDS = {kind: kind.value.title() for kind in EventKind}
_DEFAULT_DEVICE_ID = "defaultID"


def profile_lines(profile: Profile) -> list[str]:
    """What a profile does: the first line says what goes where, the others how."""
    kinds = [_WORDS[kind] for kind in EventKind if kind in profile.events]
    what = _joined(kinds) or "nothing, as no event type is switched on"
    lines = [
        f"sends {what} {profile.protocol.sentence()}",
        f"as device {profile.device_id}, {_pictures(profile)}",
    ]
    filters = list(_filters(profile))
    if filters:
        lines.append(f"only {_joined(filters)}")
    if profile.repeat_window_s:
        lines.append(_memory(profile))
    lines += [
        f"{_WORDS[kind]} older than {age:g} s is not sent"
        for kind, age in profile.expires_s.items()
    ]
    if profile.max_age_s is not None:
        lines.append(f"nothing older than {profile.max_age_s:g} s is sent")
    if profile.order is Order.LIVE_FIRST:
        lines.append("new events go first, the backlog in the gaps between them")
    if profile.window > 1:
        lines.append(f"up to {profile.window} events are sent at once")
    if not profile.enabled:
        lines.append("switched off: nothing is sent")
    return lines


def presence_lines(settings: Settings) -> list[str]:
    """Where the camera says that it is there and how it is; nothing where it does not."""
    channel = channel_of(settings.profiles)
    way = None if channel is None else channel.protocol.presence_way()
    if channel is None or way is None:
        return []
    device = settings.device
    lines = [
        (
            f"{channel.name} says that the camera is there on {presence.state_topic(way, device)},"
            f" and how it is on {presence.health_topic(way, device)}; the broker keeps both."
        )
    ]
    if topic := presence.discovery_topic(way, device):
        lines.append(f"Home Assistant finds the camera by {topic}.")
    return lines


def warnings(settings: Settings) -> Iterator[str]:
    """What is allowed but probably not meant."""
    if not settings.profiles:
        yield "there is no profile: events go nowhere"
    for profile in settings.profiles:
        for why in (
            *_warnings(profile),
            *filter_doubts(profile, settings),
            *device_doubts(profile, settings),
        ):
            yield f"{profile.name}: {why}"
    named = [
        profile.name for profile in settings.profiles if profile.device_id == _DEFAULT_DEVICE_ID
    ]
    if named:
        yield f"{_joined(named)}: the Device ID is still {_DEFAULT_DEVICE_ID}; receivers tell cameras apart by it"


def _warnings(profile: Profile) -> Iterator[str]:
    if not profile.enabled:
        yield "is switched off"
    if not profile.events:
        yield "no event type is switched on"
    if profile.two_images and profile.image in (None, ImageKind.PLATE_CROP):
        yield "Send two images has no effect: the second image is the license plate crop"
    unsent = [_WORDS[kind] for kind in profile.expires_s if kind not in profile.events]
    if unsent:
        yield f"expires_s names {_joined(unsent)}, which this profile does not send"
    if profile.repeat_window_s and EventKind.NEW in profile.events and not profile.repeat_holds_new:
        yield "repeat_window_s has no effect on a vehicle whose New was sent: set repeat_holds_new"
    yield from profile.protocol.doubts()
    content = profile.protocol.content()
    if isinstance(content, FilesContent) and not content.sidecar and not profile.image_specs():
        yield f"{profile.protocol.word} sends files, and this profile has none: no image, no sidecar"


def _pictures(profile: Profile) -> str:
    kinds = [spec.kind.value for spec in profile.image_specs()]
    if not kinds:
        return "without pictures"
    count = "one picture" if len(kinds) == 1 else "two pictures"
    quality = f"JPEG quality {profile.quality or 85}"
    ceiling = f", at most {profile.max_image_bytes} bytes each" if profile.max_image_bytes else ""
    return f"with {count}: {_joined(kinds)} ({quality}{ceiling})"


def _filters(profile: Profile) -> Iterator[str]:
    if profile.directions:
        yield f"direction {_joined(sorted(profile.directions), 'or')}"
    if profile.rois:
        yield f"region {_joined([str(roi) for roi in sorted(profile.rois)], 'or')}"
    if profile.lists:
        yield f"plates on {_joined(sorted(profile.lists), 'or')}"
    if profile.min_confidence:
        yield f"plates read with {profile.min_confidence:g} or more confidence"


def _memory(profile: Profile) -> str:
    letters = "one letter" if profile.repeat_distance == 1 else f"{profile.repeat_distance} letters"
    off = f" (up to {letters} off)" if profile.repeat_distance else ""
    return f"not the same plate{off} again within {profile.repeat_window_s:g} s"


def _joined(words: Sequence[str], last: str = "and") -> str:
    return " ".join([", ".join(words[:-1]), last, words[-1]]) if len(words) > 1 else "".join(words)
