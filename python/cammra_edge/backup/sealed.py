"""Bytes under a passphrase: AES-256-GCM in pieces, each with its place, the last one marked, under a key of scrypt.

So nothing can be changed, left out, moved or cut off unseen, and nothing is given to the reader before it is verified.
The pieces' nonces count up, for the key is made of a salt of this file alone (the STREAM construction). `cryptography`,
which does the ciphering, is an extra of its own. Held by `tests/backup/test_sealed.py`.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import struct
from typing import TYPE_CHECKING, Any, Final

from cammra_edge.errors import BackupError, CammraError

if TYPE_CHECKING:
    from typing import BinaryIO

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from typing_extensions import Buffer

PIECE_BYTES: Final = 64 << 10
_TAG_BYTES: Final = 16
_SALT_BYTES: Final = 16
_NONCE = struct.Struct(">QB3x")
_N, _R, _P = 1 << 15, 8, 3
"""OWASP's password storage cheat sheet lists them; they take 32 MiB."""
_MOST_N, _MOST_R, _MOST_P = 1 << 17, 16, 16
"""Beyond these, a file would have us take more memory or time than a camera has."""


class Lock:
    """How a file is locked; `plain` stands in its head."""

    def __init__(self, salt: bytes, n: int, r: int, p: int) -> None:
        self._salt = salt
        self._cost = n, r, p

    @classmethod
    def new(cls) -> Lock:
        """One that no other file has."""
        return cls(secrets.token_bytes(_SALT_BYTES), _N, _R, _P)

    @classmethod
    def from_plain(cls, plain: object) -> Lock:
        """As a head has it.

        Raises:
            BackupError: It is none of ours, or asks for too much.
        """
        match plain:
            case {"salt": str(salt), "n": int(n), "r": int(r), "p": int(p)} if (
                len(salt) == 2 * _SALT_BYTES
                and set(salt) <= set("0123456789abcdef")
                and 1 < n <= _MOST_N
                and n.bit_count() == 1
                and 0 < r <= _MOST_R
                and 0 < p <= _MOST_P
            ):
                return cls(bytes.fromhex(salt), n, r, p)
        raise BackupError("it is locked in a way that this version does not know")

    def plain(self) -> dict[str, object]:
        """For the head."""
        n, r, p = self._cost
        return {"salt": self._salt.hex(), "n": n, "r": r, "p": p}

    def cipher(self, passphrase: str) -> AESGCM:
        """What the passphrase makes.

        Raises:
            CammraError: The extra is not installed.
        """
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise CammraError(
                "secrets are locked by a package that is not installed: pip install 'cammra-edge[backup]'"
            ) from error
        n, r, p = self._cost
        text = passphrase.encode("utf-8", "surrogatepass")
        most = 128 * r * (n + p + 4) + (1 << 20)
        key = hashlib.scrypt(text, salt=self._salt, n=n, r=r, p=p, maxmem=most, dklen=32)
        return AESGCM(key)


class SealedWriter:
    """Writes to a file what only the passphrase opens; `finish` writes the last piece."""

    def __init__(self, out: BinaryIO, cipher: AESGCM, head: bytes) -> None:
        self._out = out
        self._cipher = cipher
        self._head = head
        self._number = 0
        self._left = bytearray()

    def write(self, content: Buffer) -> None:
        """Add these bytes."""
        self._left += content
        while len(self._left) > PIECE_BYTES:  # the last piece is never empty but in an empty file
            self._put(bytes(self._left[:PIECE_BYTES]), is_last=False)
            del self._left[:PIECE_BYTES]

    def finish(self) -> None:
        """That was all."""
        self._put(bytes(self._left), is_last=True)

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _NONCE.pack(self._number, is_last)
        self._out.write(self._cipher.encrypt(nonce, piece, self._head))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads what a `SealedWriter` wrote; a piece that does not verify ends it.

    Raises:
        BackupError: The passphrase is wrong, or the file was changed or cut off.
    """

    def __init__(self, file: BinaryIO, cipher: AESGCM, head: bytes) -> None:
        super().__init__()
        self._file = file
        self._cipher = cipher
        self._head = head
        self._number = 0
        self._piece = memoryview(b"")
        self._next = file.read(PIECE_BYTES + _TAG_BYTES)
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - as `io` has it
        """The next bytes."""
        if not self._piece and not self._ended:
            self._piece = memoryview(self._opened())
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._piece))
        room[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def _opened(self) -> bytes:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above

        sealed, self._next = self._next, self._file.read(PIECE_BYTES + _TAG_BYTES)
        self._ended = not self._next
        nonce = _NONCE.pack(self._number, self._ended)
        try:
            piece = self._cipher.decrypt(nonce, sealed, self._head)
        except (InvalidTag, ValueError) as error:
            why = "the passphrase is wrong, or the file was changed"
            raise BackupError(why if not self._number else "it was changed or cut off") from error
        self._number += 1
        return piece
