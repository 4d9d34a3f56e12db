"""What transports share: which certificate to trust, and how long a try may take."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY
from os import PathLike

from cammra_edge.checks import Check, file, number, refused, text
from cammra_edge.errors import ConfigError
from cammra_edge.fields import Checked, Taken, setting, settings
from cammra_edge.profile.wants import ProfileWant

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATIENCE_S = number(0.05, 3600)
File = Taken[str, str | PathLike[str]]
"""The path of a file on the camera."""


@settings
class Timeouts(Checked):
    """How long a try may take, in seconds.

    Args:
        connect_s: For the connection: finding the address, at most half of it for TCP, and TLS.
        write_s: Without the receiver taking a byte of the message.
        answer_s: Without a byte of the answer arriving.
        total_s: For the whole try, however slowly bytes trickle; what a slow link (8 kB/s) needs for the message
            comes on top.
    """

    _: KW_ONLY
    connect_s: float = setting(10.0, _PATIENCE_S)
    write_s: float = setting(15.0, _PATIENCE_S)
    answer_s: float = setting(20.0, _PATIENCE_S)
    total_s: float = setting(30.0, _PATIENCE_S)


def _fingerprint() -> Check[str]:
    """A SHA-256 fingerprint as tools print it; kept as 64 lower-case hex digits."""
    typed = text()

    def take(value: object) -> str:
        digits = typed.take(value).replace(":", "").replace(" ", "").lower()
        if digits and not _SHA256.fullmatch(digits):
            raise refused(value, ProfileWant.SHA256())
        return digits

    return Check(take, typed.schema)


@settings
class Tls(Checked):
    """Which certificate to trust. By default one that the system's certificate authorities signed for the host's name.

    Args:
        ca_file: PEM file of the authorities to trust instead of the system's.
        pin: SHA-256 fingerprint of the receiver's certificate (hex, with or without colons): exactly this one is
            accepted, whoever signed it and whatever name it carries.
        client_cert: PEM file of the camera's own certificate.
        client_key: PEM file of its key, if it is not in the same file.
        client_key_password: The key's password.
        verify: False accepts any certificate. Only for trying things out: a pin is as easy, and safe.
        old: Also speak TLS 1.0 and 1.1 and the ciphers that receivers of those years have. Weak: whoever records the
            connection may read it one day.
    """

    _: KW_ONLY
    ca_file: File = setting("", file(), leads=True)
    pin: str = setting("", _fingerprint(), leads=True)
    client_cert: File = setting("", file())
    client_key: File = setting("", file())
    client_key_password: str = setting("", secret=True)
    verify: bool = setting(default=True, leads=True)
    old: bool = setting(default=False, leads=True)

    def _agree(self) -> None:
        if self.client_key and not self.client_cert:
            raise ConfigError("client_key", self.client_key, ProfileWant.CLIENT_CERT_TOO())
