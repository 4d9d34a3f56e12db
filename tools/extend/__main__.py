"""`make extend`: every toy in, and all is well; any file of one left out, and a check says which.

Held to the page: a toy changes the files that its heading lists, and no other.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from tools.extend import page
from tools.extend.laws import breaches
from tools.extend.scratch import Scratch
from tools.extend.toy import StopError, toys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tools.extend.toy import Change, Check, Toy

CHECKS = ("lint", "types", "imports", "tests/house", "tests/extend")


def hold_to_the_page(all_toys: list[Toy]) -> None:
    """Page and toys have the same files, and no more than the bar."""
    listed = page.listed()
    if unlike := listed.keys() ^ {toy.heading for toy in all_toys}:
        raise StopError(f"only on the page or only a toy: {sorted(unlike)}")
    for toy in all_toys:
        told = listed[toy.heading]
        files = {change: page.meant(change.path, told) for change in toy.changes}
        for change, file in files.items():
            said, found_by = told.get(file or ""), change.forgotten
            if change.is_listed and (found_by is None or found_by.run != said):
                raise StopError(f"{toy.name}: {change.path} is found by {found_by}, not {said}")
        if idle := told.keys() - set(files.values()):
            raise StopError(f"{toy.name}: the page lists in vain {sorted(idle)}")
        if toy.most_files is not None and len(toy.touched) > toy.most_files:
            raise StopError(f"{toy.name}: touches {toy.touched}, want {toy.most_files} at most")


def forget_each(scratch: Scratch, all_toys: list[Toy], names: set[str]) -> Iterator[str]:
    """Leave out one file after another; yields what is not found."""
    for toy in all_toys:
        for change in toy.changes:
            if change.forgotten is not None and (toy.name in names or not names):
                scratch.change(_all(all_toys, but=(toy.name, change.path)))
                what = f"{toy.name}: {change.path} is left out"
                yield from _overlooked(scratch, change.forgotten, what)


def break_each(scratch: Scratch, all_toys: list[Toy]) -> Iterator[str]:
    """Break one law of ARCHITECTURE after another; yields what is not found."""
    for breach in breaches():
        scratch.change([*_all(all_toys), breach.change])
        what = f"law {breach.law} is broken in {breach.change.path}"
        yield from _overlooked(scratch, breach.found_by, what)


def _overlooked(scratch: Scratch, check: Check, what: str) -> Iterator[str]:
    how = scratch.overlooks(check)
    say(f"{what}: {how.partition(':')[0] or check.run}")
    if how:
        yield f"{what}, and {how}"


def _all(all_toys: list[Toy], but: tuple[str, str] = ("", "")) -> Iterable[Change]:
    return [change for toy in all_toys for change in toy.changes if (toy.name, change.path) != but]


def say(line: str) -> None:
    """To whoever waits."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Say what was found; 1 if anything."""
    parser = argparse.ArgumentParser(prog="python -m tools.extend", description=__doc__)
    parser.add_argument("names", nargs="*", help="of toys, or `laws`; all by default")
    names = set(parser.parse_args().names)
    try:
        found = list(run(names))
    except StopError as stop:
        found = [str(stop)]
    for problem in found:
        sys.stderr.write(f"extend: {problem}\n")
    return 1 if found else 0


def run(names: set[str]) -> Iterator[str]:
    """Add everything, then forget each; yields what nothing finds."""
    all_toys = toys()
    hold_to_the_page(all_toys)
    scratch = Scratch()
    scratch.change(_all(all_toys))
    scratch.build()
    scratch.passes(*CHECKS)
    say(f"with all toys in, all is well: {', '.join(toy.name for toy in all_toys)}")
    yield from forget_each(scratch, all_toys, names)
    if not names or "laws" in names:
        yield from break_each(scratch, all_toys)


if __name__ == "__main__":
    raise SystemExit(main())
