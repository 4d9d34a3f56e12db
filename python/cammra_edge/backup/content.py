"""What of the page's folder goes into a backup, and what of a backup is believed.

Left out: the audit log and the key of its marks, which stay with the machine that they tell of; earlier versions of the
settings; and, where nothing is locked, the secrets and the certificate with its key. Held by `tests/backup`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cammra_edge.backup.form import ACCESS, CERTIFICATE, SETTINGS
from cammra_edge.config.catalogue import is_secret
from cammra_edge.config.saved import CURRENT, Version, version_from, version_in
from cammra_edge.errors import BackupError
from cammra_edge.files import write_whole
from cammra_edge.web.access_file import NAME as ACCESS_FILE
from cammra_edge.web.access_file import is_whole_access
from cammra_edge.web.certificate import NAME as CERTIFICATE_FILE
from cammra_edge.web.certificate import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LEFT_OUT = "left_out"
_NOTHING_SAVED = Version(1, 0, "script", (), {})


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page keeps.

    Args:
        settings: The version in force.
        left_out: Names of secrets that were set, and are not in `settings`.
        access: The file of people and tokens; empty where there is none.
        certificate: The page's certificate with its key; empty where there is none.
    """

    settings: Version
    left_out: tuple[str, ...] = ()
    access: bytes = b""
    certificate: bytes = b""


def content_of(folder: Path, *, with_secrets: bool) -> PageContent:
    """What the page in this folder keeps.

    Raises:
        BackupError: A file is there and broken, so that it had better be seen to first.
        OSError: The disk does not let us.
    """
    version = version_in(folder / CURRENT)
    if version is None:
        if _read(folder / CURRENT):
            raise BackupError(
                f"{folder / CURRENT}: it is broken; the page sets it aside when it starts"
            )
        version = _NOTHING_SAVED
    access = _read(folder / ACCESS_FILE)
    if access and not is_whole_access(access):
        raise BackupError(
            f"{folder / ACCESS_FILE}: it is broken; the page sets it aside when it starts"
        )
    if with_secrets:
        return PageContent(version, (), access, _read(folder / CERTIFICATE_FILE))
    left_out = tuple(name for name, value in version.saved.items() if value and is_secret(name))
    public = {name: value for name, value in version.saved.items() if not is_secret(name)}
    return PageContent(replace(version, saved=public, ways={}), left_out, access)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def parts_of(content: PageContent) -> Iterator[tuple[str, bytes]]:
    """Its parts, by name."""
    told = content.settings.plain() | {_LEFT_OUT: list(content.left_out)}
    yield SETTINGS, json.dumps(told).encode()
    if content.access:
        yield ACCESS, content.access
    if content.certificate:
        yield CERTIFICATE, content.certificate


def content_from(parts: Mapping[str, bytes], aside: Path) -> PageContent:
    """The content of a backup, checked.

    Args:
        parts: By name.
        aside: A folder for a moment, as a certificate is only read from a file.

    Raises:
        BackupError: A part is missing or cannot be used.
    """
    told = _json(parts.get(SETTINGS, b""))
    version = version_from(told)
    if version is None:
        raise BackupError("its settings are missing or broken")
    left_out = told.get(_LEFT_OUT)
    names = left_out if isinstance(left_out, list) else []
    access, certificate = parts.get(ACCESS, b""), parts.get(CERTIFICATE, b"")
    if access and not is_whole_access(access):
        raise BackupError("its people and tokens are broken")
    if certificate:
        _check_certificate(certificate, aside / CERTIFICATE_FILE)
    return PageContent(
        version, tuple(name for name in names if isinstance(name, str)), access, certificate
    )


def _json(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
        json.dumps(told, ensure_ascii=False).encode()  # what cannot be written again is no setting
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _check_certificate(pem: bytes, path: Path) -> None:
    try:
        write_whole(path, pem)
        load(path, None)
    except (ValueError, OSError) as error:  # `ssl.SSLError` is one
        raise BackupError("its certificate cannot be used") from error
    finally:
        path.unlink(missing_ok=True)
