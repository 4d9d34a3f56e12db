"""What is locked opens with its passphrase, whole, and not otherwise."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cammra_edge.backup.sealed import PIECE_BYTES, Lock, SealedReader, SealedWriter
from cammra_edge.errors import BackupError
from tests.budget import examples

HEAD = b"head\n"
LOCK = Lock(bytes(16), 2, 1, 1)
CIPHER = LOCK.cipher("a gate in the rain")


def sealed(content: bytes, *, head: bytes = HEAD) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, CIPHER, head)
    writer.write(content)
    writer.finish()
    return out.getvalue()


def opened(content: bytes, *, head: bytes = HEAD) -> bytes:
    return io.BufferedReader(SealedReader(io.BytesIO(content), CIPHER, head)).read()


@pytest.mark.parametrize(
    "size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]
)
def test_any_length_comes_back(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert opened(sealed(content)) == content


def test_nothing_can_be_cut_off_moved_repeated_or_taken_from_elsewhere() -> None:
    whole = sealed(bytes(2 * PIECE_BYTES + 5))
    step = PIECE_BYTES + 16
    first, second, last = whole[:step], whole[step : 2 * step], whole[2 * step :]
    for changed in (
        first + second,
        first,
        first + last,
        second + first + last,
        first + first + second + last,
        whole + b"x",
        whole + last,
        whole[:-1],
        b"",
    ):
        with pytest.raises(BackupError):
            opened(changed)
    with pytest.raises(BackupError):
        opened(whole, head=b"another\n")


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 99), st.integers(1, 255))
def test_no_bit_can_be_changed(place: int, change: int) -> None:
    whole = bytearray(sealed(bytes(84)))
    whole[place] ^= change
    with pytest.raises(BackupError):
        opened(bytes(whole))


def test_another_passphrase_opens_nothing() -> None:
    other = LOCK.cipher("a gate in the sun")
    with pytest.raises(BackupError, match="passphrase is wrong"):
        SealedReader(io.BytesIO(sealed(b"secret")), other, HEAD).read()


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1 << 30},
        {"n": 3},
        {"n": 0},
        {"r": 1 << 20},
        {"p": 0},
        {"p": 1 << 20},
        {"salt": "zz" * 16},
        {"salt": "00"},
        {"n": "16384"},
        {"salt": None},
    ],
)
def test_a_file_cannot_ask_for_more_than_a_camera_has(change: dict[str, object]) -> None:
    plain = Lock.new().plain()
    assert Lock.from_plain(plain).plain() == plain
    with pytest.raises(BackupError):
        Lock.from_plain(plain | change)
    with pytest.raises(BackupError):
        Lock.from_plain([plain])
