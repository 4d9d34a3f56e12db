"""Whom a camera's certificate must be from: what the machine trusts, for HTTP by ourselves and through FFmpeg.

FFmpeg gives RTSP no way to have a certificate checked: `rtsps` is encrypted, and trusts whoever answers.
Held by `tests/camera/test_trust.py`.
"""

from __future__ import annotations

import ssl
from pathlib import Path

_USUAL_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/cert.pem",
)


def trusting_context() -> ssl.SSLContext:
    """Checks certificate and name by what the machine trusts (`SSL_CERT_FILE` as everywhere)."""
    # Not `create_default_context`: that one writes session keys wherever SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context


def ffmpeg_options() -> dict[str, str]:
    """The same for FFmpeg, which checks nothing unless told to; without a file of authorities it trusts nobody."""
    named = ssl.get_default_verify_paths().cafile
    files = [file for file in (named, *_USUAL_FILES) if file and Path(file).is_file()]
    return {"tls_verify": "1"} | ({"ca_file": files[0]} if files else {})
