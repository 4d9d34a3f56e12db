"""The keepalive: one per camera, beside the events, never queued."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final, Literal

from cammra_edge.checks import token, whole
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Taken, setting, settings
from cammra_edge.profile.endpoint import InNetworkMode
from cammra_edge.profile.protocols.http_post import (
    URLS,
    USER,
    Auth,
    AuthSetting,
    HttpPost,
    auth_header,
    post_of,
)
from cammra_edge.profile.trust import Timeouts, Tls
from cammra_edge.profile.wants import ProfileWant

_WEEK_MINUTES: Final = 7 * 1440
_DAHUA_PATH: Final = "/NotificationInfo/KeepAlive"


class KeepaliveShape(StrEnum):
    """Whose receivers understand it."""

    AXIS = "AXIS"
    DAHUA_ITSAPI = "Dahua ITSAPI"


KeepaliveShapeWord = Literal["AXIS", "Dahua ITSAPI"]


@settings
class Keepalive(InNetworkMode):
    """A regular POST that says "still here", with the fields that are switched on.

    Args:
        server_url: `host[:port][/path]`, with or without `http://` or `https://`; empty for none. Without a path, a
            keepalive for Dahua's receivers goes to theirs.
        period_minutes: Minutes from one to the next.
        enabled: Send it.
        auth: As for HTTP POST.
        user: As for HTTP POST.
        password: As for HTTP POST.
        auth_header: As for HTTP POST.
        shape: Whose receivers understand it. One for Dahua's says only that the camera of this `device_id` lives: the
            switches below are for the other.
        timestamp: Include the local time.
        mac_address: Include the camera's MAC address.
        device_id: Include this name; empty for none.
        app_version: Include the version of this package.
        os_version: Include the operating system.
        health: Include the state of each profile's queue.
        section: Name of the third section of the body.
        tls: Which certificate to trust.
        timeouts: How long a try may take.
    """

    server_url: str = setting("", URLS.check(empty=True), address=True)
    period_minutes: int = setting(1440, whole(1, _WEEK_MINUTES), usual=(5, 10, 30, 60, 1440))
    enabled: bool = False
    auth: AuthSetting = setting(Auth.AUTO, leads=True)
    user: str = setting("", USER)
    password: str = setting("", secret=True)
    auth_header: str = setting("", auth_header(), secret=True)
    shape: Taken[KeepaliveShape, KeepaliveShape | KeepaliveShapeWord] = setting(KeepaliveShape.AXIS)
    timestamp: bool = True
    mac_address: bool = False
    device_id: str = ""
    app_version: bool = False
    os_version: bool = False
    health: bool = False
    section: str = setting("ALPV", token())
    tls: Tls = Tls()
    timeouts: Timeouts = Timeouts()

    def _agree(self) -> None:
        if self.server_url:
            self.transport()
        elif self.enabled:
            raise ConfigError("server_url", "", ProfileWant.URL_FOR_KEEPALIVE())
        if self.enabled and self.shape is KeepaliveShape.DAHUA_ITSAPI and not self.device_id:
            raise ConfigError("device_id", "", ProfileWant.DAHUA_NAME())

    def transport(self) -> HttpPost:
        """How it travels."""
        post = post_of(self)
        endpoint = post.endpoint()
        if self.shape is KeepaliveShape.DAHUA_ITSAPI and endpoint.target == "/":
            return replace(post, server_url=str(replace(endpoint, target=_DAHUA_PATH)))
        return post
