"""What `cli.terminal` promises: safe text, colours and bars on terminals only."""

import io
import json

import pytest

from cammra_edge.cli.terminal import Style, Terminal, shown


class _Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class _Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def mono_ns(self) -> int:
        self.now_ns += 60_000_000
        return self.now_ns

    def utc_ns(self) -> int:
        return 0


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("TÖL SL123 京", "TÖL SL123 京"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\r\nb\0", "a\\r\\nb\\x00"),
        ("\u202eevil\u2028", "\\u202eevil\\u2028"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_text_from_outside_cannot_move_the_cursor(text: str, safe: str) -> None:
    assert shown(text) == safe


def test_colours_appear_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        Terminal(_Screen(), _Screen(), clock=_Clock()).styled("x", Style.GOOD) == "\x1b[32mx\x1b[0m"
    )
    assert Terminal(io.StringIO(), _Screen(), clock=_Clock()).styled("x", Style.GOOD) == "x"
    monkeypatch.setenv("NO_COLOR", "")
    assert Terminal(_Screen(), _Screen(), clock=_Clock()).styled("x", Style.GOOD) == "x"


def test_lines_are_for_people_and_data_for_machines() -> None:
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out, err, clock=_Clock())
    terminal.line("seen")
    terminal.data({"not": "seen"})
    terminal = Terminal(out, err, as_json=True, clock=_Clock())
    terminal.line("not seen")
    terminal.data({"text": "Ö\n"})
    terminal.error("bad")
    first, second = out.getvalue().splitlines()
    assert first == "seen"
    assert json.loads(second) == {"text": "Ö\n"}
    assert json.loads(err.getvalue()) == {"error": "bad", "code": "wrong", "fields": []}


def test_a_bar_shows_on_a_terminal_and_steps_aside_for_lines() -> None:
    screen = _Screen()
    terminal = Terminal(screen, screen, clock=_Clock())
    with terminal.progress("drawing", 10) as bar:
        for _ in range(5):
            bar.advance()
        terminal.line("a line")
    text = screen.getvalue()
    assert "drawing  ━━━━━━━━━━━━━━──────────────   50%" in text
    assert "\r\x1b[Ka line\n" in text
    assert text.endswith("\r\x1b[K")


def test_a_bar_is_silent_in_a_pipe() -> None:
    out, err = io.StringIO(), io.StringIO()
    with Terminal(out, err, clock=_Clock()).progress("drawing", 10) as bar:
        bar.advance(10)
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_what_has_no_known_end_is_counted() -> None:
    screen = _Screen()
    with Terminal(screen, screen, clock=_Clock()).progress("importing frame", None) as bar:
        for _ in range(4):
            bar.advance()
    assert "\r\x1b[Kimporting frame  3" in screen.getvalue()
    assert "%" not in screen.getvalue()


def test_where_a_thread_waits_for_a_reader_results_wait_for_none() -> None:
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out, err, clock=_Clock())
    terminal.is_stuck = True
    terminal.line("nobody reads it")
    terminal.note("a note")
    assert (out.getvalue(), err.getvalue()) == ("", "a note\n")
