"""What an attacker finds in the binary: no stack to execute, no table to overwrite, and C code that notices."""

from __future__ import annotations

import struct
import sys
import tomllib
from pathlib import Path

import pytest
from tools.arm.targets import HARDENING, TARGETS

import cammra_edge

FLAGS = Path(__file__).resolve().parents[2] / ".cargo" / "config.toml"
BINARY = Path(cammra_edge.__file__).with_name("_native.abi3.so")
PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 2, 0x6474E551, 0x6474E552
DT_STRTAB, DT_STRSZ, DT_FLAGS, DT_FLAGS_1 = 5, 10, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW = 0x8, 0x1
EXECUTABLE = 0x1


class Elf:
    """As much of an ELF file of 64 bits as is asked for here."""

    def __init__(self, content: bytes) -> None:
        assert content[:6] == b"\x7fELF\x02\x01", "64 bits, the lowest byte first"
        begin, _, _, _, size, count = struct.unpack_from("<QQIHHH", content, 32)
        self.segments: dict[int, tuple[int, int, int, int]] = {}
        """By type: flags, place in the file and in memory, and size."""
        self._loaded: list[tuple[int, int, int]] = []
        for at in range(begin, begin + size * count, size):
            kind, flags, place, address, _, length = struct.unpack_from("<IIQQQQ", content, at)
            self.segments[kind] = (flags, place, address, length)
            if kind == 1:
                self._loaded.append((address, place, length))
        _, place, _, length = self.segments[PT_DYNAMIC]
        self.dynamic = dict(struct.iter_unpack("<QQ", content[place : place + length]))
        names = self._place(self.dynamic[DT_STRTAB])
        self.names = set(content[names : names + self.dynamic[DT_STRSZ]].split(b"\0"))

    def _place(self, address: int) -> int:
        return next(
            place + address - begin
            for begin, place, length in self._loaded
            if begin <= address < begin + length
        )


@pytest.fixture(scope="module")
def binary() -> Elf:
    if sys.maxsize < 1 << 32:
        pytest.skip("the wheel of 32 bits is checked by tools/arm/check_wheel.py")
    return Elf(BINARY.read_bytes())


def test_no_stack_is_executable(binary: Elf) -> None:
    assert not binary.segments[PT_GNU_STACK][0] & EXECUTABLE


def test_every_table_of_addresses_is_read_only_from_the_start(binary: Elf) -> None:
    assert PT_GNU_RELRO in binary.segments
    flags = binary.dynamic.get(DT_FLAGS, 0) & DF_BIND_NOW
    assert flags or binary.dynamic.get(DT_FLAGS_1, 0) & DF_1_NOW


def test_c_code_notices_what_runs_over(binary: Elf) -> None:
    assert b"__stack_chk_fail" in binary.names
    assert [name for name in binary.names if name.endswith(b"_chk")], "FORTIFY"


def test_every_build_of_c_code_is_told_so() -> None:
    told = tomllib.loads(FLAGS.read_text())["env"]["CFLAGS"]
    assert told == HARDENING
    assert all(HARDENING in target.c_flags for target in TARGETS.values())
