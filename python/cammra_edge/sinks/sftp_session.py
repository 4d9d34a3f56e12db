"""One SFTP connection under one deadline: `asyncssh`, called from a thread without a loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

import asyncssh

from cammra_edge.sinks.dial import dial

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from cammra_edge.profile import Endpoint, Ftp
    from cammra_edge.sinks.deadline import Deadline

_Result = TypeVar("_Result")


class _Client(asyncssh.SSHClient):
    """Trusts exactly one key."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self.seen = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Whether the server's key is the one that the profile names."""
        del host, addr, port
        self.seen = key.get_fingerprint("sha256")
        return self.seen == self._fingerprint


class Session:
    """A `Conversation` of `uploads`; `deadline` is set anew before each try."""

    tells_sizes = True

    def __init__(self, protocol: Ftp, deadline: Deadline) -> None:
        self.deadline = deadline
        self._protocol = protocol
        self._runner = asyncio.Runner()
        self._client = _Client(protocol.host_key)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    @property
    def seen(self) -> str:
        """Fingerprint of the key that the server showed; empty before it did."""
        return self._client.seen

    def open(self, endpoint: Endpoint) -> None:
        """Connect, check the server's key, log in.

        Raises:
            OSError, asyncssh.Error, asyncssh.KeyImportError: The network, the server, or the key's file.
        """
        protocol = self._protocol
        limits = protocol.timeouts
        sock = dial(endpoint.host, endpoint.port, self.deadline, limits)
        sock.settimeout(0)

        async def start() -> None:
            self._connection = await asyncssh.connect(
                endpoint.host,
                endpoint.port,
                sock=sock,
                username=protocol.user or "anonymous",
                password=protocol.password or None,
                client_keys=[protocol.ssh_key] if protocol.ssh_key else None,
                known_hosts=asyncssh.import_known_hosts(""),
                client_factory=lambda: self._client,
                config=None,
                agent_path=None,
                x509_trusted_certs=None,
            )
            self._sftp = await self._connection.start_sftp_client()

        try:
            self._run(start)
        except BaseException:
            sock.close()
            raise

    def expect_quiet(self) -> None:
        """Nothing to do: a connection that is gone says so at the first question."""

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is none."""
        try:
            return self._run(lambda: self._server().stat(path)).size
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return None

    def make_folders(self, folder: str) -> None:
        """Make each folder on the way; that one exists already is no error."""
        self._run(lambda: self._server().makedirs(folder, exist_ok=True))

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name."""

        async def write() -> None:
            async with self._server().open(path, "wb") as file:
                await file.write(content)

        self._run(write)

    def rename(self, path: str, name: str, /) -> None:
        """Rename a file."""
        self._run(lambda: self._server().rename(path, name))

    def delete(self, path: str, /) -> None:
        """Delete a file."""
        self._run(lambda: self._server().remove(path))

    def goodbye(self) -> None:
        """End the session in order, within the deadline."""
        connection = self._connection
        if connection is not None:
            connection.close()
            self._run(connection.wait_closed)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.abort()
            with contextlib.suppress(OSError, asyncssh.Error):
                self._runner.run(self._connection.wait_closed())
        self._connection = self._sftp = None
        self._runner.close()

    def _server(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            raise asyncssh.SFTPNoConnection("not connected")
        return self._sftp

    def _run(self, begin: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
        """Run to the end, or to the deadline's."""

        async def within() -> _Result:
            async with asyncio.timeout(self.deadline.wait_s()):
                return await begin()

        return self._runner.run(within())
