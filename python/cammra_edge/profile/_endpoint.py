"""Where a profile sends to: a URL taken apart and checked, without a network.

A URL without a scheme takes the camera's network mode (`https` unless set otherwise); an explicit
scheme wins. Invariants, held by `tests/profiles/test_profile.py`: an endpoint's host, port and
target hold no white space or control character, and never a user or password.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from cammra_edge.errors import ConfigError
from cammra_edge.profile import _checks

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LONGEST_HOST = 253
_LAST_PORT = 65535
_TARGET_SAFE = "/?:@!$&'()*+,;=-._~%[]"


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

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}{self.target}"


def has_scheme(url: object, *schemes: str) -> bool:
    """Whether a URL begins with one of these schemes."""
    return isinstance(url, str) and url.lower().startswith(
        tuple(f"{scheme}://" for scheme in schemes)
    )


def parse(
    field: str, value: object, *, ports: dict[str, int | None], default_scheme: str, target: bool
) -> Endpoint:
    """Take a server URL apart.

    Args:
        field: The setting's name.
        value: What its owner typed.
        ports: The schemes that are good, each with its usual port; `None` where the port must be given.
        default_scheme: For a URL without one.
        target: Whether a path and query may follow.

    Raises:
        ConfigError: Names what is wrong with it.
    """
    typed = _checks.text(field, value, empty=False)
    if any(sign.isspace() for sign in typed) or "\\" in typed:
        raise ConfigError(field, typed, "a URL without spaces or backslashes")
    url = typed if _SCHEME.match(typed) else f"{default_scheme}://{typed}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(
            field, _without_user(typed), f"host or host:port, port 1 to {_LAST_PORT}"
        ) from error
    if parts.scheme not in ports:
        schemes = " or ".join(f"{scheme}://" for scheme in ports)
        raise ConfigError(field, _without_user(typed), f"a URL that starts with {schemes}")
    if "@" in parts.netloc:
        raise ConfigError(
            field,
            _without_user(typed),
            "no user or password in the URL; they have fields of their own",
        )
    if port is None:
        port = ports[parts.scheme]
    if port is None or not 1 <= port <= _LAST_PORT:
        raise ConfigError(field, typed, f"host:port, port 1 to {_LAST_PORT}")
    if parts.fragment or typed.endswith("#"):
        raise ConfigError(field, typed, "no '#…' in the URL")
    if not target and (parts.query or parts.path not in {"", "/"}):
        raise ConfigError(field, typed, "host:port and nothing after it")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = _host(field, typed, parts.netloc, parts.hostname)
    return Endpoint(parts.scheme, host, port, quote(path, _TARGET_SAFE) if target else "")


def _host(field: str, typed: str, netloc: str, host: str | None) -> str:
    want = "a host name or an IP address (IPv6 in brackets)"
    if not host:
        raise ConfigError(field, typed, want)
    if netloc.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise ConfigError(field, typed, want) from error
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ConfigError(field, typed, want) from error
    if len(host) > _LONGEST_HOST or not _HOST_NAME.fullmatch(host):
        raise ConfigError(field, typed, want)
    if host.replace(".", "").isdigit():
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise ConfigError(field, typed, want) from error
    return host


def _without_user(url: str) -> str:
    """The URL as it may be shown: a password in it is masked."""
    return re.sub(r"(^|//)[^/@]*@", rf"\1{_checks.MASK}@", url)
