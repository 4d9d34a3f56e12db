"""One SFTP connection under one deadline: `asyncssh`, called from a thread without a loop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING, TypeVar

import asyncssh

from cammra_edge.sinks.dial import dial

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from cammra_edge.profile import Endpoint, Ftp
    from cammra_edge.sinks.deadline import Deadline

_Result = TypeVar("_Result")
_NOT_THERE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
BROKEN = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
"""What says that the connection is gone, in its three places."""


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
    """A `Conversation` of `upload_sink`; `deadline` is set anew before each try."""

    def __init__(self, protocol: Ftp, deadline: Deadline, *, deny_local: bool = False) -> None:
        self.deadline = deadline
        self._deny_local = deny_local
        self.tells_sizes = True
        self.has_told_size = False
        self.unfinished = ""
        self.was_reset = False
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
        host, port = endpoint.host, endpoint.port
        sock = dial(host, port, self.deadline, limits, deny_local=self._deny_local)
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

    def expect_alive(self) -> None:
        """Nothing to do: every request has an answer of its own."""

    def size_bytes(self, path: str) -> int | None:
        """Size of a file; `None` when there is no such file, or the server does not tell."""
        if not self.tells_sizes:
            return None
        try:
            size = self._run(lambda: self._server().stat(path)).size
        except _NOT_THERE:
            return None
        except asyncssh.SFTPOpUnsupported:
            size = None
        except asyncssh.SFTPError as error:
            _stop_if_broken(error)
            return None
        self.tells_sizes = size is not None
        self.has_told_size |= self.tells_sizes
        return size

    def file_names(self, folder: str) -> frozenset[str] | None:
        """Names in a folder; `None` when the server does not list it."""
        try:
            names = self._run(lambda: self._server().listdir(folder or "."))
        except asyncssh.SFTPError as error:
            _stop_if_broken(error)
            return None
        return frozenset(str(name) for name in names)

    def content(self, path: str, most_bytes: int) -> bytes | None:
        """The first bytes of a file; `None` when the server does not give it out."""

        async def read() -> bytes:
            async with self._server().open(path, "rb") as file:
                content = await file.read(most_bytes)
            return content.encode() if isinstance(content, str) else content

        try:
            return self._run(read)
        except asyncssh.SFTPError as error:
            _stop_if_broken(error)
            return None

    def make_folders(self, folder: str) -> None:
        """Make each folder of the path that does not exist."""
        path = ""
        for part in folder.split("/"):
            path = f"{path}/{part}" if path else part
            try:
                self._run(functools.partial(self._server().mkdir, path))
            except asyncssh.SFTPError as error:
                _stop_if_broken(error)

    def store(self, path: str, content: bytes) -> None:
        """Upload a file under that name."""
        self.unfinished = ""

        async def write() -> None:
            async with self._server().open(path, "wb") as file:
                self.unfinished = path
                await file.write(content)

        with self.deadline.sending(len(content)):
            self._run(write)
        self.unfinished = ""

    def rename(self, path: str, name: str, /) -> None:
        """Rename a file; by OpenSSH's extension where the server knows no other way."""
        try:
            self._run(lambda: self._server().rename(path, name))
        except (asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure) as error:
            if isinstance(error, asyncssh.SFTPFailure) and self._is_there(name):
                raise  # which the extension would overwrite
            try:
                self._run(lambda: self._server().posix_rename(path, name))
            except asyncssh.SFTPOpUnsupported:
                raise error from None

    def _is_there(self, path: str) -> bool:
        """Whether something has that name; true as well when the server cannot tell."""
        if self.size_bytes(path) is None and self.tells_sizes and self.has_told_size:
            return False
        folder, _, name = path.rpartition("/")
        names = self.file_names(folder)
        return names is None or name in names

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


def _stop_if_broken(error: asyncssh.SFTPError) -> None:
    """Go on only where the server has answered."""
    if isinstance(error, BROKEN):
        raise error
