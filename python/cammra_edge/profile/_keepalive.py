"""The sign of life: one per camera, beside the events, never queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cammra_edge.errors import ConfigError
from cammra_edge.profile import _checks
from cammra_edge.profile._protocols import Auth, HttpPost
from cammra_edge.profile._transport import Masked, Timeouts, Tls

USUAL_MINUTES: Final = (5, 10, 30, 60, 1440)
"""The periods that the page offers; any other whole number of minutes is good too."""

_LONGEST_MINUTES = 7 * 1440


@dataclass(frozen=True, slots=True, repr=False)
class Keepalive(Masked):
    """A regular POST that says "still here", with fields chosen one by one.

    Args:
        server_url: `host[:port][/path]`, with or without `http://` or `https://`; empty for none.
        period_minutes: How often.
        enabled: Switch it on.
        auth: As for HTTP POST.
        user: As for HTTP POST.
        password: As for HTTP POST.
        auth_header: As for HTTP POST.
        timestamp: Say what time it is here.
        mac_address: Say the camera's MAC address.
        device_id: Say this name; empty for none.
        app_version: Say which version of this package runs.
        os_version: Say which system it runs on.
        health: Say how each profile's queue stands.
        section: Name of the third section of the body.
        tls: Whom to believe.
        timeouts: How long a try may take.
    """

    server_url: str = ""
    period_minutes: int = 1440
    enabled: bool = False
    auth: str = Auth.AUTO
    user: str = ""
    password: str = ""
    auth_header: str = ""
    timestamp: bool = True
    mac_address: bool = False
    device_id: str = ""
    app_version: bool = False
    os_version: bool = False
    health: bool = False
    section: str = "ALPV"
    tls: Tls = field(default_factory=Tls)
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        for name in ("enabled", "timestamp", "mac_address", "app_version", "os_version", "health"):
            _checks.flag(f"keepalive.{name}", getattr(self, name))
        _checks.whole(
            "keepalive.period_minutes", self.period_minutes, least=1, most=_LONGEST_MINUTES
        )
        _checks.text("keepalive.device_id", self.device_id)
        _checks.token("keepalive.section", self.section)
        self._put(auth=_checks.choice("keepalive.auth", self.auth, Auth))
        if self.server_url:
            self.transport()
        elif self.enabled:
            raise ConfigError("keepalive.server_url", "", "a URL, as keepalive is switched on")

    def transport(self) -> HttpPost:
        """The way it goes."""
        return HttpPost(
            self.server_url,
            auth=self.auth,
            user=self.user,
            password=self.password,
            auth_header=self.auth_header,
            tls=self.tls,
            timeouts=self.timeouts,
        )
