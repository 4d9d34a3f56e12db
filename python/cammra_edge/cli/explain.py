"""Says in plain words what a profile would send where, and what about it is worth a second look."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from cammra_edge.model import EventKind, ImageKind
from cammra_edge.profile import Ftp, HttpPost, Order, Tcp, Utmc, Utmc2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cammra_edge.config import Settings
    from cammra_edge.profile import Profile

_WORDS = {
    EventKind.NEW: "New",
    EventKind.RELIABLE: "Reliable",
    EventKind.UPDATE: "Update",
    EventKind.LOST: "Lost",
}
_DEFAULT_DEVICE_ID = "defaultID"


def profile_lines(profile: Profile, settings: Settings) -> list[str]:
    """What this profile does: the first line says what goes where, the others how."""
    kinds = [_WORDS[kind] for kind in EventKind if kind in profile.events]
    what = _joined(kinds) or "nothing, as no event type is switched on"
    lines = [
        f"sends {what} {_way(profile, settings)}",
        f"as device {profile.device_id}, {_pictures(profile)}",
    ]
    filters = list(_filters(profile))
    if filters:
        lines.append(f"only {_joined(filters)}")
    lines += [
        f"{_WORDS[kind]} older than {age:g} s is not sent any more"
        for kind, age in profile.expires_s.items()
    ]
    if profile.max_age_s is not None:
        lines.append(f"nothing older than {profile.max_age_s:g} s is sent")
    if profile.order is Order.LIVE_FIRST:
        lines.append("what happens now goes first, the backlog in the gaps")
    if profile.window > 1:
        lines.append(f"up to {profile.window} events are on their way at once")
    if not profile.enabled:
        lines.append("switched off: nothing is sent")
    return lines


def warnings(settings: Settings) -> Iterator[str]:
    """What is allowed and yet probably not meant."""
    if not settings.profiles:
        yield "there is no profile: events go nowhere"
    for profile in settings.profiles:
        for why in _warnings(profile, settings):
            yield f"{profile.name}: {why}"
    named = [
        profile.name for profile in settings.profiles if profile.device_id == _DEFAULT_DEVICE_ID
    ]
    if named:
        yield f"{_joined(named)}: the Device ID is still {_DEFAULT_DEVICE_ID}; receivers tell cameras apart by it"


def _warnings(profile: Profile, settings: Settings) -> Iterator[str]:
    if not profile.enabled:
        yield "is switched off"
    if not profile.events:
        yield "no event type is switched on"
    if profile.two_images and profile.image in (None, ImageKind.PLATE_CROP):
        yield "Send two images has no effect: the second image is the license plate crop"
    unsent = [_WORDS[kind] for kind in profile.expires_s if kind not in profile.events]
    if unsent:
        yield f"expires_s names {_joined(unsent)}, which is not sent"
    protocol = profile.protocol
    if isinstance(protocol, Utmc | Utmc2) and not protocol.template:
        yield "its bytes are not public: the shipped template is not verified against FF Group or TR007"
    transport = protocol if isinstance(protocol, HttpPost | Tcp | Ftp) else protocol.transport()
    if isinstance(transport, HttpPost):
        endpoint = transport.endpoint(settings.network_mode)
        if endpoint.scheme == "http" and not _is_near(endpoint.host):
            yield "http:// is not encrypted: plates and pictures can be read on the way"
        if endpoint.scheme == "http" and (transport.password or transport.auth_header):
            yield "the password or Auth-Header travels unencrypted over http://"
    if isinstance(protocol, Ftp) and profile.image is None and not protocol.sidecar:
        yield "FTP sends files, and this profile has none: no image, no sidecar"


def _way(profile: Profile, settings: Settings) -> str:
    protocol = profile.protocol
    if isinstance(protocol, Ftp):
        files = f"{protocol.path}/{protocol.naming}.jpg".lstrip("/")
        return f"by FTP to {protocol.endpoint()}, as {files}"
    if isinstance(protocol, HttpPost | Tcp):
        return _over(protocol, settings)
    own = "a template of its own" if protocol.template else f"the template {protocol.preset_name()}"
    return f"as {own} has it, {_over(protocol.transport(), settings, templated=True)}"


def _over(transport: HttpPost | Tcp, settings: Settings, *, templated: bool = False) -> str:
    if isinstance(transport, Tcp):
        life = "one kept connection" if transport.persistent else "a connection per event"
        return f"by TCP ({life}) to {transport.endpoint().address}"
    layout = "multipart" if transport.multipart else "one JSON body"
    way = "by HTTP POST" if templated else f"by HTTP POST ({layout})"
    return f"{way} to {transport.endpoint(settings.network_mode)}"


def _pictures(profile: Profile) -> str:
    if profile.image is None:
        return "without pictures"
    kinds = [spec.kind.value for spec in profile.image_specs()]
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


def _joined(words: Sequence[str], last: str = "and") -> str:
    return " ".join([", ".join(words[:-1]), last, words[-1]]) if len(words) > 1 else "".join(words)


def _is_near(host: str) -> bool:
    """Loopback: nobody listens on the way."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
