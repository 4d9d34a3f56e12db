"""What HTTP, TCP and FTP share: trust, time limits, and the masked `repr`."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from cammra_edge.errors import ConfigError
from cammra_edge.profile import _checks

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Masked:
    """A dataclass whose secrets do not show in its `repr`."""

    __slots__ = ()
    _secrets = frozenset({"password", "auth_header", "client_key_password"})

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{field.name}={self._shown(field.name)}"
            for field in fields(self)  # type: ignore[arg-type] # only dataclasses derive from it
        )
        return f"{type(self).__name__}({shown})"

    def _shown(self, name: str) -> str:
        value = getattr(self, name)
        return repr(_checks.MASK) if value and name in self._secrets else repr(value)

    def _put(self, **checked: object) -> None:
        """Replaces fields by their checked values, while the frozen object is being built."""
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a try may take, in seconds.

    Args:
        connect_s: For the connection, TLS included.
        write_s: For no byte of the message being taken.
        answer_s: For no byte of the answer coming.
        total_s: For the whole try, whatever trickles.
    """

    connect_s: float = 10.0
    write_s: float = 15.0
    answer_s: float = 20.0
    total_s: float = 30.0

    def __post_init__(self) -> None:
        for field in fields(self):
            _checks.number(
                f"timeouts.{field.name}", getattr(self, field.name), least=0.05, most=3600
            )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tls(Masked):
    """Whom to believe. By default the system's certificate authorities, and the name must fit.

    Args:
        ca_file: PEM file of the authorities to believe instead of the system's.
        pin: SHA-256 fingerprint of the receiver's certificate (hex, colons or not): exactly this one is taken,
            whoever signed it and whatever it is called.
        client_cert: PEM file of the camera's own certificate,
        client_key: and of its key, when it is not in the same file,
        client_key_password: and what opens the key.
        verify: False takes any certificate. Only for trying things out: a pin is as easy and safe.
    """

    ca_file: str = ""
    pin: str = ""
    client_cert: str = ""
    client_key: str = ""
    client_key_password: str = ""
    verify: bool = True

    def __post_init__(self) -> None:
        for name in ("ca_file", "client_cert", "client_key"):
            self._put(**{name: _checks.file_path(f"tls.{name}", getattr(self, name))})
        _checks.text("tls.client_key_password", self.client_key_password, secret=True)
        _checks.flag("tls.verify", self.verify)
        pin = _checks.text("tls.pin", self.pin).replace(":", "").replace(" ", "").lower()
        if pin and not _SHA256.fullmatch(pin):
            raise ConfigError(
                "tls.pin", self.pin, "a SHA-256 fingerprint: 64 hex digits, with or without colons"
            )
        self._put(pin=pin)
        if self.client_key and not self.client_cert:
            raise ConfigError("tls.client_key", self.client_key, "client_cert as well")
