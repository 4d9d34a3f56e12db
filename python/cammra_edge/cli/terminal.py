"""What a command says and how: lines, colours, a progress bar.

Results go to standard output, everything else to standard error. Colours and bars appear on terminals
only (and colours not with `NO_COLOR`). Text from outside is shown with its control characters spelled
out, so that a plate cannot move the cursor.

Held by `tests/cli/test_terminal.py`.
"""

from __future__ import annotations

import json
import os
import threading
import unicodedata
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.clock import Clock

_REDRAW_NS = 100_000_000
_BAR_LETTERS = 28
_RESET = "\x1b[0m"
_CLEAR_LINE = "\r\x1b[K"
_S_NS = 1_000_000_000
_MINUTE_S = 60


class Style(StrEnum):
    """How a word looks on a terminal."""

    BOLD = "\x1b[1m"
    DIM = "\x1b[2m"
    GOOD = "\x1b[32m"
    BAD = "\x1b[31m"
    NOTICE = "\x1b[33m"
    NEW = "\x1b[36m"
    RELIABLE = "\x1b[32;1m"
    UPDATE = "\x1b[33m"
    LOST = "\x1b[35m"


KIND_STYLES = {
    "new": Style.NEW,
    "reliable": Style.RELIABLE,
    "update": Style.UPDATE,
    "lost": Style.LOST,
}
"""How each event type looks."""


def shown(text: str) -> str:
    """Text from outside, made safe for a terminal: control characters and the like spelled out."""
    return "".join(
        letter
        if letter == " " or unicodedata.category(letter)[0] not in "CZ"
        else ascii(letter)[1:-1]
        for letter in text
    )


class Terminal:
    """Where a command writes to.

    Args:
        out: Results.
        err: Everything else.
        as_json: One JSON object per result line instead of text for people.
        clock: Paces the progress bar.
    """

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool = False, clock: Clock) -> None:
        self.as_json = as_json
        self._out, self._err, self._clock = out, err, clock
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        self._colours_out = out.isatty() and not plain
        self._colours_err = err.isatty() and not plain
        self._bars = err.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.RLock()
        self._bar: Progress | None = None

    def line(self, text: str = "") -> None:
        """One line for people; nothing with `--json`."""
        if not self.as_json:
            self._write(self._out, text)

    def data(self, value: object) -> None:
        """One JSON object for machines; nothing without `--json`."""
        if self.as_json:
            self._write(self._out, json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def note(self, text: str) -> None:
        """One line about what goes on, to standard error."""
        self._write(self._err, text)

    def error(self, text: str) -> None:
        """One line about what went wrong, to standard error."""
        word = f"{Style.BAD}error{_RESET}" if self._colours_err else "error"
        self._write(self._err, f"{word}: {text}")

    def styled(self, text: str, *styles: Style) -> str:
        """The text in a style, on terminals only."""
        return f"{''.join(styles)}{text}{_RESET}" if self._colours_out and styles else text

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Progress]:
        """A bar for long work; invisible where standard error is no terminal."""
        bar = Progress(self, what, total)
        with self._lock:
            self._bar = bar if self._bars else None
        try:
            yield bar
        finally:
            with self._lock:
                if self._bar is not None:
                    self._err.write(_CLEAR_LINE)
                    self._err.flush()
                self._bar = None

    def _write(self, stream: TextIO, text: str) -> None:
        with self._lock:
            if self._bar is not None:
                self._err.write(_CLEAR_LINE)
                self._err.flush()
            stream.write(f"{text}\n")
            stream.flush()
            if self._bar is not None:
                self._draw(self._bar)

    def redraw(self, bar: Progress) -> None:
        """Show the bar as it is now."""
        with self._lock:
            if bar is self._bar:
                self._draw(bar)

    def _draw(self, bar: Progress) -> None:
        utf8 = (self._err.encoding or "").lower().replace("-", "") == "utf8"
        self._err.write(_CLEAR_LINE + bar.text("━─" if utf8 else "#."))
        self._err.flush()

    def now_ns(self) -> int:
        """Monotonic time."""
        return self._clock.mono_ns()


class Progress:
    """How far long work has come."""

    def __init__(self, terminal: Terminal, what: str, total: int) -> None:
        self._terminal, self._what, self._total = terminal, what, max(total, 1)
        self._done = 0
        self._start_ns = terminal.now_ns()
        self._drawn_ns = 0

    def advance(self, by: int = 1) -> None:
        """So much more is done."""
        self._done += by
        now_ns = self._terminal.now_ns()
        if now_ns - self._drawn_ns >= _REDRAW_NS:
            self._drawn_ns = now_ns
            self._terminal.redraw(self)

    def text(self, letters: str) -> str:
        """The bar as one line."""
        share = min(1.0, self._done / self._total)
        filled = round(share * _BAR_LETTERS)
        bar = letters[0] * filled + letters[1] * (_BAR_LETTERS - filled)
        spent_s = (self._terminal.now_ns() - self._start_ns) / _S_NS
        left = f"  {_span(spent_s / share - spent_s)} left" if share and spent_s > 1 else ""
        return f"{self._what}  {bar}  {share:4.0%}{left}"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTE_S else f"{seconds / _MINUTE_S:.0f} min"
