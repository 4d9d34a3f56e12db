"""The FTP sink against four servers, and against scripted ones that break in the middle."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body, Files, NamedFile
from cammra_edge.phrases import quoted
from cammra_edge.profile import Ftp, Timeouts
from cammra_edge.sinks.base import Delivered, GiveUp, Misconfigured, TryLater
from cammra_edge.sinks.file_names import numbered
from cammra_edge.sinks.ftp import FtpSink
from cammra_edge.sinks.ftp_conversation import FtpConversation
from tests import ftp_servers
from tests.scripted_ftp import Faulty
from tests.servers import LOOPBACK, PATIENT, SLACK_S, Scripted, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cammra_edge.sinks.base import Outcome
    from tests.ftp_servers import FtpServer

pytestmark = pytest.mark.timeout(400)  # some of the servers are fetched first
FIRST = Attempt(event_id="e" * 32, packet=7)
AGAIN = Attempt(event_id="e" * 32, packet=7, number=2)
JPEG = b"\xff\xd8" + bytes(range(256)) * 200 + b"\xff\xd9"
FILES = Files(
    files=(
        NamedFile(path="in/2024/09/n.json", content=b"{}"),
        NamedFile(path="in/2024/09/n_lp.jpg", content=JPEG[:500]),
        NamedFile(path="in/2024/09/n.jpg", content=JPEG),
    )
)
SHORT = Timeouts(connect_s=1, write_s=1, answer_s=1, total_s=2)


@pytest.fixture(params=ftp_servers.ALL)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FtpServer]:
    with ftp_servers.START[request.param](tmp_path) as started:
        yield started


def sink(server: FtpServer, *, passive: bool = True, rename: bool = True) -> FtpSink:
    return FtpSink(
        Ftp(
            server.url,
            user=server.user,
            password=server.password,
            timeouts=PATIENT,
            passive=passive,
            rename=rename,
        ),
        clock=SYSTEM_CLOCK,
    )


def stored(home: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()
    }


def wanted(files: Files = FILES) -> dict[str, bytes]:
    return {file.path: file.content for file in files.files}


def many(count: int) -> list[Files]:
    return [
        Files(files=(NamedFile(path=f"in/{number}.jpg", content=JPEG),)) for number in range(count)
    ]


@pytest.mark.parametrize("passive", [True, False], ids=["passive", "active"])
def test_files_arrive_whole_under_their_names(server: FtpServer, *, passive: bool) -> None:
    way = sink(server, passive=passive)
    assert way.send(FILES, FIRST) == Delivered(quoted("3 files"))
    way.close()
    assert stored(server.home) == wanted()


def test_straight_to_the_final_names(server: FtpServer) -> None:
    way = sink(server, rename=False)
    half = server.home / "in" / "half.jpg"
    half.write_bytes(JPEG[:1000])
    half.chmod(0o666)
    assert way.send(FILES, FIRST) == Delivered(quoted("3 files"))
    assert way.send(
        Files(files=(NamedFile(path="in/half.jpg", content=JPEG),)), AGAIN
    ) == Delivered(quoted("1 file"))
    assert way.send(FILES, AGAIN) == Delivered(quoted("3 files"))
    way.close()
    assert stored(server.home) == wanted() | {"in/half.jpg": JPEG}


def test_one_connection_carries_many_events(server: FtpServer) -> None:
    way = sink(server)
    first, *rest = many(20)
    assert way.send(first, FIRST) == Delivered(quoted("1 file"))
    kept = way._kept
    assert {way.send(files, FIRST) for files in rest} == {Delivered(quoted("1 file"))}
    assert way._kept is kept
    way.close()
    assert stored(server.home) == {f"in/{number}.jpg": JPEG for number in range(20)}


def test_a_taken_name_gets_a_number_and_nothing_is_overwritten(server: FtpServer) -> None:
    way = sink(server)
    other = Files(files=(NamedFile(path="in/2024/09/n.jpg", content=b"other"),))
    assert isinstance(way.send(other, FIRST), Delivered)
    assert isinstance(way.send(FILES, FIRST), Delivered)
    way.close()
    assert stored(server.home) == {
        "in/2024/09/n.jpg": b"other",
        "in/2024/09/n_1.json": b"{}",
        "in/2024/09/n_lp_1.jpg": JPEG[:500],
        "in/2024/09/n_1.jpg": JPEG,
    }


def test_a_repeat_finds_what_it_has_done(server: FtpServer) -> None:
    way = sink(server)
    half = Files(files=FILES.files[:2])
    assert isinstance(way.send(half, FIRST), Delivered)
    assert isinstance(way.send(FILES, AGAIN), Delivered)
    assert isinstance(way.send(FILES, AGAIN), Delivered)
    way.close()
    assert stored(server.home) == wanted()


def test_a_half_written_file_of_an_earlier_try_is_replaced(server: FtpServer) -> None:
    way = sink(server)
    left = Files(files=(NamedFile(path="in/2024/09/n.jpg.part", content=JPEG * 2),))
    assert isinstance(way.send(left, FIRST), Delivered)
    assert isinstance(way.send(FILES, AGAIN), Delivered)
    way.close()
    assert stored(server.home) == wanted()


def test_folders_that_somebody_cleared_away_are_made_again(server: FtpServer) -> None:
    way = sink(server)
    assert isinstance(way.send(FILES, FIRST), Delivered)
    for path in sorted((server.home / "in").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert isinstance(way.send(FILES, FIRST), Delivered)
    way.close()
    assert stored(server.home) == wanted()


# pyftpdlib runs as root, who may write everywhere; its read-only user is tested below.
@pytest.mark.parametrize("server", ["vsftpd", "proftpd", "pure-ftpd"], indirect=True)
def test_a_read_only_folder_is_told_apart_from_bad_weather(server: FtpServer) -> None:
    (server.home / "in").chmod(0o555)
    outcome = sink(server).send(FILES, FIRST)
    assert isinstance(outcome, GiveUp)
    assert "cannot be written" in outcome.why


def test_a_restarted_server_costs_one_reconnect(tmp_path: Path) -> None:
    with ftp_servers.pyftpdlib(tmp_path) as server:
        way = sink(server)
        assert isinstance(way.send(FILES, FIRST), Delivered)
        kept = way._kept
        assert isinstance(kept, FtpConversation)
        assert kept._sock is not None
        kept._sock.shutdown(socket.SHUT_RDWR)
        assert isinstance(way.send(many(1)[0], FIRST), Delivered)
        way.close()


@pytest.mark.parametrize("name", ftp_servers.ALL)
def test_ipv6(tmp_path: Path, name: str) -> None:
    with ftp_servers.START[name](tmp_path, host="::1") as server:
        for passive, files in zip((True, False), many(2), strict=True):
            way = sink(server, passive=passive)
            assert way.send(files, FIRST) == Delivered(quoted("1 file"))
            way.close()
        assert stored(server.home) == {"in/0.jpg": JPEG, "in/1.jpg": JPEG}


def test_a_wrong_password_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with ftp_servers.pyftpdlib(tmp_path) as server:
        protocol = Ftp(server.url, user=server.user, password="falsch", timeouts=PATIENT)
        outcome = FtpSink(protocol, clock=SYSTEM_CLOCK).send(FILES, FIRST)
    assert isinstance(outcome, Misconfigured)
    assert "falsch" not in outcome.why


def test_a_user_who_may_only_read(tmp_path: Path) -> None:
    with ftp_servers.pyftpdlib(tmp_path, permissions="elr") as server:
        assert isinstance(sink(server).send(FILES, FIRST), GiveUp)


def test_what_is_parked_leaves_nothing_half_written(tmp_path: Path) -> None:
    with ftp_servers.pyftpdlib(tmp_path, permissions="elradmwMT") as server:  # may not rename
        way = sink(server)
        assert isinstance(way.send(FILES, FIRST), GiveUp)
        way.close()
        assert stored(server.home) == {}


def test_a_full_quota_is_tried_later(tmp_path: Path) -> None:
    with ftp_servers.pure_ftpd(tmp_path, quota_bytes="1000000") as server:
        big = Files(
            files=tuple(
                NamedFile(path=f"in/{number}.bin", content=JPEG * 16) for number in range(4)
            )
        )
        way = sink(server)
        outcome = way.send(big, FIRST)
        way.close()
        assert isinstance(outcome, TryLater), outcome
        assert not [name for name in stored(server.home) if name.startswith("in/")]


def test_nothing_to_send_and_nothing_that_fits() -> None:
    way = FtpSink(Ftp("ftp://127.0.0.1:1"), clock=SYSTEM_CLOCK)
    assert way.send(Files(files=()), FIRST) == Delivered(
        quoted("nothing to send: no image, and no sidecar")
    )
    assert isinstance(way.send(Body(content=b"x"), FIRST), GiveUp)


def test_numbers_go_before_the_ending() -> None:
    assert [numbered("a.b/c.jpg", number) for number in (0, 2)] == ["a.b/c.jpg", "a.b/c_2.jpg"]


# ---- servers that break ------------------------------------------------------------------------------


ONE = Files(files=(NamedFile(path="d/n.jpg", content=JPEG),))


def against(faulty: Faulty, timeouts: Timeouts = PATIENT) -> tuple[Outcome, float]:
    with Scripted(faulty) as server:
        way = FtpSink(
            Ftp(f"ftp://{LOOPBACK}:{server.port}", user="u", password="p", timeouts=timeouts),
            clock=SYSTEM_CLOCK,
        )
        began = time.monotonic()
        outcome = way.send(ONE, FIRST)
        took_s = time.monotonic() - began
        way.close()
    return outcome, took_s


def test_the_scripted_server_is_good_when_nothing_is_wrong() -> None:
    faulty = Faulty()
    outcome, _ = against(faulty)
    assert outcome == Delivered(quoted("1 file"))
    assert faulty.stored == JPEG
    assert "RNTO d/n.jpg" in faulty.commands


def test_all_is_uploaded_before_anything_has_its_name_and_the_picture_has_it_last() -> None:
    faulty = Faulty()
    with Scripted(faulty) as server:
        way = FtpSink(Ftp(f"ftp://{LOOPBACK}:{server.port}", timeouts=PATIENT), clock=SYSTEM_CLOCK)
        assert way.send(FILES, FIRST) == Delivered(quoted("3 files"))
        way.close()
    said = [line for line in faulty.commands if line.split()[0] in {"STOR", "RNTO"}]
    paths = [file.path for file in FILES.files]
    assert said == [f"STOR {path}.part" for path in paths] + [f"RNTO {path}" for path in paths]


def test_a_server_that_hung_up_in_the_meantime_is_called_again_at_once() -> None:
    """It says 421 to an idle connection, which must not be taken for the answer to the next command."""

    def script(connection: socket.socket, number: int, server: Scripted) -> None:
        goodbye = "" if number else "421 idle for too long, goodbye\r\n"
        Faulty(RNTO=f"250 renamed\r\n{goodbye}")(connection, number, server)

    with Scripted(script) as server:
        way = FtpSink(Ftp(f"ftp://{LOOPBACK}:{server.port}", timeouts=PATIENT), clock=SYSTEM_CLOCK)
        assert way.send(ONE, FIRST) == Delivered(quoted("1 file"))
        assert way.send(many(1)[0], FIRST) == Delivered(quoted("1 file"))
        way.close()
        assert server.connections == 2


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"banner": "421 too many\r\n"}, TryLater),
        ({"banner": ""}, TryLater),
        ({"banner": "SSH-2.0-OpenSSH\r\n"}, TryLater),
        ({"banner": "220-\r\n" * 100_000}, TryLater),
        ({"banner": "2" * 20_000}, TryLater),
        ({"PASS": "530 no\r\n"}, Misconfigured),
        ({"USER": "550 TLS required\r\n"}, Misconfigured),
        ({"PASS": "421 gone\r\n"}, TryLater),
        ({"EPSV": "500 no\r\n", "PASV": "502 no\r\n"}, TryLater),
        ({"EPSV": "229 garbage\r\n", "PASV": "227 garbage\r\n"}, TryLater),
        ({"STOR": "425 no data\r\n"}, TryLater),
        ({"STOR": "450 busy\r\n"}, TryLater),
        ({"STOR": "452 full\r\n"}, TryLater),
        ({"STOR": "550 no\r\n"}, GiveUp),
        ({"STOR": "553 name\r\n"}, GiveUp),
        ({"STOR": "close"}, TryLater),
        ({"stored": "426 broken\r\n"}, TryLater),
        ({"stored": "451 disk\r\n"}, TryLater),
        ({"stored": "552 quota\r\n"}, TryLater),
        ({"stored": ""}, TryLater),
        ({"RNFR": "close"}, TryLater),
        ({"RNTO": "550 no\r\n"}, GiveUp),
        ({"TYPE": "silence"}, TryLater),
        ({"USER": "x" * 10_000}, TryLater),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_broken_server_has_an_outcome_in_time(
    answers: dict[str, str], kind: type[Outcome]
) -> None:
    faulty = Faulty(**answers)
    says_nothing = not {"", "silence"}.isdisjoint(answers.values())
    outcome, took_s = against(faulty, SHORT if says_nothing else PATIENT)
    assert isinstance(outcome, kind), outcome
    assert took_s < SHORT.total_s + SLACK_S
    if kind is not GiveUp or "RNTO" not in answers:
        assert not any(command.startswith("RNTO") for command in faulty.commands)


def test_a_full_disk_waits_longer() -> None:
    outcome, _ = against(Faulty(STOR="452 full\r\n"))
    assert isinstance(outcome, TryLater)
    assert outcome.after_s == 60


def test_a_short_file_is_not_renamed_and_not_left_behind() -> None:
    faulty = Faulty(sized="213 5\r\n")
    outcome, _ = against(faulty)
    assert outcome == TryLater(quoted(f"the server has 5 of {len(JPEG)} bytes"))
    assert not any(command.startswith("RNTO") for command in faulty.commands)
    assert "DELE d/n.jpg.part" in faulty.commands


def test_a_foreign_address_in_pasv_is_not_followed() -> None:
    faulty = Faulty(EPSV="500 no\r\n")
    outcome, _ = against(faulty)
    assert outcome == Delivered(quoted("1 file"))
    assert "PASV" in faulty.commands


def test_a_firewall_that_knows_only_pasv_is_got_through() -> None:
    faulty = Faulty(EPSV=f"229 go (|||{free_port()}|)\r\n")
    outcome, _ = against(faulty)
    assert outcome == Delivered(quoted("1 file"))
    assert [line for line in faulty.commands if line in {"EPSV", "PASV"}] == ["EPSV", "PASV"]


def test_a_server_that_tells_no_sizes_is_believed_and_said_so() -> None:
    outcome, _ = against(Faulty(SIZE="502 what\r\n"))
    assert outcome == Delivered(quoted("1 file; the server does not tell sizes"))


def test_a_trickling_answer_does_not_hold_us_up() -> None:
    def script(connection: socket.socket, _: int, server: Scripted) -> None:
        while not server._closing:
            connection.sendall(b"2")
            time.sleep(0.1)

    with Scripted(script) as server:
        began = time.monotonic()
        outcome = FtpSink(
            Ftp(f"ftp://{LOOPBACK}:{server.port}", timeouts=SHORT), clock=SYSTEM_CLOCK
        ).send(ONE, FIRST)
        assert time.monotonic() - began < SHORT.total_s + SLACK_S
    assert isinstance(outcome, TryLater)
