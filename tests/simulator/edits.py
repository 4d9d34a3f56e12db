"""How far two texts are from each other."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1 << 16)
def edits(a: str, b: str) -> int:
    """The least number of characters to insert, leave out or replace (Levenshtein)."""
    if a == b:
        return 0
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
