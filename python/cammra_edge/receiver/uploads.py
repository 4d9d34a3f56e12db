"""The receiver's FTP side: passive uploads into a store of names, never onto the file system.

Enough of RFC 959 and RFC 2428 for cameras that upload: log in as any user, make folders, store, ask for sizes,
rename, delete. A path from outside is only a key of a dictionary. A picture has arrived when it is complete under
a name that ends in `.jpg`; a `.json` of the same name that came before belongs to it.

Held by `tests/receiver/test_uploads.py`.
"""

from __future__ import annotations

import posixpath
import socket
import socketserver
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from cammra_edge.receiver.accounts import Accounted

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FILE_BYTES = 64 << 20
MAX_FILES = 256
"""Files remembered, for sizes and renames; older ones are forgotten."""

_IDLE_S = 600.0
_DATA_S = 30.0
_LINE_BYTES = 4096
_PIECE_BYTES = 1 << 18
_LONGEST_PATH = 1024


class FtpApp(Protocol):
    """What stands behind the server."""

    def take_upload(self, peer: str, path: str, jpeg: bytes, sidecar: bytes) -> bool:
        """One picture, and its JSON where it has one; False when it cannot be kept."""
        ...


class FtpServer(Accounted):
    """Listens, and hands each picture to the app."""

    def __init__(self, address: tuple[str, int], app: FtpApp) -> None:
        self.app = app
        self.files: OrderedDict[str, bytes] = OrderedDict()
        super().__init__(address, _Session)

    def put(self, peer: str, path: str, content: bytes) -> bool:
        """A file is complete under this name."""
        self.files[path] = content
        self.files.move_to_end(path)
        while len(self.files) > MAX_FILES:
            self.files.popitem(last=False)
        stem, dot, kind = path.rpartition(".")
        if not dot or kind.lower() not in ("jpg", "jpeg"):
            return True
        return self.app.take_upload(
            peer, path.lstrip("/"), content, self.files.get(f"{stem}.json", b"")
        )


class _Session(socketserver.StreamRequestHandler):
    server: FtpServer
    timeout = _IDLE_S
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._peer = f"{self.client_address[0]}:{self.client_address[1]}"
        self._folder = "/"
        self._data: socket.socket | None = None
        self._rename = ""
        self._verbs: dict[str, Callable[[str], str | None]] = {
            "USER": lambda _: "331 any password will do",
            "PASS": lambda _: "230 welcome",
            "SYST": lambda _: "215 UNIX Type: L8",
            "FEAT": lambda _: "211-\r\n EPSV\r\n SIZE\r\n UTF8\r\n211 end",
            "OPTS": lambda _: "200 so be it",
            "NOOP": lambda _: "200 yes",
            "TYPE": lambda _: "200 every type is binary here",
            "PWD": lambda _: f'257 "{self._folder}"',
            "CWD": self._cwd,
            "MKD": lambda text: f'257 "{self._path(text)}"',
            "EPSV": lambda _: f"229 here (|||{self._listen()}|)",
            "PASV": self._pasv,
            "STOR": self._stor,
            "SIZE": self._size,
            "RNFR": self._rnfr,
            "RNTO": self._rnto,
            "DELE": self._dele,
        }

    def handle(self) -> None:
        self._say("220 cammra-edge listen")
        while line := self.rfile.readline(_LINE_BYTES):
            verb, _, text = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            act = self._verbs.get(verb.upper())
            answer = "502 not here" if act is None else act(text)
            if answer is not None:
                self._say(answer)

    def finish(self) -> None:
        self._close_data()
        super().finish()

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode("utf-8", "replace") + b"\r\n")

    def _path(self, text: str) -> str:
        """The path that a text names from here; `..` ends at the top. Nothing on disk belongs to it."""
        return posixpath.normpath(posixpath.join("/", self._folder, text[:_LONGEST_PATH]))

    def _cwd(self, text: str) -> str:
        self._folder = self._path(text)
        return "250 there"

    def _listen(self) -> int:
        self._close_data()
        family = self.request.family
        self._data = socket.create_server(
            (self.request.getsockname()[0], 0), family=family, backlog=1
        )
        self._data.settimeout(_DATA_S)
        return int(self._data.getsockname()[1])

    def _pasv(self, _text: str) -> str:
        if self.request.family != socket.AF_INET:
            return "522 IPv6: use EPSV"
        port = self._listen()
        host = self.request.getsockname()[0].replace(".", ",")
        return f"227 here ({host},{port >> 8},{port & 255})"

    def _close_data(self) -> None:
        if self._data is not None:
            self._data.close()
            self._data = None

    def _stor(self, text: str) -> str | None:
        if self._data is None:
            return "425 say EPSV or PASV before"
        self._say("150 go on")
        content = bytearray()
        try:
            connection, _ = self._data.accept()
            with connection:
                connection.settimeout(_DATA_S)
                while piece := connection.recv(_PIECE_BYTES):
                    content += piece
                    if len(content) > MAX_FILE_BYTES:
                        return "552 too large"
        except OSError:
            return "426 the data connection broke"
        finally:
            self._close_data()
        kept = self.server.put(self._peer, self._path(text), bytes(content))
        return "226 it is there" if kept else "452 it cannot be kept"

    def _size(self, text: str) -> str:
        content = self.server.files.get(self._path(text))
        return "550 not here" if content is None else f"213 {len(content)}"

    def _rnfr(self, text: str) -> str:
        self._rename = self._path(text)
        return "350 to what?" if self._rename in self.server.files else "550 not here"

    def _rnto(self, text: str) -> str:
        content = self.server.files.pop(self._rename, None)
        if content is None:
            return "503 say RNFR before"
        kept = self.server.put(self._peer, self._path(text), content)
        return "250 so it is called" if kept else "452 it cannot be kept"

    def _dele(self, text: str) -> str:
        gone = self.server.files.pop(self._path(text), None)
        return "550 not here" if gone is None else "250 gone"
