"""FTP servers that answer otherwise than most: twice, late, early, in other codes, or with goodbye."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cammra_edge.phrases import quoted
from cammra_edge.profile import Timeouts
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from tests.scripted_ftp import (
    AGAIN,
    FIRST,
    JPEG,
    ONE,
    TWO,
    WHOLE,
    Faulty,
    in_a_row,
    sent,
    sink,
)
from tests.servers import Scripted

if TYPE_CHECKING:
    from tests.scripted_ftp import Answer

SHORT = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=2)
COMMANDS = ["USER", "PASS", "TYPE", "MKD", "EPSV", "SIZE", "stored", "RNFR", "RNTO"]
USUAL = {
    "USER": "331 password",
    "PASS": "230 in",
    "TYPE": "200 binary",
    "MKD": "257 made",
    "stored": "226 done",
    "RNFR": "350 to",
}


@pytest.mark.parametrize(
    "greeting",
    [
        "120 wait\r\n220 go",
        "220-\r\n220-\r\n220 x",
        "220-\r\n 150 users\r\n220",
        "Hi\r\n\r\n220 x",
        "220 x\r\n220 x",
    ],
)
def test_greetings(greeting: str) -> None:
    faulty = Faulty(banner=greeting + "\r\n")
    assert sent(faulty) == Delivered(quoted("2 files"))
    assert faulty.files == WHOLE


def test_who_is_greeted_as_logged_in_does_not_log_in() -> None:
    faulty = Faulty(banner="230 welcome\r\n", USER="503 you are in\r\n", PASS="503 you are in\r\n")
    assert sent(faulty) == Delivered(quoted("2 files"))
    assert not [line for line in faulty.commands if line.startswith(("USER", "PASS"))]


@pytest.mark.parametrize(
    ("answers", "passwords"),
    [
        ({"USER": "230 in\r\n"}, 0),
        ({"USER": "331 p\r\n331 p\r\n"}, 1),
        ({"USER": "300 p\r\n"}, 1),
        ({"PASS": in_a_row("331 again\r\n")}, 2),
        ({"PASS": "331 wait\r\n230 in\r\n"}, 1),
        ({"PASS": "202 not needed\r\n"}, 1),
        ({"PASS": "100 wait\r\n230 in\r\n"}, 1),
    ],
    ids=["at once", "asked twice", "300", "asked again", "331 before it", "202", "1xx before it"],
)
def test_logins(answers: dict[str, Answer], passwords: int) -> None:
    faulty = Faulty(**answers)
    assert sent(faulty) == Delivered(quoted("2 files"))
    assert faulty.commands.count("PASS geheim") == passwords


@pytest.mark.parametrize(
    "answers",
    [
        {"PASS": "331 again\r\n"},
        {"PASS": "332 account\r\n"},
        {"USER": "332 account\r\n"},
        {"PASS": "430 wrong\r\n"},
        {"PASS": "530 geheim is wrong\r\n"},
    ],
    ids=str,
)
def test_refused_logins(answers: dict[str, str]) -> None:
    outcome = sent(Faulty(**answers))
    assert isinstance(outcome, Misconfigured)
    assert "geheim" not in outcome.why + outcome.words


@pytest.mark.parametrize("code", [500, 501, 504, 550])
def test_a_server_without_types(code: int) -> None:
    faulty = Faulty(TYPE=f"{code} no\r\n")
    assert sent(faulty) == Delivered(quoted("2 files"))


@pytest.mark.parametrize("code", [450, 500, 521, 550])
def test_folders_that_cannot_be_made_may_be_there(code: int) -> None:
    assert sent(Faulty(MKD=f"{code} it is there\r\n")) == Delivered(quoted("2 files"))


@pytest.mark.parametrize("command", USUAL)
@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
def test_an_answer_sent_twice_is_not_taken_for_the_next(command: str, *, late: bool) -> None:
    faulty = Faulty()
    answer = f"{USUAL[command]}\r\n"
    if late:
        faulty.late["STOR" if command == "stored" else command] = answer
    else:
        faulty.answers[command] = answer * 2
    if command == "RNFR" and not late:
        faulty.answers["RNFR"] = lambda path: answer * 2 if path in faulty.files else ""
    outcome = sent(faulty)
    assert isinstance(outcome, Delivered), outcome
    assert faulty.files == WHOLE


@pytest.mark.parametrize("command", [name for name in USUAL if name != "stored"])
def test_a_preliminary_answer_is_not_the_last(command: str) -> None:
    faulty = Faulty(**{command: f"112 wait\r\n150 more\r\n{USUAL[command]}\r\n"})
    assert sent(faulty) == Delivered(quoted("2 files"))
    assert faulty.files == WHOLE


@pytest.mark.parametrize(
    "answers",
    [
        {"begin": "125 go\r\n150 go\r\n"},
        {"begin": "200 ok\r\n150 go\r\n"},
        {"stored": "110 mark\r\n150 still\r\n250 done\r\n"},
        {"EPSV": "200 ok\r\n"},
        {"EPSV": "229 go (|!|1|)\r\n"},
        {"EPSV": "425 no\r\n"},
    ],
    ids=str,
)
def test_transfers(answers: dict[str, str]) -> None:
    faulty = Faulty(**answers)
    assert sent(faulty) == Delivered(quoted("2 files"))
    assert faulty.files == WHOLE


@pytest.mark.parametrize("command", COMMANDS)
def test_a_goodbye_at_any_moment_costs_one_try(command: str) -> None:
    faulty = Faulty(**{command: in_a_row("421 going down\r\n")})
    with Scripted(faulty) as server:
        way = sink(server.port)
        assert isinstance(way.send(TWO, FIRST), TryLater)
        faulty.answers.clear()
        assert isinstance(way.send(TWO, AGAIN), Delivered)
        way.close()
    assert faulty.files == WHOLE


@pytest.mark.parametrize("late", ["", "226 abort successful\r\n"], ids=["one", "two"])
@pytest.mark.parametrize("answer", ["426 broken\r\n", "451 no room\r\n", "226 done\r\n"])
def test_a_broken_transfer_leaves_nothing_and_tells_why(answer: str, late: str) -> None:
    faulty = Faulty(stored=answer)
    faulty.cut_after_bytes = 1000
    faulty.late["STOR"] = late
    outcome = sent(faulty, ONE)
    assert isinstance(outcome, TryLater)
    told = "connection broke|has 1000 of" if answer.startswith("226") else answer[:3]
    assert re.search(told, outcome.why)
    assert faulty.files == {}


def test_without_sizes_a_reset_is_no_226() -> None:
    faulty = Faulty(SIZE="502 no\r\n")
    faulty.cut_after_bytes = 1000
    for rename in (True, False):
        outcome = sent(faulty, ONE, rename=rename)
        assert isinstance(outcome, TryLater)
        assert "connection broke" in outcome.why
        assert faulty.files == {}


def test_a_late_226_is_not_taken_for_the_rename() -> None:
    outcome = sent(Faulty(RNTO="226 done\r\n550 no\r\n"))
    assert isinstance(outcome, GiveUp)
    assert isinstance(sent(Faulty(RNTO="226 renamed\r\n")), Delivered)


ODD = st.sampled_from(
    [
        "450 no\r\n",
        "500 no\r\n",
        "550 no\r\n",
        "553 no\r\n",
        "421 bye\r\n",
        "close",
        "350 more\r\n",
        "120 wait\r\n550 no\r\n",
        "550 no\r\n550 no\r\n",
        "213 1,000 bytes\r\n",
        "229 (|||x|)\r\n",
        "\xff\xfe nothing\r\n550-a\r\n550 b\r\n",
        "999 what\r\n550 no\r\n",
    ]
)
ASKED = [
    "USER",
    "PASS",
    "TYPE",
    "MKD",
    "EPSV",
    "PASV",
    "SIZE",
    "NLST",
    "RETR",
    "STOR",
    "stored",
    "RNFR",
    "RNTO",
    "DELE",
]


@given(
    answers=st.dictionaries(st.sampled_from(ASKED), st.lists(ODD, max_size=3), max_size=3),
    rename=st.booleans(),
    cut=st.sampled_from([None, 700]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_a_server_answers_nothing_is_raised_and_nothing_half_is_delivered(
    answers: dict[str, list[str]], cut: int | None, *, rename: bool
) -> None:
    faulty = Faulty(**{command: in_a_row(*odd) for command, odd in answers.items()})
    faulty.cut_after_bytes = cut
    with Scripted(faulty) as server:
        way = sink(server.port, rename=rename, timeouts=SHORT)
        first = way.send(TWO, FIRST)
        faulty.answers.clear()
        faulty.cut_after_bytes = None
        last = way.send(TWO, AGAIN) if not isinstance(first, Delivered) else first
        way.close()
    assert isinstance(last, Delivered), (first, last)
    contents = list(faulty.files.values())
    assert JPEG in contents
    assert b"{}" in contents
    left = {path for path, content in faulty.files.items() if content not in WHOLE.values()}
    assert not left, (faulty.files.keys(), first, last)
