"""What `receiver.uploads` promises, with Python's own FTP client and with our own profile."""

import ftplib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from cammra_edge import Engine, EventKind, Ftp, OutboxSettings, Profile, Settings
from cammra_edge.cli.playing import play, settings_for
from cammra_edge.receiver import Answer, Receiver, Way
from cammra_edge.recording import Recording
from tests.cli.scripts import write_recording
from tests.emulation import PATIENCE
from tests.receiver.samples import VEHICLE, body, encoded

WAIT_S = 30 * PATIENCE


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver that takes uploads."""
    with Receiver(http=None, ftp=("127.0.0.1", 0), folder=tmp_path / "in") as listening:
        yield listening


def _client(receiver: Receiver) -> ftplib.FTP:
    client = ftplib.FTP(timeout=WAIT_S, encoding="utf-8")  # noqa: S321 - what is tested
    host, port = receiver.ftp_url.removeprefix("ftp://").split(":")
    client.connect(host, int(port))
    client.login("cam", "secret")
    return client


def _extended(client: ftplib.FTP) -> tuple[str, int]:
    assert client.sock is not None
    return ftplib.parse229(client.sendcmd("EPSV"), client.sock.getpeername())  # noqa: S321 - what is tested


def _put(client: ftplib.FTP, path: str, content: bytes) -> None:
    client.storbinary(f"STOR {path}", io.BytesIO(content))


@pytest.mark.parametrize("extended", [True, False])
def test_a_picture_arrives_when_it_has_its_name(receiver: Receiver, *, extended: bool) -> None:
    with _client(receiver) as client:
        if extended:  # ftplib itself says PASV on IPv4
            client.makepasv = lambda: _extended(client)  # type: ignore[method-assign]  # on purpose
        client.mkd("CAM1")
        client.cwd("CAM1")
        _put(client, "a_1.jpg.part", VEHICLE)
        assert receiver.events == []
        assert client.size("a_1.jpg.part") == len(VEHICLE)
        client.rename("a_1.jpg.part", "a_1.jpg")
        (event,) = receiver.events
    assert (event.way, event.pictures[0].name, event.pictures[0].jpeg) == (
        Way.FTP,
        "CAM1/a_1.jpg",
        VEHICLE,
    )
    assert event.problems == ()


def test_a_sidecar_that_came_before_goes_with_its_picture(receiver: Receiver) -> None:
    with _client(receiver) as client:
        _put(client, "x.json", encoded(body()))
        _put(client, "x.jpg", VEHICLE)
    (event,) = receiver.events
    assert (event.kind, event.plate, event.problems) == ("update", "HWR6677", ())


@pytest.mark.parametrize(
    "path", ["../../etc/x.jpg", "/a/../../b.jpg", "a b.jpg", "Ö.jpg", ".hidden.jpg"]
)
def test_no_path_leads_out_of_the_store_and_a_bad_one_is_told(
    receiver: Receiver, path: str, tmp_path: Path
) -> None:
    with _client(receiver) as client:
        _put(client, path, VEHICLE)
    (event,) = receiver.events
    assert ".." not in event.pictures[0].name.split("/")
    assert bool(event.problems) == (path not in {"../../etc/x.jpg", "/a/../../b.jpg"})
    (kept,) = tmp_path.rglob("*.jpg")
    assert kept.resolve().is_relative_to(tmp_path / "in")


def test_what_is_no_picture_is_told(receiver: Receiver) -> None:
    with _client(receiver) as client:
        _put(client, "x.jpg", b"GIF89a")
    assert "is not a whole JPEG" in receiver.events[0].problems[0]


def test_it_refuses_as_told(receiver: Receiver) -> None:
    receiver.answer(Answer(500), times=1)
    with _client(receiver) as client:
        with pytest.raises(ftplib.error_temp, match="452"):
            _put(client, "x.jpg", VEHICLE)
        _put(client, "x.jpg", VEHICLE)
    assert len(receiver.events) == 1


@pytest.mark.parametrize(
    "line", ["STOR x.jpg", "RNTO y", "RNFR gone", "DELE gone", "SIZE gone", "LIST", "\xff\xfe", ""]
)
def test_what_makes_no_sense_is_answered_and_the_session_goes_on(
    receiver: Receiver, line: str
) -> None:
    with _client(receiver) as client:
        with pytest.raises(ftplib.Error):
            client.sendcmd(line)
        assert client.sendcmd("NOOP").startswith("200")


def test_our_own_ftp_profile_delivers_a_replay_to_it(receiver: Receiver, tmp_path: Path) -> None:
    recording = Recording.open(write_recording(tmp_path / "r"))
    profile = Profile(
        "archive",
        Ftp(receiver.ftp_url, user="cam", password="x", sidecar=True),
        device_id="CAM1",
        events={EventKind.LOST},
        two_images=True,
    )
    settings = Settings(profiles=[profile], outbox=OutboxSettings(path=tmp_path / "outbox"))
    engine = Engine(settings_for(settings, recording), stream_id="x")
    with engine.running(live=False):
        play(recording, engine, speed=None)
        assert engine.drain(WAIT_S)
    whole = [event for event in receiver.events if event.body]
    assert sorted(event.plate for event in whole) == ["AB0CD", "AB1CD"]
    assert len(receiver.events) == 4
    assert receiver.problems == []
