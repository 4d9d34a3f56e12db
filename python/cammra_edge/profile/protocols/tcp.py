"""The FF JSON over TCP."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final, Literal, Self

from cammra_edge.checks import choice, text
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Taken, required, setting, settings
from cammra_edge.profile.endpoint import Endpoint, Urls
from cammra_edge.profile.protocols.base import BaseProtocol, JsonContent
from cammra_edge.profile.trust import Timeouts, Tls
from cammra_edge.profile.wants import ProfileWant

URLS: Final = Urls({"tcp": None, "tls": None}, "tcp")
_MOST_ACK = 1024


class Framing(StrEnum):
    """What separates objects on one TCP connection."""

    NONE = "none"
    NEWLINE = "newline"
    NUL = "nul"
    LENGTH = "length"


FramingWord = Literal["none", "newline", "nul", "length"]


@settings
class Tcp(BaseProtocol):
    """The FF JSON over TCP, images inside as base64.

    Args:
        server_url: `host:port`; `tls://host:port` for TLS.
        persistent: Keep the connection; otherwise one connection per event, closed after it, as the camera does.
        framing: What separates objects: `none`, `newline`, `nul`, or `length` (4 bytes, big-endian, before each).
            Empty is `none` for one connection per event and `newline` for a kept one.
        ack: Text that the receiver's answer must hold before an event counts as delivered. Empty: it is enough that the
            receiver's kernel acknowledged every byte.
        tls: Which certificate to trust, for `tls://`.
        timeouts: How long a try may take.
    """

    word: ClassVar[str] = "TCP"

    server_url: str = required(URLS.check(), address=True)
    persistent: bool = False
    framing: Taken[Framing, Framing | FramingWord | Literal[""]] = setting(
        "", choice(["", *Framing])
    )
    ack: str = setting("", text(most=_MOST_ACK))
    tls: Tls = Tls()
    timeouts: Timeouts = Timeouts()

    def _agree(self) -> None:
        if not self.framing:
            self._put("framing", Framing.NEWLINE if self.persistent else Framing.NONE)
        if self.persistent and self.framing is Framing.NONE:
            raise ConfigError("framing", str(self.framing), ProfileWant.FRAMING_FOR_KEPT())

    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return URLS.endpoint(self.server_url)

    def transport(self) -> Self:
        """How its messages travel."""
        return self

    def content(self) -> JsonContent:
        """What a message holds."""
        return JsonContent()

    def carrier(self) -> str:
        """How and where it sends, without the content."""
        life = "one kept connection" if self.persistent else "a connection per event"
        return f"by TCP ({life}) to {self.endpoint().address}"

    def sentence(self) -> str:
        """How and where it sends."""
        return self.carrier()
