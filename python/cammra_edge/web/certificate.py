"""The page's own TLS certificate: stored only when it works, used from the next start on."""

from __future__ import annotations

import hashlib
import re
import ssl
from typing import TYPE_CHECKING

from cammra_edge.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

NAME = "certificate.pem"
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def fingerprint(folder: Path) -> str:
    """SHA-256 of the stored certificate as pairs of hex digits; empty when there is none."""
    try:
        block = _BLOCK.search((folder / NAME).read_text(encoding="ascii"))
        der = ssl.PEM_cert_to_DER_cert(block.group()) if block else b""
    except (OSError, ValueError):
        return ""
    return ":".join(f"{byte:02X}" for byte in hashlib.sha256(der).digest()) if der else ""


def take(folder: Path, pem: bytes) -> None:
    """Store a certificate and its key.

    Args:
        folder: The page's folder.
        pem: Both, and any intermediate certificates, one after another in PEM.

    Raises:
        ValueError: Certificate and key do not fit together, need a password, or are not PEM.
        OSError: The disk refused; the old certificate is unchanged.
    """
    aside = folder / "certificate.new"
    write_whole(aside, pem)
    try:
        load(aside, None)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError("no certificate with its key in PEM, without a password") from error
    finally:
        aside.unlink(missing_ok=True)
    write_whole(folder / NAME, pem)


def load(certificate: Path, key: Path | None) -> None:
    """Try whether the page can be served with these files; the key may be in the certificate's.

    Raises:
        OSError: They cannot be read, or are no certificate with its key.
        ValueError: The key has a password.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key, password=_no_password)


def _no_password() -> str:
    raise ValueError("the key has a password")
