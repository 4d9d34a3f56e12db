"""The engines that a fleet's events go into, real ones on loopback: Mosquitto and PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

from tests.servers import LOOPBACK, free_port, missing, require_program, wait_for_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
RECIPES = ROOT / "docs" / "recipes"


@dataclass
class Broker:
    """A broker, here Mosquitto, which can be killed and started again on the same port.

    Args:
        folder: Where its configuration and data lie.
        settings: Lines of its configuration, beside the listener.
    """

    folder: Path
    settings: Sequence[str] = ("allow_anonymous true", "max_queued_messages 0")
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Until it listens."""
        command = self.command()
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for_port(self.port, process=self.process)

    def command(self) -> list[str]:
        """What starts it, once its configuration is written."""
        program = require_program("mosquitto", apt="mosquitto")
        path = self.folder / "mosquitto.conf"
        listener = f"listener {self.port} {LOOPBACK}"
        path.write_text("\n".join([listener, "user root", *self.settings, ""]))
        return [program, "-c", str(path)]

    def signal(self, number: signal.Signals) -> None:
        """SIGHUP reads rights and passwords anew."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a crash does it: what it had in memory is gone."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(frozen=True)
class Database:
    """PostgreSQL with an empty database, as its owner reaches it.

    Args:
        url: Where.
        pid: The server's first process.
    """

    url: str
    pid: int

    def run(self, *scripts: Path) -> None:
        """Run SQL files as `psql` does."""
        for script in scripts:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(script.read_bytes())

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What a query finds."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def number(self, query: str, *values: object) -> int:
        """The one number that a query finds."""
        ((value,),) = self.rows(query, *values)
        assert isinstance(value, int)
        return value


@contextlib.contextmanager
def database() -> Iterator[Database]:
    """A PostgreSQL of its own, on a UNIX socket, in a folder that its account may enter."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        require_program("psql", apt="postgresql")
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or missing("postgresql")
    folder = Path(tempfile.mkdtemp(prefix="cammra-pg-"))
    account: dict[str, str] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        account = {"user": "postgres"}
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    server = None
    try:
        data = folder / "data"
        subprocess.run(
            [programs[-1] / "initdb", "-D", data, "-U", "fleet", "-A", "trust", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd=folder,
            **account,  # type: ignore[call-overload]
        )
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        server = subprocess.Popen(
            [programs[-1] / "postgres", "-D", data, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **account,  # type: ignore[call-overload]
        )
        found = Database(f"postgresql://fleet@/postgres?host={folder}", server.pid)
        wait_until(lambda: _answers(found), "PostgreSQL")
        yield found
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(found: Database) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        return found.number("SELECT 1") == 1
    return False
