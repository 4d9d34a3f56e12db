"""Which searches the audit log has a line of already: the next page of one needs none.

A cursor is a plain number, and whoever makes one up has begun no search: the first page that is asked for has the line,
whichever it is. Held by `tests/web/test_audit.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.search.words import is_search

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from cammra_edge.search.words import Words

MOST_NOTED = 256


class Noted:
    """The latest searches. Of one event loop, or one thread."""

    def __init__(self) -> None:
        self._latest: dict[Hashable, None] = {}  # the latest last

    def line_due(
        self, who: str, words: Words, mark: Callable[[str], str], *, export: str = ""
    ) -> str:
        """What the line of a search, or of an export by pages, says; empty where this page needs none.

        Of the plate only the `mark` is remembered.
        """
        if not (export or is_search(words)):
            return ""
        what = f"events exported as {export}" if export else "events searched"
        search = tuple(
            (name, mark(value) if name == "plate" and value else str(value))
            for name, value in words.items()
            if name not in {"cursor", "limit"}
        )
        return what if self.begins((who, what, search), anew=not words.get("cursor")) else ""

    def begins(self, search: Hashable, *, anew: bool) -> bool:
        """Whether a line is due: this search begins `anew`, or its begin was never noted, or too long ago."""
        begun = search in self._latest
        self._latest.pop(search, None)
        self._latest[search] = None
        if len(self._latest) > MOST_NOTED:
            del self._latest[next(iter(self._latest))]
        return anew or not begun
