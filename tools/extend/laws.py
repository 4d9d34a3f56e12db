"""One change that breaks each law of ARCHITECTURE, for each check that the law names."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.extend.toy import Change, Check, StopError, edit_from

ARCHITECTURE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"
LAWS = Path(__file__).parent / "laws.toml"


@dataclass(frozen=True, slots=True)
class Breach:
    """A change that breaks a law, and what finds it."""

    law: int
    change: Change
    found_by: Check


def breaches() -> list[Breach]:
    """All of them; each check that ARCHITECTURE names for a law has one."""
    tables = tomllib.loads(LAWS.read_text(encoding="utf-8"))["law"]
    found = [
        Breach(
            table["number"],
            Change(table["path"], (edit_from(table),)),
            Check(table["run"], table["says"]),
        )
        for table in tables
    ]
    for number, checks in named_checks().items():
        broken = {breach.found_by.run for breach in found if breach.law == number}
        if broken != checks:
            raise StopError(f"law {number} names {sorted(checks)}, broken for {sorted(broken)}")
    return found


def named_checks() -> dict[int, set[str]]:
    """The tests and targets of the Makefile that each law names."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    section = text.partition("## What is absent")[2].partition("\n## ")[0]
    laws = re.split(r"^(\d+)\. ", section, flags=re.MULTILINE)[1:]
    return {
        int(number): {
            name.removeprefix("make ") for name in re.findall(r"`((?:tests/|make )[^`]+)`", law)
        }
        for number, law in zip(laws[::2], laws[1::2], strict=True)
    }
