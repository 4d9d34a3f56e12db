"""Named files to an SFTP server, over a kept connection. Needs the extra `sftp`.

The same promises as `ftp`, held by `tests/sinks/test_sftp.py` against OpenSSH's sftp-server: a file appears
under its final name only when it is complete, nothing is overwritten, a repeat finds what it has done. The
server proves itself by the fingerprint that the profile names, before a password is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import asyncssh

from cammra_edge.model import Files
from cammra_edge.sinks import weather
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.ftp import FULL_AFTER_S, NAMES_TO_TRY, PART, missing_files, numbered

if TYPE_CHECKING:
    from cammra_edge.model import Attempt, Message, NamedFile
    from cammra_edge.profile import Ftp
    from cammra_edge.sinks.base import Outcome

_GOODBYE_S = 1.0


class _Client(asyncssh.SSHClient):
    """Believes exactly one key."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.seen = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Whether the server's key is the one that the profile names."""
        del host, addr, port
        self.seen = key.get_fingerprint("sha256")
        return self.seen == self._wanted


class SftpSink:
    """One way out to one SFTP server. Used by one thread at a time."""

    def __init__(self, protocol: Ftp) -> None:
        self._protocol = protocol
        self._runner = asyncio.Runner()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._client = _Client(protocol.host_key)
        self.endpoint = protocol.endpoint()

    def send(self, message: Message, attempt: Attempt) -> Outcome:
        """Upload the files, and say whether they are there."""
        if not isinstance(message, Files):
            return GiveUp("SFTP takes files")
        if not message.files:
            return Delivered("nothing to send: no image, and no sidecar")
        try:
            return self._runner.run(self._within_time(message.files, repeated=attempt.number > 1))
        except (OSError, asyncssh.Error, asyncssh.KeyImportError) as error:
            self._drop()
            return self._from_error(error)

    def close(self) -> None:
        """Say goodbye to the server."""
        if self._connection is not None:
            self._connection.close()
            with contextlib.suppress(OSError, asyncssh.Error):
                self._runner.run(asyncio.wait_for(self._connection.wait_closed(), _GOODBYE_S))
        self._connection = self._sftp = None
        self._runner.close()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._connection = self._sftp = None

    async def _within_time(self, files: tuple[NamedFile, ...], *, repeated: bool) -> Outcome:
        async with asyncio.timeout(self._protocol.timeouts.total_s):
            if self._sftp is not None:
                try:
                    return await self._uploaded(self._sftp, files, repeated=repeated)
                except (
                    OSError,
                    asyncssh.ConnectionLost,
                    asyncssh.SFTPConnectionLost,
                    asyncssh.SFTPNoConnection,
                ):
                    # Closed between two events: once more at once, on a fresh connection.
                    self._drop()
                    repeated = True
            return await self._uploaded(await self._opened(), files, repeated=repeated)

    async def _opened(self) -> asyncssh.SFTPClient:
        protocol = self._protocol
        connection = await asyncssh.connect(
            self.endpoint.host,
            self.endpoint.port,
            username=protocol.user or "anonymous",
            password=protocol.password or None,
            client_keys=[protocol.ssh_key] if protocol.ssh_key else None,
            known_hosts=asyncssh.import_known_hosts(""),
            client_factory=lambda: self._client,
            connect_timeout=protocol.timeouts.connect_s,
            config=None,
            agent_path=None,
            x509_trusted_certs=None,
        )
        self._connection = connection
        self._sftp = await connection.start_sftp_client()
        return self._sftp

    async def _uploaded(
        self, sftp: asyncssh.SFTPClient, files: tuple[NamedFile, ...], *, repeated: bool
    ) -> Outcome:
        missing = None
        for number in range(NAMES_TO_TRY):
            there = [await _size_bytes(sftp, numbered(file.path, number)) for file in files]
            missing = missing_files(files, there, number, repeated=repeated)
            if missing is not None:
                break
        if missing is None:
            return GiveUp(f"{NAMES_TO_TRY} files of that name are there already")
        for path, content in missing:
            await self._store(sftp, path + PART, content)
            size = await _size_bytes(sftp, path + PART)
            if size != len(content):
                return TryLater(f"the server has {size} of {len(content)} bytes")
        for path, _ in missing:
            await sftp.rename(path + PART, path)
        return Delivered(f"{len(files)} files")

    @staticmethod
    async def _store(sftp: asyncssh.SFTPClient, path: str, content: bytes) -> None:
        folder = path.rpartition("/")[0]
        if folder:
            await sftp.makedirs(folder, exist_ok=True)
        async with sftp.open(path, "wb") as file:
            await file.write(content)

    def _from_error(self, error: Exception) -> Outcome:
        where = self.endpoint.address
        said = weather.printable(str(error))
        match error:
            case asyncssh.HostKeyNotVerifiable():
                return Misconfigured(
                    f"{where}: the server's key is {self._client.seen or 'unknown'}; set it as host_key"
                )
            case asyncssh.PermissionDenied() | asyncssh.KeyImportError():
                return Misconfigured(f"{where}: the server refuses the login ({said})")
            case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
                return GiveUp(f"{where}: the folder cannot be written ({said})")
            case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
                return TryLater(f"{where}: its disk or the quota is full", FULL_AFTER_S)
            case OSError():
                return weather.outcome(error, self.endpoint)
            case _:
                return TryLater(f"{where}: the server says {said!r}")


async def _size_bytes(sftp: asyncssh.SFTPClient, path: str) -> int | None:
    """Size of a file; `None` when there is none."""
    try:
        return (await sftp.stat(path)).size
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None
