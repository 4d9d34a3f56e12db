"""Counts over TCP."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cammra_edge.checks import text
from cammra_edge.fields import required, setting, settings
from cammra_edge.profile.protocols.base import BaseProtocol, Counted
from cammra_edge.profile.protocols.tcp import URLS, Tcp

if TYPE_CHECKING:
    from cammra_edge.profile.endpoint import Endpoint


@settings
class Counts(BaseProtocol):
    """How many vehicles passed, and none of their plates.

    Args:
        server_url: `host:port`; `tls://host:port` for TLS.
        stem: Stands before each name.
    """

    word: ClassVar[str] = "COUNTS"
    takes_images: ClassVar[bool] = False

    server_url: str = required(URLS.check(), address=True)
    stem: str = setting("", text(most=64))

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return URLS.endpoint(self.server_url)

    def transport(self) -> Tcp:
        """How messages travel."""
        return Tcp(self.server_url)

    def content(self) -> Counted:
        """What a message holds."""
        return Counted(self.stem)

    def sentence(self) -> str:
        """How and where it sends."""
        return f"as counts {self.transport().carrier()}"
