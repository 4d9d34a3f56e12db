"""Collects the notices of the Rust crates that are linked into the wheel: `python3 -m tools.licences`.

The wheel holds their code, and their licences ask that their notices go with it. Writes `licences/rust-crates.txt`; to
be run after a change of `Cargo.lock`, which `tests/house/test_licences.py` watches over.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NOTICES = REPOSITORY / "licences" / "rust-crates.txt"
TARGETS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "armv7-unknown-linux-gnueabihf",
)
PREFERRED = ("LICENSE-MIT", "LICENSE", "LICENSE.md", "LICENSE.txt", "COPYING")
"""The notice that is taken of several; all these crates may be used under the MIT licence."""
STANDARD = ("addr2line", "gimli", "hashbrown", "memchr", "miniz_oxide", "object", "rustc-demangle")
"""Crates that Rust's standard library brings along; no lock file of ours names them."""
RULE = "=" * 80


def cargo(*words: str) -> str:
    """What a cargo command writes.

    Raises:
        CalledProcessError: It failed; it has said why.
    """
    command = ["cargo", *words, "--locked"]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # as fixed as the words
    return done.stdout


def linked(target: str) -> set[tuple[str, str]]:
    """Names and versions of the crates whose code is in the wheel for a target: no macros, no build scripts."""
    lines = cargo(
        *("tree", "-p", "cammra-py", "--edges", "normal,no-proc-macro"),
        *("--target", target, "--prefix", "none", "--format", "{p}"),
    ).splitlines()
    found = {tuple(line.split()[:2]) for line in lines if line.strip()}
    return {(name, version.removeprefix("v")) for name, version in found if "cammra" not in name}


def packages() -> dict[tuple[str, str], Mapping[str, object]]:
    """What cargo knows of every crate of the lock file."""
    known = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    return {(package["name"], package["version"]): package for package in known}


def notice(package: Mapping[str, object]) -> str:
    """A crate's own notice; where it brings none, the MIT licence in the name of its authors."""
    folder = Path(str(package["manifest_path"])).parent
    for name in PREFERRED:
        if (folder / name).is_file():
            return (folder / name).read_text(errors="replace").strip()
    authors = package["authors"]
    holders = ", ".join(map(str, authors)) if isinstance(authors, list) else ""
    return _mit(holders or f"the authors of {package['name']}")


def _mit(holder: str) -> str:
    _, begin, rest = (REPOSITORY / "LICENSE-MIT").read_text().partition("Permission is hereby")
    return f"MIT License\n\nCopyright (c) {holder}\n\n{begin}{rest.rstrip()}"


def text() -> str:
    """The whole file; crates with one and the same notice share it."""
    known = packages()
    sharing: dict[str, list[str]] = {}
    sharing[_mit("The Rust Project Contributors and the authors of the crates named above")] = [
        "Rust's standard library (MIT OR Apache-2.0) https://github.com/rust-lang/rust",
        f"with what it links: {', '.join(STANDARD)} (all of them MIT OR Apache-2.0, or freer)",
    ]
    for crate in sorted(set().union(*map(linked, TARGETS))):
        package = known[crate]
        line = (
            f"{crate[0]} {crate[1]} ({package['license']}) {package['repository'] or ''}".rstrip()
        )
        sharing.setdefault(notice(package), []).append(line)
    return "\n".join(_blocks(sharing))


def _blocks(sharing: Mapping[str, list[str]]) -> Iterator[str]:
    yield "Rust crates that are linked into cammra_edge, and their notices.\n"
    for words, crates in sharing.items():
        yield f"{RULE}\n" + "\n".join(crates) + f"\n{RULE}\n\n{words}\n"


def main() -> int:
    """Write the file."""
    NOTICES.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
