"""What a person asks of a running engine."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from cammra_edge import (
    Engine,
    FrameTime,
    Ftp,
    HttpPost,
    OutboxSettings,
    PlateRead,
    Profile,
    Settings,
)
from cammra_edge.receiver import Receiver
from cammra_edge.receiver.receiver import Answer
from tests.emulation import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 30.0 * PATIENCE


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def engine_of(tmp_path: Path, *profiles: Profile) -> Engine:
    settings = Settings(
        profiles=profiles, frame_size=(640, 360), outbox=OutboxSettings(path=tmp_path / "outbox.db")
    )
    return Engine(settings)


def pass_by(engine: Engine) -> None:
    engine.observe(None, [PlateRead(track=1, text="1AB1234", confidence=0.9)], FrameTime(0, 10**18))


def test_a_parked_event_is_listed_read_and_sent_again(receiver: Receiver, tmp_path: Path) -> None:
    engine = engine_of(tmp_path, Profile("gate", HttpPost(receiver.http_url), image=None))
    receiver.answer(Answer(status=413))
    with engine.running(live=False):
        pass_by(engine)
        assert engine.drain(PATIENCE_S)
        (parked,) = engine.operator.parked()["gate"]
        assert parked.kind == "new"
        assert [one.outcome for one in engine.operator.journal()["gate"]] == ["parked"]
        held = engine.operator.parked_bytes("gate", parked.seq)
        assert held is not None
        assert b'"plateText":"1AB1234"' in held
        receiver.behave()
        assert engine.operator.retry_parked("gate", parked.seq) == 1
        assert engine.drain(PATIENCE_S)
        assert engine.operator.parked() == {"gate": []}
    assert [arrival.plate for arrival in receiver.events] == ["1AB1234"]


def test_parked_files_are_shown_as_a_zip_and_can_be_discarded(tmp_path: Path) -> None:
    engine = engine_of(
        tmp_path, Profile("archive", Ftp("ftp://127.0.0.1:1", sidecar=True), image=None)
    )
    with engine.running(live=False):
        assert engine._run is not None
        outbox = engine._run.outbox
        engine._run.workers["archive"].stop()
        pass_by(engine)
        engine.wait_for_room(1)
        delivery = outbox.take(1)
        assert delivery is not None
        outbox.park(delivery, why="refused")
        (parked,) = engine.operator.parked("archive")["archive"]
        held = engine.operator.parked_bytes("archive", parked.seq)
        assert held is not None
        with zipfile.ZipFile(io.BytesIO(held)) as archive:
            assert [name.rpartition(".")[2] for name in archive.namelist()] == ["json"]
        assert engine.operator.discard_parked("archive") == 1
        assert engine.operator.parked("archive") == {"archive": []}


def test_there_is_nothing_where_nothing_is(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    assert engine.operator.parked() == {}
    assert engine.operator.parked_bytes("gate", 1) is None
    assert engine.operator.retry_parked("gate") == 0
    assert engine.operator.discard_parked("gate") == 0
    assert engine.operator.picture("none") is None
    assert not engine.operator.resume("gate")
