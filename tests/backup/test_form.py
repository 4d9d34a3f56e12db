"""The form of a backup: whole, or refused in words, whatever the file holds."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cammra_edge.backup import form
from cammra_edge.backup.form import opened, written
from cammra_edge.errors import BackupError
from tests.budget import examples

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {"settings": b'{"a": 1}', "access": b"", "outbox/events-0000000001.log": bytes(70_000)}
WORD = "a gate in the rain"


def names_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


def made(path: Path, passphrase: str | None = None) -> bytes:
    with written(path, 1_764_200_000, passphrase) as parts:
        for name, content in PARTS.items():
            parts.add(name, len(content), [content])
    return path.read_bytes()


def read(path: Path, passphrase: str | None = None) -> dict[str, bytes]:
    with opened(path) as reader:
        return {name: b"".join(pieces) for name, pieces in reader.parts(passphrase)}


@pytest.mark.parametrize("passphrase", [None, WORD])
def test_what_is_written_is_read_by_its_owner_alone(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "b"
    content = made(path, passphrase)
    assert read(path, passphrase) == PARTS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (b'{"a": 1}' in content) is (passphrase is None)
    assert names_in(tmp_path) == ["b"]


def test_parts_that_nobody_reads_are_verified_too(tmp_path: Path) -> None:
    made(tmp_path / "b")
    with opened(tmp_path / "b") as reader:
        assert [name for name, _ in reader.parts(None)] == list(PARTS)


@pytest.mark.parametrize("in_the_way", ["file", "link", "folder"])
def test_nothing_is_replaced(tmp_path: Path, in_the_way: str) -> None:
    path = tmp_path / "b"
    if in_the_way == "file":
        path.write_text("mine")
    elif in_the_way == "link":
        path.symlink_to("elsewhere")
    else:
        path.mkdir()
    with pytest.raises(BackupError, match="something of that name"):
        made(path)
    assert not (tmp_path / "elsewhere").exists()
    assert names_in(tmp_path) == ["b"]


def test_what_comes_while_it_is_written_is_not_replaced_either(tmp_path: Path) -> None:
    path = tmp_path / "b"
    with pytest.raises(BackupError, match="something of that name"), written(path, 0, None):
        path.write_text("mine")
    assert path.read_text() == "mine"
    assert names_in(tmp_path) == ["b"]


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), written(tmp_path / "b", 0, None):
        raise RuntimeError
    with pytest.raises(BackupError, match="changed while"), written(tmp_path / "b", 0, None) as one:
        one.add("settings", 5, [b"1234"])
    assert names_in(tmp_path) == []


def test_a_file_system_without_links_gets_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "hardlink_to", refuse)
    made(tmp_path / "b")
    assert read(tmp_path / "b") == PARTS
    assert names_in(tmp_path) == ["b"]


@pytest.mark.parametrize("passphrase", [None, WORD])
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, passphrase: str | None) -> None:
    content = made(tmp_path / "whole", passphrase)
    path = tmp_path / "b"
    for length in (*range(0, 300, 7), len(content) - 60, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(BackupError, match="/b: "):
            read(path, passphrase)
    path.write_bytes(content + b"\n")
    with pytest.raises(BackupError):
        read(path, passphrase)


def test_a_locked_file_wants_its_passphrase(tmp_path: Path) -> None:
    made(tmp_path / "b", WORD)
    with pytest.raises(BackupError, match="locked with a passphrase"):
        read(tmp_path / "b")
    with pytest.raises(BackupError, match="passphrase is wrong"):
        read(tmp_path / "b", "another")


def crafted(path: Path, *lines: bytes | dict[str, object]) -> Path:
    head = b'cammra-edge backup 1\n{"made": 1, "program": "0", "sealed": null}\n'
    texts = (
        line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines
    )
    path.write_bytes(head + b"".join(texts))
    return path


@pytest.mark.parametrize(
    "line",
    [
        {"part": "../../etc/passwd", "bytes": 0},
        {"part": "outbox/../../x", "bytes": 0},
        {"part": "outbox/events-0000000001.log/x", "bytes": 0},
        {"part": "outbox/events-١٢٣٤٥٦٧٨٩٠.log", "bytes": 0},
        {"part": "outbox/events-0000000001.log\n", "bytes": 0},
        {"part": "outbox/lock", "bytes": 0},
        {"part": "/settings", "bytes": 0},
        {"part": "settings", "bytes": -1},
        {"part": "settings", "bytes": 1 << 40},
        {"part": "settings", "bytes": 1 << 62},
        {"part": "outbox/mark", "bytes": 1 << 50},
        {"part": "settings", "bytes": 5.5},
        {"part": "access", "bytes": (1 << 20) + 1},
        {"part": 7, "bytes": 0},
        {"end": 0, "sha256": "0" * 64},
        {"end": "0"},
        b"[" * 4000 + b"\n",
        b"{" * 5000,
        b"\xff\n",
        b"null\n",
        b"",
    ],
)
def test_no_line_of_a_crafted_file_leads_anywhere(
    tmp_path: Path, line: bytes | dict[str, object]
) -> None:
    with pytest.raises(BackupError):
        read(crafted(tmp_path / "b", line))


def test_a_name_stands_for_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part: dict[str, object] = {"part": "settings", "bytes": 0}
    with pytest.raises(BackupError):
        read(crafted(tmp_path / "b", part, part))
    monkeypatch.setattr(form, "MOST_PARTS", 1)
    with pytest.raises(BackupError):
        read(crafted(tmp_path / "b", part, {"part": "access", "bytes": 0}))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a backup"),
        (b"PK\x03\x04", "not a backup"),
        (b"cammra-edge backup x\n{}\n", "not a backup"),
        (b"cammra-edge backup 1\n{}\n", "not a backup"),
        (b"cammra-edge backup 1\n", "not a backup"),
        (b"cammra-edge backup 2\n", "newer cammra_edge made this backup .format 2"),
        (b"cammra-edge backup 1\n" + b'"' * 10_000, "not a backup"),
        (
            b'cammra-edge backup 1\n{"made": 1, "program": "0", "sealed": {"n": 1}}\n',
            "locked in a way",
        ),
    ],
)
def test_what_is_no_backup_is_said_so(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(BackupError, match=why):
        read(tmp_path / "b")


def test_a_pipe_or_a_folder_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BackupError, match="not a backup"):
        read(tmp_path / "pipe")
    with pytest.raises((BackupError, OSError)):
        read(tmp_path)


@settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.integers(0, 70_400), change=st.integers(1, 255))
def test_no_byte_can_be_changed_unseen(tmp_path: Path, place: int, change: int) -> None:
    path = tmp_path / "whole"
    content = bytearray(path.read_bytes() if path.exists() else made(path))
    begin = content.index(b"}\n") + 2  # what the head says of its maker and time is no content
    content[begin + place % (len(content) - begin)] ^= change
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(BackupError):
        read(tmp_path / "b")
