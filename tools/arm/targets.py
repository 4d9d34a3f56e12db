"""The two processors that cameras have, and what each is called by the tools that we use.

Held by `tests/house/test_arm_recipe.py`: every name below agrees with the others.
"""

from dataclasses import dataclass

PYTHON_VERSION = "3.11"
"""The oldest Python that the abi3 wheel serves, and the one of the ARM root: what runs here runs on newer ones."""

GLIBC_FLOOR = (2, 17)
"""The oldest glibc the wheels may ask for: manylinux2014. AXIS OS since 10, Debian since 8, Yocto since 1.5 have it."""


HARDENING = "-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
"""For C code, as `.cargo/config.toml` has it for this machine: flags for a target take the place of those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One processor family."""

    name: str
    """How `make arm` and pip call it: the machine part of a wheel's tag is `wheel_machine`."""
    wheel_machine: str
    debian: str
    """Debian's architecture."""
    multiarch: str
    """Folder of Debian's libraries, and part of the loader's name."""
    rust: str
    zig: str
    qemu: str
    """Suffix of the emulator."""
    core: str
    """`QEMU_CPU`: the oldest core of camera class, so that a too-new instruction is caught."""
    c_flags: str
    """For C code. Zig's compiler takes cores as `-mcpu` and ignores `-mfpu`."""
    rust_flags: str
    """For Rust code."""
    has_numpy: bool
    """Whether PyPI has numpy and Pillow for it."""

    @property
    def c_flags_variable(self) -> str:
        """The variable from which `cc` and `cmake` take C flags for this target only."""
        return f"CFLAGS_{self.rust.replace('-', '_')}"

    @property
    def rust_flags_variable(self) -> str:
        """The variable from which cargo takes flags for this target's Rust code only."""
        return f"CARGO_TARGET_{self.rust.replace('-', '_').upper()}_RUSTFLAGS"

    @property
    def runner_variable(self) -> str:
        """The variable from which cargo takes the program that runs this target's binaries."""
        return f"CARGO_TARGET_{self.rust.replace('-', '_').upper()}_RUNNER"


AARCH64 = Target(
    name="aarch64",
    wheel_machine="aarch64",
    debian="arm64",
    multiarch="aarch64-linux-gnu",
    rust="aarch64-unknown-linux-gnu",
    zig="aarch64-linux-gnu",
    qemu="aarch64",
    core="cortex-a53",  # ARTPEC-8, CV25, i.MX 8M, Raspberry Pi 3
    c_flags=HARDENING,
    rust_flags="",
    has_numpy=True,
)
ARMV7 = Target(
    name="armv7",
    wheel_machine="armv7l",
    debian="armhf",
    multiarch="arm-linux-gnueabihf",
    rust="armv7-unknown-linux-gnueabihf",
    zig="arm-linux-gnueabihf",
    qemu="arm",
    core="cortex-a9",  # ARTPEC-6 and -7, i.MX 6
    # Rust's armv7 has no NEON in its baseline; without a core the C compiler would leave it out too,
    # and libjpeg-turbo's REQUIRE_SIMD would stop the build.
    c_flags=f"-mcpu=cortex_a9 {HARDENING}",
    # Nothing more is asked of the camera by it: the C code needs NEON already.
    rust_flags="-C target-feature=+neon",
    has_numpy=False,
)
TARGETS = {target.name: target for target in (AARCH64, ARMV7)}
