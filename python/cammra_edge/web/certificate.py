"""The page's own TLS certificate: taken only when it works, used from the next start on."""

from __future__ import annotations

import hashlib
import re
import ssl
from typing import TYPE_CHECKING

from cammra_edge.web.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

NAME = "certificate.pem"
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def fingerprint(folder: Path) -> str:
    """SHA-256 of the certificate that is kept, as pairs of hex digits; empty without one."""
    try:
        found = _BLOCK.search((folder / NAME).read_text(encoding="ascii"))
        der = ssl.PEM_cert_to_DER_cert(found.group()) if found else b""
    except (OSError, ValueError):
        return ""
    return ":".join(f"{byte:02X}" for byte in hashlib.sha256(der).digest()) if der else ""


def take(folder: Path, pem: bytes) -> None:
    """Keep a certificate and its key.

    Args:
        folder: The page's folder.
        pem: Both, and intermediate certificates, one after another in PEM.

    Raises:
        ValueError: They do not fit together, or are no PEM without a password.
        OSError: The disk refused; the old one is as it was.
    """
    aside = folder / "certificate.new"
    write_whole(aside, pem)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(aside, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError("no certificate with its key in PEM, without a password") from error
    finally:
        aside.unlink(missing_ok=True)
    write_whole(folder / NAME, pem)


def _no_password() -> str:
    raise ValueError("the key has a password")
