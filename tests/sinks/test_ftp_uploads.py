"""FTP servers that cannot tell sizes, or will not rename: what goes to them, and what stays there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.message import Files, NamedFile
from cammra_edge.phrases import quoted
from cammra_edge.sinks.base import Delivered, GiveUp, TryLater
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
    from cammra_edge.sinks.base import Outcome

UNSURE = "; the server does not tell sizes"
BOTH_WAYS = pytest.mark.parametrize("rename", [True, False], ids=["renaming", "straight"])


@BOTH_WAYS
def test_words_around_a_size_leave_its_digits(*, rename: bool) -> None:
    faulty = Faulty()
    faulty.answers["SIZE"] = lambda path: (
        f"213 {len(faulty.files[path])} bytes\r\n" if path in faulty.files else ""
    )
    assert sent(faulty, rename=rename) == Delivered(quoted("2 files"))
    assert faulty.files == WHOLE


@pytest.mark.parametrize(
    "answer",
    [
        "213 1,000",
        "213 53 kB",
        "213 -1",
        "213 unknown",
        "213",
        "213-\r\n213",
        "200 1000",
        "450 busy",
        "451 local error",
        "550 SIZE not allowed in ASCII mode",
        "553 no",
        "500 what",
        "502 not implemented",
        "504 not for that",
    ],
)
@BOTH_WAYS
def test_a_server_that_tells_no_size_is_believed_by_its_last_word(
    answer: str, *, rename: bool
) -> None:
    faulty = Faulty(SIZE=answer + "\r\n")
    assert sent(faulty, rename=rename) == Delivered(quoted("2 files" + UNSURE))
    assert faulty.files == WHOLE


@pytest.mark.parametrize("code", [450, 451, 550, 553])
@BOTH_WAYS
def test_a_file_that_is_not_there_has_no_size(code: int, *, rename: bool) -> None:
    faulty = Faulty()
    faulty.answers["SIZE"] = lambda path: "" if path in faulty.files else f"{code} no\r\n"
    assert sent(faulty, rename=rename) == Delivered(quoted("2 files"))
    assert faulty.files == WHOLE


@pytest.mark.parametrize("answer", ["550 no", "450 no", "502 what", "213 many"])
@BOTH_WAYS
def test_without_sizes_the_names_are_asked_for_and_nothing_is_overwritten(
    answer: str, *, rename: bool
) -> None:
    faulty = Faulty(SIZE=answer + "\r\n")
    faulty.files["d/n.jpg"] = b"another"
    assert sent(faulty, rename=rename) == Delivered(quoted("2 files" + UNSURE))
    assert faulty.files == {"d/n.jpg": b"another", "d/n_1.json": b"{}", "d/n_1.jpg": JPEG}


@pytest.mark.parametrize("listing", ["550 no", "450 no files", "226 empty", "502 what"])
@BOTH_WAYS
def test_a_server_that_tells_neither_sizes_nor_names_gets_its_files(
    listing: str, *, rename: bool
) -> None:
    faulty = Faulty(SIZE="550 no\r\n", NLST=listing + "\r\n")
    assert sent(faulty, rename=rename) == Delivered(quoted("2 files" + UNSURE))
    assert faulty.files == WHOLE


@BOTH_WAYS
def test_without_sizes_a_repeat_knows_its_own_files_by_their_bytes(*, rename: bool) -> None:
    faulty = Faulty(SIZE="550 no\r\n")
    faulty.files.update(WHOLE)
    assert sent(faulty, attempt=AGAIN, rename=rename) == Delivered(quoted("2 files" + UNSURE))
    assert faulty.files == WHOLE


@BOTH_WAYS
def test_a_wrong_size_is_taken_away_and_tried_again(*, rename: bool) -> None:
    faulty = Faulty()
    faulty.answers["SIZE"] = lambda path: "213 5\r\n" if path in faulty.files else ""
    outcome = sent(faulty, ONE, rename=rename)
    assert outcome == TryLater(quoted(f"the server has 5 of {len(JPEG)} bytes"))
    assert faulty.files == {}


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("RNFR", "550 Permission denied", GiveUp),
        ("RNFR", "553 no", GiveUp),
        ("RNFR", "450 busy", TryLater),
        ("RNFR", "530 not allowed", GiveUp),
        ("RNTO", "550 Permission denied", GiveUp),
        ("RNTO", "553 no", GiveUp),
        ("RNTO", "451 error", TryLater),
    ],
)
def test_a_server_that_refuses_to_rename_is_told_as_such(
    command: str, answer: str, kind: type[Outcome]
) -> None:
    faulty = Faulty(**{command: answer + "\r\n"})
    outcome = sent(faulty)
    assert isinstance(outcome, kind)
    assert "takes files but refuses to rename them" in outcome.why  # type: ignore[union-attr] # of a kind that has one
    assert outcome.words == answer
    assert faulty.files == {}


@pytest.mark.parametrize(
    "answers",
    [
        {"SIZE": "550 no\r\n"},  # half a file could not be told from a whole one
        {"DELE": "550 no\r\n"},  # nor taken away
    ],
    ids=["no sizes", "no deletes"],
)
def test_without_renaming_nothing_goes_straight_where_half_a_file_could_stay(
    answers: dict[str, str],
) -> None:
    faulty = Faulty(RNFR="502 not implemented\r\n", **answers)
    outcome = sent(faulty)
    assert isinstance(outcome, GiveUp)
    assert "refuses to rename" in outcome.why
    assert all(path.endswith(".part") for path in faulty.files)


@pytest.mark.parametrize("command", ["RNFR", "RNTO"])
@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_server_that_knows_no_renaming_gets_files_straight(command: str, code: int) -> None:
    faulty = Faulty(**{command: f"{code} what\r\n"})
    with Scripted(faulty) as server:
        way = sink(server.port)
        outcome = way.send(TWO, FIRST)
        assert isinstance(outcome, Delivered)
        assert "knows no renaming" in outcome.note
        assert faulty.files == WHOLE
        faulty.commands.clear()
        other = Files(files=(NamedFile(path="d/o.jpg", content=JPEG),))
        assert isinstance(way.send(other, FIRST), Delivered)
        way.close()
    assert not [line for line in faulty.commands if "RN" in line or ".part" in line]
    assert faulty.files == WHOLE | {"d/o.jpg": JPEG}


@pytest.mark.parametrize("stored", ["426 broken\r\n", "226 done\r\n", "close"])
@pytest.mark.parametrize("rename", [True, False], ids=["knows none", "switched off"])
def test_half_a_file_under_its_final_name_does_not_stay(stored: str, *, rename: bool) -> None:
    """Not where nobody has agreed to see it; where somebody has, the repeat replaces it."""
    faulty = Faulty(RNFR="502 what\r\n")
    with Scripted(faulty) as server:
        way = sink(server.port, rename=rename)
        assert isinstance(way.send(ONE, FIRST), Delivered)
        faulty.files.clear()
        faulty.cut_after_bytes, faulty.answers["stored"] = 1000, stored
        assert isinstance(way.send(ONE, FIRST), TryLater)
        if rename or stored != "close":
            assert faulty.files == {}
        faulty.cut_after_bytes, faulty.answers["stored"] = None, "226 done\r\n"
        assert isinstance(way.send(ONE, AGAIN), Delivered)
        way.close()
    assert faulty.files == {"d/n.jpg": JPEG}


def test_straight_uploads_need_no_renaming_and_leave_no_part() -> None:
    faulty = Faulty()
    assert sent(faulty, rename=False) == Delivered(quoted("2 files"))
    assert faulty.files == WHOLE
    assert not [line for line in faulty.commands if "RN" in line or ".part" in line]


@pytest.mark.parametrize("there", [b"", JPEG[:1000]], ids=["empty", "half"])
def test_what_an_earlier_run_left_half_written_is_replaced(there: bytes) -> None:
    faulty = Faulty()
    faulty.files["d/n.jpg"] = there
    assert sent(faulty, ONE, AGAIN, rename=False) == Delivered(quoted("1 file"))
    assert faulty.files == {"d/n.jpg": JPEG}


@pytest.mark.parametrize("answers", [{}, {"RETR": "550 write only\r\n"}], ids=["read", "hidden"])
def test_another_and_smaller_file_is_not_taken_for_half_of_ours(answers: dict[str, str]) -> None:
    faulty = Faulty(**answers)
    faulty.files["d/n.jpg"] = b"another"
    assert sent(faulty, ONE, AGAIN, rename=False) == Delivered(quoted("1 file"))
    assert faulty.files == {"d/n.jpg": b"another", "d/n_1.jpg": JPEG}


@pytest.mark.parametrize("answer", ["close", "421 bye\r\n"])
def test_without_sizes_and_renaming_the_server_has_to_answer_once_more(answer: str) -> None:
    faulty = Faulty(SIZE="502 no\r\n", NOOP=in_a_row(answer))
    with Scripted(faulty) as server:
        way = sink(server.port, rename=False)
        assert isinstance(way.send(ONE, FIRST), TryLater)
        assert isinstance(way.send(ONE, AGAIN), Delivered)
        way.close()
    assert faulty.files == {"d/n.jpg": JPEG}


@pytest.mark.parametrize("answer", ["550 file exists", "553 file exists", "450 file exists"])
def test_a_name_that_only_the_rename_finds_taken_gets_a_number(answer: str) -> None:
    faulty = Faulty(SIZE="502 no\r\n", NLST="502 no\r\n")
    faulty.files["d/n.json"] = b"another"
    faulty.answers["RNTO"] = lambda path: f"{answer}\r\n" if path in faulty.files else ""
    assert sent(faulty) == Delivered(quoted("2 files" + UNSURE))
    assert faulty.files == {"d/n.json": b"another", "d/n_1.json": b"{}", "d/n_1.jpg": JPEG}


def test_names_are_not_told_to_logs() -> None:
    """A server repeats the file's name, and the plate in it."""
    plate = Files(files=(NamedFile(path="d/HWR6677.jpg", content=JPEG),))
    for answers in ({"STOR": "550 d/HWR6677.jpg: no\r\n"}, {"RNTO": "550 d/HWR6677.jpg: no\r\n"}):
        outcome = sent(Faulty(**answers), plate)
        assert isinstance(outcome, GiveUp)
        assert "HWR6677" not in outcome.why
        assert "HWR6677" in outcome.words
