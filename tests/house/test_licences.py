"""The notices that go with the wheel are those of what is linked into it."""

from __future__ import annotations

import re
import tomllib

from tools import licences


def listed() -> set[tuple[str, str]]:
    found = re.findall(r"^([a-z0-9_-]+) (\d\S*) \(", licences.NOTICES.read_text(), re.MULTILINE)
    return {(name, version) for name, version in found}


def test_every_linked_crate_has_its_notice() -> None:
    linked = set().union(*map(licences.linked, licences.TARGETS))
    assert "syn" not in {name for name, _ in linked}, "macros are not in the wheel"
    assert {name for name, _ in linked} >= {"pyo3", "turbojpeg-sys", "memchr"}
    missing = sorted(linked - listed())
    assert not missing, f"run `python3 -m tools.licences`: no notice of {missing}"


def test_every_notice_has_words() -> None:
    _, *blocks = licences.NOTICES.read_text().split(f"{licences.RULE}\n")
    crates, notices = blocks[::2], blocks[1::2]
    assert len(crates) == len(notices) > 5
    for heading, notice in zip(crates, notices, strict=True):
        assert heading.strip()
        assert "WITHOUT WARRANTY OF ANY KIND" in " ".join(notice.split())
        assert "opyright" in notice


def test_no_notice_is_of_another_version() -> None:
    lock = tomllib.loads((licences.REPOSITORY / "Cargo.lock").read_text())["package"]
    locked = {(package["name"], package["version"]) for package in lock}
    assert listed() <= locked, "run `python3 -m tools.licences`"
