"""Looks into an ARM wheel with pyelftools; runs on the cache's Python, which has it.

Usage: python -m tools.arm.check_wheel TARGET WHEEL LIBTURBOJPEG
"""

import io
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tools.arm.targets import AARCH64, ARMV7, GLIBC_FLOOR, TARGETS, Target

MAX_WHEEL_BYTES = 2_500_000
ALLOWED_LIBRARIES = (
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "ld-linux-",
    "libgcc_s.so.1",
)
NOTICES = (
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "NOTICE",
    "libjpeg-turbo-LICENSE.md",
    "libjpeg-turbo-README.ijg",
    "rust-crates.txt",
)
"""Texts that must travel with the binary; what stands in them is tested in tests/house/test_wheel.py."""
MIN_NEON_FUNCTIONS = 20  # 3.1 has about forty on both; a build without SIMD has none
VECTOR_ENCODING = {
    AARCH64.name: (0x9E000000, 0x0E000000),  # Arm ARM C4.1, Advanced SIMD data processing
    ARMV7.name: (0xFE000000, 0xF2000000),  # Arm ARM (v7) A7.4, the same in A32
}
EXECUTABLE, DF_BIND_NOW, DF_1_NOW = 0x1, 0x8, 0x1
MIN_VECTOR_INSTRUCTIONS = 4000
"""Measured without libjpeg-turbo: 1,300 on aarch64 (Rust's own), 0 on armv7."""


def glibc_versions(elf: ELFFile) -> set[tuple[int, ...]]:
    """Versions of glibc's symbols that the library asks for."""
    found = set()
    needs = elf.get_section_by_name(".gnu.version_r")
    for _library, symbols in needs.iter_versions() if needs else ():
        for symbol in symbols:
            family, _, number = symbol.name.partition("_")
            if family == "GLIBC":
                found.add(tuple(int(part) for part in number.split(".")))
    return found


def needed_libraries(elf: ELFFile) -> list[str]:
    """Shared libraries that the loader must find."""
    return [tag.needed for tag in elf.get_section_by_name(".dynamic").iter_tags("DT_NEEDED")]


def archive_symbols(path: Path) -> Iterator[str]:
    """Global symbols of a static library, from its own index (System V or BSD format)."""
    content = path.read_bytes()
    name, size = content[8:24].rstrip(), int(content[56:66])
    index = content[68 : 68 + size]
    if name == b"/":
        count = struct.unpack(">I", index[:4])[0]
        names = index[4 + 4 * count :]
    elif name == b"/SYM64/":
        count = struct.unpack(">Q", index[:8])[0]
        names = index[8 + 8 * count :]
    else:
        raise ValueError(f"{path}: want an archive with an index, found {name!r}")
    for symbol in names.split(b"\0"):
        yield symbol.decode(errors="replace")


def vector_instructions(elf: ELFFile, target: Target) -> int:
    """How many instructions compute on vectors (all code is A64, or A32: both are words of four bytes)."""
    mask, value = VECTOR_ENCODING[target.name]
    code = elf.get_section_by_name(".text").data()
    words = struct.unpack(f"<{len(code) // 4}I", code[: len(code) // 4 * 4])
    return sum(1 for word in words if word & mask == value)


def unguarded(elf: ELFFile, target: Target) -> Iterator[str]:
    """What is missing of the guards against code that runs over, as tests/house/test_hardening.py wants them."""
    segments = {segment["p_type"]: segment for segment in elf.iter_segments()}
    if "PT_GNU_STACK" not in segments or segments["PT_GNU_STACK"]["p_flags"] & EXECUTABLE:
        yield "an executable stack"
    if "PT_GNU_RELRO" not in segments:
        yield "no RELRO"
    flags = {tag.entry.d_tag: tag.entry.d_val for tag in segments["PT_DYNAMIC"].iter_tags()}
    if not (flags.get("DT_FLAGS", 0) & DF_BIND_NOW or flags.get("DT_FLAGS_1", 0) & DF_1_NOW):
        yield "addresses that are bound late"
    names = {symbol.name for symbol in elf.get_section_by_name(".dynsym").iter_symbols()}
    if not any(name.endswith("_chk") for name in names):
        yield "C code without FORTIFY"
    # For armv7 zig brings a guard of its own, whose name is stripped.
    if target is AARCH64 and "__stack_chk_fail" not in names:
        yield "C code without a stack protector"


def faults(target: Target, wheel: Path, turbojpeg: Path) -> Iterator[str]:
    """Everything that would keep this wheel from a camera."""
    floor = "_".join(map(str, GLIBC_FLOOR))
    if (
        not wheel.name.endswith(f"manylinux_{floor}_{target.wheel_machine}.whl")
        or "-cp311-abi3-" not in wheel.name
    ):
        yield f"tag of {wheel.name}: want cp311-abi3 and manylinux_{floor}_{target.wheel_machine}"
    if wheel.stat().st_size > MAX_WHEEL_BYTES:
        yield f"{wheel.stat().st_size} bytes, want at most {MAX_WHEEL_BYTES}"
    with zipfile.ZipFile(wheel) as archive:
        licences = {
            Path(name).name for name in archive.namelist() if ".dist-info/licenses/" in name
        }
        elf = ELFFile(io.BytesIO(archive.read("cammra_edge/_native.abi3.so")))
        newest = max(glibc_versions(elf), default=(0,))
        libraries = needed_libraries(elf)
        vectors = vector_instructions(elf, target)
        missing_guards = list(unguarded(elf, target))
    if missing := [name for name in NOTICES if name not in licences]:
        yield f"no {missing} among the licences in it"
    if newest > GLIBC_FLOOR:
        yield f"needs glibc {newest}, want at most {GLIBC_FLOOR}"
    yield from missing_guards
    strangers = [name for name in libraries if not name.startswith(ALLOWED_LIBRARIES)]
    if strangers:
        yield f"needs {strangers}, which a camera may not have"
    neon = [
        symbol
        for symbol in archive_symbols(turbojpeg)
        if symbol.startswith("jsimd_") and symbol.endswith("_neon")
    ]
    if len(neon) < MIN_NEON_FUNCTIONS:
        yield f"{len(neon)} NEON functions in {turbojpeg}, want at least {MIN_NEON_FUNCTIONS}"
    if vectors < MIN_VECTOR_INSTRUCTIONS:
        yield f"{vectors} vector instructions, want at least {MIN_VECTOR_INSTRUCTIONS}"
    sys.stdout.write(
        f"{wheel.name}: {wheel.stat().st_size} bytes, glibc {newest}, needs {libraries}, "
        f"{len(neon)} NEON functions, {vectors} vector instructions\n"
    )


def main() -> int:
    """Say what was found; exit code 1 when something is wrong."""
    name, wheel, turbojpeg = sys.argv[1:]
    found = list(faults(TARGETS[name], Path(wheel), Path(turbojpeg)))
    for fault in found:
        sys.stdout.write(f"wrong: {fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
