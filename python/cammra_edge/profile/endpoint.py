"""Where a profile sends: a URL parsed and checked, without a network.

Invariants, held by `tests/profiles/test_profile.py`: an endpoint's host, port and target hold no white
space or control character, and never a user or password.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Literal, Self
from urllib.parse import quote, urlsplit

from cammra_edge.checks import MASK, Check, refused, text
from cammra_edge.fields import Checked, settings
from cammra_edge.profile.wants import ProfileWant

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LONGEST_HOST = 253
_LAST_PORT = 65535
TARGET_SAFE: Final = "/?:@!$&'()*+,;=-._~%[]"
"""What may stand in a path and query as it is."""
_A_URL = text(least=1)


class NetworkMode(StrEnum):
    """The camera's network mode: what a URL without a scheme means."""

    HTTPS = "https"
    HTTP = "http"


NetworkModeWord = Literal["https", "http"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place on a network: scheme, host (no brackets), port, and for HTTP the request target."""

    scheme: str
    host: str
    port: int
    target: str = ""

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def unzoned(self) -> Endpoint:
        """The place as others may see it: an IPv6 zone means nothing beyond this machine (RFC 6874, 4)."""
        host, zone, _ = self.host.partition("%")
        return replace(self, host=host) if zone else self

    @property
    def is_near(self) -> bool:
        """Whether it is this machine, so that nobody can listen on the way."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}{self.target}"


@dataclass(frozen=True, slots=True)
class Urls:
    """The URLs that one protocol takes.

    Args:
        ports: The schemes allowed, each with its default port; `None` if the port must be given.
        scheme: The scheme of a URL that has none.
        target: Whether a path and query may follow.
    """

    ports: Mapping[str, int | None]
    scheme: str
    target: bool = False

    def check(self, *, empty: bool = False) -> Check[str]:
        """A URL that `endpoint` can parse; `empty` allows it to be left out."""

        def take(value: object) -> str:
            if not (empty and value == ""):
                self.endpoint(value)
            return str(value)

        return Check(take, (text() if empty else _A_URL).schema)

    def endpoint(self, value: object, scheme: str = "") -> Endpoint:
        """Parse a URL.

        Args:
            value: The URL as typed.
            scheme: The scheme of a URL that has none, instead of the usual one.

        Raises:
            ConfigError: Says what is wrong with it.
        """
        typed = _A_URL.take(value)
        if any(sign.isspace() for sign in typed) or "\\" in typed:
            raise refused(_masked(typed), ProfileWant.URL_WITHOUT_BLANKS())
        url = typed if _SCHEME.match(typed) else f"{scheme or self.scheme}://{typed}"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            want = ProfileWant.HOST_AND_PORT_IN_RANGE(last=_LAST_PORT)
            raise refused(_masked(typed), want) from error
        if parts.scheme not in self.ports:
            schemes = " or ".join(f"{scheme}://" for scheme in self.ports)
            raise refused(_masked(typed), ProfileWant.URL_THAT_STARTS_WITH(schemes=schemes))
        if "@" in parts.netloc:
            raise refused(_masked(typed), ProfileWant.URL_WITHOUT_USER())
        if port is None:
            port = self.ports[parts.scheme]
        if port is None or not 1 <= port <= _LAST_PORT:
            raise refused(typed, ProfileWant.PORT_IN_RANGE(last=_LAST_PORT))
        if parts.fragment or typed.endswith("#"):
            raise refused(typed, ProfileWant.URL_WITHOUT_FRAGMENT())
        if not self.target and (parts.query or parts.path not in {"", "/"}):
            raise refused(typed, ProfileWant.HOST_AND_PORT_ONLY())
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = _host(typed, parts.netloc, parts.hostname)
        return Endpoint(parts.scheme, host, port, quote(path, TARGET_SAFE) if self.target else "")


@settings
class InNetworkMode(Checked):
    """Settings with a URL that takes its scheme from the camera's network mode if it has none."""

    network_mode: NetworkMode = field(default=NetworkMode.HTTPS, init=False)

    def over(self, mode: NetworkMode) -> Self:
        """A copy in this network mode; `config.Settings` makes one of everything in it that has a URL."""
        copy = replace(self)
        copy._put("network_mode", mode)  # noqa: SLF001 - nobody has seen the copy yet
        return copy


def has_scheme(url: object, *schemes: str) -> bool:
    """Whether a URL begins with one of these schemes."""
    return isinstance(url, str) and url.lower().startswith(
        tuple(f"{scheme}://" for scheme in schemes)
    )


def _host(typed: str, netloc: str, host: str | None) -> str:
    want = ProfileWant.HOST()
    if not host:
        raise refused(typed, want)
    try:
        if netloc.startswith("["):
            # In a URL a zone begins with %25; people write % alone.
            return str(ipaddress.IPv6Address(host.replace("%25", "%", 1)))
        if not host.isascii():
            from idna import encode  # noqa: PLC0415 - few hosts need its tables

            host = encode(host, uts46=True).decode("ascii")
        if host.replace(".", "").isdigit():
            return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise refused(typed, want) from error
    if len(host) > _LONGEST_HOST or not _HOST_NAME.fullmatch(host):
        raise refused(typed, want)
    return host


def _masked(url: str) -> str:
    """The URL for a message: with the user and password masked."""
    return re.sub(r"(^|//)[^/@]*@", rf"\1{MASK}@", url)
