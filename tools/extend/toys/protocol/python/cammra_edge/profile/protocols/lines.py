"""The FF JSON as lines of a file on the camera."""

from __future__ import annotations

from typing import ClassVar, Self

from cammra_edge.checks import text
from cammra_edge.fields import required, settings
from cammra_edge.profile.endpoint import Endpoint
from cammra_edge.profile.protocols.base import BaseProtocol, JsonContent
from cammra_edge.profile.trust import Timeouts
from cammra_edge.profile.wants import ProfileWant

_SCHEME = "file://"


@settings
class Lines(BaseProtocol):
    """The FF JSON as lines of a file, images inside as base64.

    Args:
        server_url: The file: `file:///var/log/events.jsonl`.
        timeouts: Not used; a file answers at once.
    """

    word: ClassVar[str] = "LINES"

    server_url: str = required(
        text(pattern=f"{_SCHEME}/.+", want=ProfileWant.URL_THAT_STARTS_WITH(schemes=f"{_SCHEME}/"))
    )
    timeouts: Timeouts = Timeouts()

    def endpoint(self) -> Endpoint:
        """The file; no host."""
        return Endpoint("file", "", 0, self.server_url.removeprefix(_SCHEME))

    def transport(self) -> Self:
        """How messages travel."""
        return self

    def content(self) -> JsonContent:
        """What a message holds."""
        return JsonContent()

    def sentence(self) -> str:
        """Where it writes."""
        return f"as lines to {self.endpoint().target}"
