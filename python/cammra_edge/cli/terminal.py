"""What a command says and how: lines, colours, a progress bar.

Results go to standard output, everything else to standard error. Colours and bars appear on terminals
only (and colours not with `NO_COLOR`). Text from outside is shown with its control characters spelled
out, so that a plate cannot move the cursor; what a terminal's encoding does not have is spelled out, too.

Held by `tests/cli/test_terminal.py`.
"""

from __future__ import annotations

import io
import json
import os
import threading
import unicodedata
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from cammra_edge.cli.logs import ERROR_LEVEL, journal_reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cammra_edge.clock import Clock
    from cammra_edge.errors import ConfigError

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


def spell_out(stream: TextIO) -> None:
    """Let a stream take any text: what its encoding does not have is written as Python would."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def is_utf8(stream: TextIO) -> bool:
    """Whether the stream takes every letter there is."""
    return (stream.encoding or "utf-8").lower().replace("-", "") == "utf8"


class Terminal:
    """Where a command writes to.

    Args:
        out: Results.
        err: Everything else.
        as_json: One JSON object per result line instead of text for people.
        clock: Paces the progress bar.
    """

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool = False, clock: Clock) -> None:
        for stream in (out, err):
            spell_out(stream)
        self.as_json = as_json
        self.is_stuck = False
        """Whether a thread waits for good for somebody to read what it says; results are left out then."""
        self._out, self._err, self._clock = out, err, clock
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        self._colours_out = out.isatty() and not plain
        self._colours_err = err.isatty() and not plain
        self._bars = err.isatty() and os.environ.get("TERM") != "dumb"
        self._level = ERROR_LEVEL if journal_reads(err) else ""
        self._lock = threading.RLock()
        """Of the bar and of standard error."""
        self._out_lock = threading.RLock()
        """Of results: whoever waits for somebody to read them keeps no error back."""
        self._bar: Progress | None = None

    def line(self, text: str = "") -> None:
        """One line for people; nothing with `--json`."""
        if not self.as_json:
            self._write(self._out, text)

    def data(self, value: object) -> None:
        """One JSON object for machines; nothing without `--json`."""
        if self.as_json:
            self._write(self._out, self._json(value, self._out))

    def note(self, text: str) -> None:
        """One line about what goes on, to standard error."""
        self._write(self._err, text)

    def error(self, text: str, code: str = "wrong", fields: Sequence[ConfigError] = ()) -> None:
        """What went wrong, to standard error: a line, or with `--json` an object.

        Args:
            text: In English.
            code: What programs know it by: the name of the exit code that it leads to.
            fields: The settings, options or arguments that are wrong.
        """
        if self.as_json:
            wrong = [
                {"field": one.field, "want": str(one.want), **one.want.plain()} for one in fields
            ]
            problem = {"error": text, "code": code, "fields": wrong}
            self._write(self._err, self._json(problem, self._err))
            return
        word = f"{Style.BAD}error{_RESET}" if self._colours_err else f"{self._level}error"
        self._write(self._err, f"{word}: " + f"\n{self._level}".join(map(shown, text.split("\n"))))

    @staticmethod
    def _json(value: object, stream: TextIO) -> str:
        text = json.dumps(value, ensure_ascii=not is_utf8(stream), separators=(",", ":"))
        if text.isprintable():
            return text
        return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)

    def styled(self, text: str, *styles: Style) -> str:
        """The text in a style, on terminals only."""
        return f"{''.join(styles)}{text}{_RESET}" if self._colours_out and styles else text

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator[Progress]:
        """A bar for long work, or a count where `total` is not known; invisible where standard error is no terminal."""
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
        if self.is_stuck and stream is self._out:
            return
        if self._bar is None:
            with self._out_lock if stream is self._out else self._lock:
                stream.write(f"{text}\n")
                stream.flush()
            return
        with self._out_lock, self._lock:
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
        self._err.write(_CLEAR_LINE + bar.text("━─" if is_utf8(self._err) else "#."))
        self._err.flush()

    def now_ns(self) -> int:
        """Monotonic time."""
        return self._clock.mono_ns()


class Progress:
    """How far long work has come."""

    def __init__(self, terminal: Terminal, what: str, total: int | None) -> None:
        self._terminal, self._what = terminal, what
        self._total = None if total is None else max(total, 1)
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
        if self._total is None:
            return f"{self._what}  {self._done}"
        share = min(1.0, self._done / self._total)
        filled = round(share * _BAR_LETTERS)
        bar = letters[0] * filled + letters[1] * (_BAR_LETTERS - filled)
        spent_s = (self._terminal.now_ns() - self._start_ns) / _S_NS
        left = f"  {_span(spent_s / share - spent_s)} left" if share and spent_s > 1 else ""
        return f"{self._what}  {bar}  {share:4.0%}{left}"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTE_S else f"{seconds / _MINUTE_S:.0f} min"
