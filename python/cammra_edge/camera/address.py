"""Where a stream comes from, and how it is written where people see it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cammra_edge.camera.wants import SourceWant
from cammra_edge.checks import MASK, refused

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMES = ("rtsp", "rtsps", "http", "https")
_A_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_DEVICE = re.compile(r"/dev/video\d+")
_SECRET = re.compile(
    r"(?i)([/?&;_](?:pass|passwd|password|pwd|token|key|secret|auth|user|usr)[^=&;/]*=)[^&;/\s]*"
)
"""In the query, or in the path, as many recorders have it (`/user=NAME&password=WORD&channel=1`)."""


class SourceKind(StrEnum):
    """What has to be opened."""

    RTSP = "rtsp"
    HTTP = "http"
    DEVICE = "device"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was checked.

    Args:
        given: As it was written, with user and password where it has some.
        kind: What has to be opened.
        user: From the URL, decoded.
        password: From the URL, decoded; never shown.
    """

    given: str = field(repr=False)
    kind: SourceKind
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, given: str | Path) -> Address:
        """Check an address.

        Raises:
            ConfigError: It is none of the four kinds.
        """
        text = str(given)
        if not text or any(ord(sign) < ord(" ") for sign in text):
            raise refused(masked(text), SourceWant.SOURCE_ADDRESS())
        scheme = _A_SCHEME.match(text)
        if scheme is None:
            kind = SourceKind.DEVICE if _DEVICE.fullmatch(text) else SourceKind.FILE
            return cls(text, kind)
        if scheme[1].lower() not in _SCHEMES:
            raise refused(masked(text), SourceWant.SOURCE_ADDRESS())
        try:
            parts = urlsplit(text)
            has_host = bool(parts.hostname) and parts.port != 0
        except ValueError as error:
            raise refused(masked(text), SourceWant.SOURCE_ADDRESS()) from error
        if not has_host:
            raise refused(masked(text), SourceWant.SOURCE_ADDRESS())
        kind = SourceKind.RTSP if parts.scheme.startswith("rtsp") else SourceKind.HTTP
        return cls(text, kind, unquote(parts.username or ""), unquote(parts.password or ""))

    @property
    def is_live(self) -> bool:
        """Pictures come whether somebody takes them or not."""
        return self.kind is not SourceKind.FILE

    @property
    def without_user(self) -> str:
        """The URL without user and password."""
        return re.sub(r"(?<=://)[^/?#]*@", "", self.given, count=1)

    def __str__(self) -> str:
        """The address as logs, status and page show it."""
        return masked(self.given)


def masked(text: str) -> str:
    """An address, or words of a library that quote one, without user and secrets.

    All up to the last `@` goes: a password with a slash that is not percent-encoded looks like a path.
    """
    text = re.sub(r"(?<=://)\S*@", f"{MASK}@", text)
    return _SECRET.sub(rf"\g<1>{MASK}", text)
