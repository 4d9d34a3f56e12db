"""The hashed tag of UTMC TR007: instations can match the plate, and nobody can read it.

Characters that readers confuse are merged, the result is hashed with Jenkins' one-at-a-time, and the low
bits are the tag. Merge table and hash as published (`docs/ref/wire.md`); whether TR007 hashes with
another seed or case is not public. `tests/payload/test_utmc.py` has the vectors.
"""

from __future__ import annotations

from cammra_edge.payload.naming import file_token

_MERGED = str.maketrans("D0Q15Y8BZFCMNW", "OOOISV332EGHHH")
_WORD = 0xFFFF_FFFF


def merged(plate: str) -> str:
    """The plate with the characters that readers confuse merged."""
    return file_token(plate).upper().translate(_MERGED)


def one_at_a_time(data: bytes) -> int:
    """Jenkins' one-at-a-time hash, 32 bits."""
    value = 0
    for byte in data:
        value = (value + byte) & _WORD
        value = (value + (value << 10)) & _WORD
        value ^= value >> 6
    value = (value + (value << 3)) & _WORD
    value ^= value >> 11
    return (value + (value << 15)) & _WORD


def tag(plate: str, bits: int) -> str:
    """The low `bits` of the hash as hexadecimal digits."""
    return f"{one_at_a_time(merged(plate).encode()) & ((1 << bits) - 1):0{(bits + 3) // 4}x}"
