"""What the answers of FTP servers mean, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.sinks.ftp_reply import (
    GarbledError,
    Reply,
    extended_port,
    passive_address,
    read,
    size_bytes,
)


def reply(*lines: str) -> Reply:
    return read(iter(lines).__next__)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1000", 1000),
        ("1000 bytes", 1000),
        ("1000B", 1000),
        ("Size of n.jpg: 1000.", 1000),
        ("(1000)", 1000),
        ("0", 0),
        ("1,000", None),
        ("1.000", None),
        ("1 000", None),
        ("1'000", None),
        ("-1000", None),
        ("+1000", None),
        ("1e3", None),
        ("0x3e8", None),
        ("53 kB", None),
        ("1 M", None),
        ("1 kilobyte", None),
        ("2 blocks", None),
        ("\u0661\u0660", None),
        ("9" * 30, None),
        ("1000 of 2000", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_a_size_is_one_plain_number_of_bytes(text: str, size: int | None) -> None:
    assert size_bytes(Reply(213, text)) == size
    assert size_bytes(Reply(200, text)) is None


@given(st.text())
def test_no_answer_to_size_raises_anything(text: str) -> None:
    assert size_bytes(Reply(213, text)) is None or any(digit in text for digit in "0123456789")


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("Entering Extended Passive Mode (|||2121|)", 2121),
        ("Entering Extended Passive Mode |||2121|", 2121),
        ("(!!!2121!)", 2121),
        ("(||| 2121 |)", 2121),
        ("(|1|10.0.0.1|2121|)", 2121),
        ("(|2|fe80::1|2121|)", 2121),
        ("(|||0|)", None),
        ("(|||99999|)", None),
        ("(|!|2121|)", None),
        ("2121", None),
        ("", None),
    ],
)
def test_epsv_whatever_its_separators(text: str, port: int | None) -> None:
    assert extended_port(Reply(229, text)) == port


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Entering Passive Mode (10,0,0,1,8,73).", ("10.0.0.1", 2121)),
        ("Entering Passive Mode 10,0,0,1,8,73", ("10.0.0.1", 2121)),
        ("( 10, 0, 0, 1, 8, 73 )", ("10.0.0.1", 2121)),
        ("=10 , 0 , 0 , 1 , 8 , 73", ("10.0.0.1", 2121)),
        ("(10,0,0,999,8,73)", None),
        ("(10,0,0,1,0,0)", None),
        ("(10,0,0,1,8)", None),
        ("", None),
    ],
)
def test_pasv_with_blanks_and_without_brackets(text: str, address: tuple[str, int] | None) -> None:
    assert passive_address(Reply(227, text)) == address
    assert passive_address(Reply(229, text)) is None


@pytest.mark.parametrize(
    ("lines", "code", "text"),
    [
        (("220 hello",), 220, "hello"),
        (("220",), 220, ""),
        (("220hello",), 220, "hello"),
        (("220\thello",), 220, "hello"),
        (("220-one", "two", "220 three"), 220, "one two three"),
        (("220-one", "220-two", "220"), 220, "one two"),
        (
            ("220-one", "150 users are here", " 220 so many", "220 three"),
            220,
            "one 150 users are here 220 so many three",
        ),
        (("Welcome!", "", "220 hello"), 220, "hello"),
        (("213-Status", "1000", "213 end"), 213, "Status 1000 end"),
    ],
)
def test_an_answer_of_several_lines(lines: tuple[str, ...], code: int, text: str) -> None:
    assert reply(*lines) == Reply(code, text)


def test_a_size_on_a_line_of_its_own() -> None:
    assert size_bytes(reply("213-Status of n.jpg", "1000 bytes", "213 End")) == 1000


@pytest.mark.parametrize("line", ["220-more", "no answer", "SSH-2.0-OpenSSH_9.2"])
def test_what_never_ends_or_is_another_protocol(line: str) -> None:
    with pytest.raises(GarbledError):
        read(lambda: line)
