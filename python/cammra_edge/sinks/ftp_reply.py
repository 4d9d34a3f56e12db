"""What an FTP server's answers mean, understood as widely as servers differ, and never beyond what they say.

Pure: lines in, a code and a text out. Held by `tests/sinks/test_ftp_reply.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cammra_edge.sinks.whys import UploadWhy

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.phrases import Said

SIZE_TOLD: Final = 213
READY: Final = 220
PASSIVE: Final = 227
EXTENDED_PASSIVE: Final = 229
LOGGED_IN: Final = 230
GOODBYE: Final = 421
WANTS_PASSWORD: Final = 331
WANTS_ACCOUNT: Final = 332
PRELIMINARY, DONE, MORE, TEMPORARY = 1, 2, 3, 4
"""First digits: wait for the next answer; done; another command is wanted; refused for now. 5: refused."""

_MOST_LINES = 200
_LARGEST_BYTE, _LARGEST_PORT = 0xFF, 0xFFFF
_CODE = re.compile(r"[1-5][0-9]{2}(?![0-9])")
_OTHER_UNIT = r"\s*(?:[kmgt]i?b?\b|kilo|mega|giga|tera|[kmgt]ibi|block|sector|cluster|record|page)"
_ONE_NUMBER = re.compile(
    rf"[^0-9]*(?<![-+.,'])([0-9]{{1,18}})(?!{_OTHER_UNIT})[^0-9]*", re.IGNORECASE
)
_SIX_BYTES = re.compile(r"(?<![0-9])" + r"\s*,\s*".join([r"([0-9]{1,3})"] * 6) + r"(?![0-9])")
_EXTENDED = re.compile(r"([!-/:-@\[-`{-~])(?:[12]\1(?:(?!\1).)*|\1)\1\s*([0-9]{1,5})\s*\1")


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer: its three digits, and its text without them."""

    code: int
    text: str

    @property
    def kind(self) -> int:
        """The first digit."""
        return self.code // 100

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class FtpError(Exception):
    """What a server answers that ends a try, without its own words; those may hold a file's name, so a plate."""

    def __init__(self, why: Said, words: str = "") -> None:
        super().__init__(why)
        self.words = words


class GarbledError(FtpError):
    """The server does not speak FTP, or does not answer what was asked."""


class RefusedError(FtpError):
    """The server says no, and still answers."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(UploadWhy.SERVER_ANSWERS(code=reply.code), str(reply))
        self.reply = reply


class GoodbyeError(FtpError):
    """421: the server closes the connection, whatever was asked."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(UploadWhy.SERVER_SAYS_GOODBYE(), str(reply))


class CutError(FtpError):
    """The data connection broke, and the server took what it had for a whole file."""

    def __init__(self) -> None:
        super().__init__(UploadWhy.CUT_AND_TAKEN())


def read(line: Callable[[], str]) -> Reply:
    """One answer, from `line` that gives the next line.

    Lines before it that are no answer are passed over, as curl does; of several lines the one with the same code
    and no dash is the last.

    Raises:
        GarbledError: Too many lines, or another protocol.
    """
    lines: list[str] = []
    code = ""
    for _ in range(_MOST_LINES):
        text = line()
        if not code:
            if text.startswith("SSH-"):
                raise GarbledError(UploadWhy.SSH_THERE(), text)
            if not _CODE.match(text):
                continue
            code = text[:3]
        is_coded = text.startswith(code)
        lines.append((text[3:].removeprefix("-") if is_coded else text).strip())
        if is_coded and text[3:4] != "-":
            return Reply(int(code), " ".join(lines).strip())
    raise GarbledError(UploadWhy.ENDLESS_ANSWER())


def size_bytes(reply: Reply) -> int | None:
    """The size that an answer to SIZE tells: its digits, where they are one plain number of bytes."""
    number = _ONE_NUMBER.fullmatch(reply.text) if reply.code == SIZE_TOLD else None
    return int(number[1]) if number else None


def extended_port(reply: Reply) -> int | None:
    """The port in an answer to EPSV, whatever its separators."""
    found = _EXTENDED.search(reply.text) if reply.code == EXTENDED_PASSIVE else None
    port = int(found[2]) if found else 0
    return port if 0 < port <= _LARGEST_PORT else None


def passive_address(reply: Reply) -> tuple[str, int] | None:
    """Address and port in an answer to PASV, with or without brackets and blanks."""
    for found in _SIX_BYTES.finditer(reply.text) if reply.code == PASSIVE else ():
        *host, high, low = (int(byte) for byte in found.groups())
        port = high << 8 | low
        if port and max(*host, high, low) <= _LARGEST_BYTE:
            return ".".join(map(str, host)), port
    return None
