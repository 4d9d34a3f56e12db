"""Backups made on one machine and taken up on another, or refused with nothing changed."""

from __future__ import annotations

import io
import json
import os
import stat
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from cammra_edge import files
from cammra_edge.backup import back_up, restore, restoring
from cammra_edge.backup.form import PartsWriter, written
from cammra_edge.config import OutboxSettings, Settings
from cammra_edge.config.saved import page_folder, settings_in_force, version_in
from cammra_edge.engine import Engine
from cammra_edge.errors import BackupError, OutboxError
from cammra_edge.outbox import Outbox
from cammra_edge.profile import HttpPost, Profile
from cammra_edge.web.access import Access
from cammra_edge.web.roles import Role
from cammra_edge.web.saved import SavedSettings
from tests.certificates import issue
from tests.fakes import FakeClock, new_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cammra_edge.backup import BackedUp, Restored

CLOCK = FakeClock()
WORD = "a gate in the rain"
PASSWORD = "profiles[gate].password"


def script(folder: Path) -> Settings:
    return Settings(
        profiles=(Profile("gate", HttpPost("http://10.0.0.7/a", user="cam", password="fabrik")),),
        outbox=OutboxSettings(path=folder / "outbox"),
    )


class Box:
    """A machine: its folder, its script, and what its page saved."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.script = script(folder)
        self.outbox = self.script.outbox.path
        self.page = page_folder(self.script)
        self.clock = CLOCK

    def save(self, changes: Mapping[str, object]) -> None:
        saved = SavedSettings(self.page, self.script, lambda _: None, self.clock)
        saved.save(changes, on=None, who="a test")

    def access(self) -> Access:
        return Access(self.page / "access.json", self.clock)

    def store(self, *numbers: int) -> None:
        with closing(Outbox(self.script.outbox, clock=self.clock)) as outbox:
            outbox.profile_id("gate")
            outbox.put([new_event(number) for number in numbers])

    def back_up(
        self, file: Path, passphrase: str | None = None, *, with_events: bool = False
    ) -> BackedUp:
        return back_up(
            self.outbox, file, passphrase=passphrase, with_events=with_events, clock=self.clock
        )

    def restore(self, file: Path, passphrase: str = "", *, with_events: bool = True) -> Restored:
        return restore(
            file,
            self.outbox,
            script=self.script,
            passphrase=lambda: passphrase,
            with_events=with_events,
            who="shell",
            clock=self.clock,
        )

    def state(self) -> dict[str, bytes]:
        """Every file, but for the lock that an outbox keeps."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != "lock"
        }


@cache
def those_who_may() -> bytes:
    """The file of one admin and a token; made once, as a password takes its time."""
    with TemporaryDirectory() as folder:
        access = Access(Path(folder) / "access.json", CLOCK)
        access.add_person("Ada", Role.ADMIN, WORD)
        access.tokens.make("robot", ["read"])
        return (Path(folder) / "access.json").read_bytes()


@pytest.fixture
def old(tmp_path: Path) -> Box:
    box = Box(tmp_path / "old")
    box.save(
        {
            "profiles[gate].server_url": "http://10.0.0.8/b",
            PASSWORD: "s3cret-two",
            "tracking.lost_after_s": 3.0,
            "plate_lists": [
                {"name": "family", "mode": "allow", "entries": [{"pattern": "1AB1234"}]}
            ],
        }
    )
    (box.page / "access.json").write_bytes(those_who_may())
    issue("camera.example").write(box.page / "certificate.pem")
    (box.page / "plates.key").write_bytes(bytes(32))
    return box


@pytest.fixture
def new(tmp_path: Path) -> Box:
    return Box(tmp_path / "new")


def test_without_a_passphrase_all_but_the_secrets_moves(old: Box, new: Box, tmp_path: Path) -> None:
    made = old.back_up(tmp_path / "b")
    assert (made.left_out, made.has_access, made.has_certificate) == ((PASSWORD,), True, False)
    held = (tmp_path / "b").read_bytes()
    for secret in (b"s3cret-two", b"fabrik", b"PRIVATE", WORD.encode()):
        assert secret not in held
    told = new.restore(tmp_path / "b")
    assert told.left_out == (PASSWORD,)
    assert PASSWORD in told.misfits  # the script's own password is not meant for that server
    assert "tracking.lost_after_s" in told.fields
    settings = settings_in_force(new.script)
    assert settings.tracking.lost_after_s == 3.0
    assert [one.name for one in settings.plate_lists] == ["family"]
    protocol = settings.profiles[0].protocol
    assert isinstance(protocol, HttpPost)
    assert (protocol.server_url, protocol.password) == ("http://10.0.0.7/a", "fabrik")
    assert new.access().knows("Ada", WORD)
    assert [token.name for token in new.access().tokens.all()] == ["robot"]
    assert not (new.page / "certificate.pem").exists()
    assert not (new.page / "plates.key").exists()
    assert not new.outbox.exists()


def test_with_a_passphrase_the_secrets_move_too_and_nothing_is_legible(
    old: Box, new: Box, tmp_path: Path
) -> None:
    made = old.back_up(tmp_path / "b", WORD)
    assert (made.left_out, made.has_certificate) == ((), True)
    for word in (b"s3cret-two", b"Ada", b"family", b"10.0.0.8", b"1AB1234"):
        assert word not in (tmp_path / "b").read_bytes()
    told = new.restore(tmp_path / "b", WORD)
    assert (told.left_out, told.misfits) == ((), ())
    protocol = settings_in_force(new.script).profiles[0].protocol
    assert isinstance(protocol, HttpPost)
    assert (protocol.server_url, protocol.password) == ("http://10.0.0.8/b", "s3cret-two")
    certificate = new.page / "certificate.pem"
    assert certificate.read_bytes() == (old.page / "certificate.pem").read_bytes()
    for path in (*new.page.rglob("*"), new.page):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_outbox_moves_and_goes_on_behind_its_numbers(
    old: Box, new: Box, tmp_path: Path
) -> None:
    old.store(1, 2, 3)
    made = old.back_up(tmp_path / "b", with_events=True)
    assert made.outbox_bytes > 0
    assert made.findings == ()
    told = new.restore(tmp_path / "b")
    assert (told.waiting, told.findings) == (3, ())
    with closing(Outbox(new.script.outbox, clock=new.clock)) as outbox:
        number = outbox.profile_ids()["gate"]
        assert outbox.waiting(number).events == 3
        outbox.put([new_event(4)])
        packets = []
        while (delivery := outbox.take(number)) is not None:
            packets.append(delivery.packet)
            outbox.done(delivery)
    assert packets[:3] == [1, 2, 3]
    assert packets[3] > 60_000
    assert not [one for one in new.folder.iterdir() if one.name.startswith(".")]


def test_a_backup_is_made_while_the_engine_runs_and_taken_up_only_when_none_does(
    old: Box, tmp_path: Path
) -> None:
    old.store(1, 2)
    engine = Engine(replace(old.script, profiles=()))
    with engine.running(local_socket=False):
        assert old.back_up(tmp_path / "b", with_events=True).findings == ()
        before = old.state()
        with pytest.raises(OutboxError, match="is held by process"):
            old.restore(tmp_path / "b")
        assert old.state().keys() == before.keys()
    with pytest.raises(BackupError, match="--no-events"):
        old.restore(tmp_path / "b")
    assert old.restore(tmp_path / "b", with_events=False).waiting is None


def test_the_settings_before_stay_in_the_history(old: Box, tmp_path: Path) -> None:
    old.back_up(tmp_path / "b", WORD)
    old.save({"tracking.lost_after_s": 7.0})
    old.restore(tmp_path / "b", WORD)
    versions = sorted((old.page / "settings" / "versions").iterdir())
    kept = [version_in(path) for path in versions]
    assert [one.number for one in kept if one] == [1, 2, 3]
    assert kept[2] is not None
    assert (kept[2].who, kept[2].changed) == ("shell", ("tracking.lost_after_s",))
    saved = SavedSettings(old.page, old.script, lambda _: None, old.clock)
    assert saved.draft.settings.tracking.lost_after_s == 3.0
    assert saved.restore(2, who="a test").saved["tracking.lost_after_s"] == 7.0


def test_a_page_that_saved_nothing_is_backed_up_as_such(new: Box, old: Box, tmp_path: Path) -> None:
    new.back_up(tmp_path / "b")
    old.restore(tmp_path / "b")
    assert settings_in_force(old.script) == old.script
    assert old.access().knows("Ada", WORD)  # the backup has nobody, so those who may come in stay


@pytest.mark.parametrize("name", ["access.json", "settings/settings.json"])
def test_a_broken_file_is_not_backed_up(old: Box, tmp_path: Path, name: str) -> None:
    (old.page / name).write_text('{"people": 7')
    with pytest.raises(BackupError, match="it is broken"):
        old.back_up(tmp_path / "b")
    assert not (tmp_path / "b").exists()


def crafted(path: Path, **parts: bytes) -> Path:
    with written(path, 0, None) as out:
        for name, content in parts.items():
            out.add(name.replace("outbox_mark", "outbox/mark"), len(content), [content])
    return path


def settings_part(**changes: Any) -> bytes:  # noqa: ANN401 - anything
    plain: dict[str, Any] = {
        "format": 1, "version": 1, "at": 1, "who": "x", "changed": [], "saved": {}, "ways": {},
    }  # fmt: skip
    return json.dumps(plain | changes).encode()


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"settings": b"{}"},
        {"settings": b"["},
        {"settings": settings_part(format=2)},
        {"settings": settings_part(saved=7)},
        {"settings": settings_part(saved={"a": "\ud800"})},
        {"settings": b'{"a":' * 50_000},
        {"settings": settings_part(), "access": b"{}"},
        {"settings": settings_part(), "access": b'{"people": [{"name": "x"}], "tokens": []}'},
        {"settings": settings_part(), "access": b'{"people": [], "tokens": [7]}'},
        {"settings": settings_part(), "access": b"\xff"},
        {"settings": settings_part(), "certificate": b"-----BEGIN CERTIFICATE-----"},
        {"settings": settings_part(), "outbox_mark": b"no mark"},
    ],
)
def test_what_a_crafted_file_holds_is_refused_and_nothing_changes(
    old: Box, tmp_path: Path, parts: dict[str, bytes]
) -> None:
    before = old.state()
    with pytest.raises((BackupError, OutboxError)):
        old.restore(crafted(tmp_path / "b", **parts))
    assert old.state() == before


def test_a_crafted_file_sends_no_secret_elsewhere(old: Box, new: Box, tmp_path: Path) -> None:
    evil = {"profiles[gate].server_url": "http://evil.example/"}
    part = settings_part(saved=evil, ways={"profiles[gate]": "http://evil.example"})
    for box in (old, new):
        told = box.restore(crafted(tmp_path / f"{box.folder.name}.b", settings=part))
        assert PASSWORD in told.misfits
        protocol = settings_in_force(box.script).profiles[0].protocol
        assert isinstance(protocol, HttpPost)
        assert (protocol.server_url, protocol.password) == ("http://10.0.0.7/a", "fabrik")


def test_settings_of_another_script_are_kept_and_told(new: Box, tmp_path: Path) -> None:
    saved = {"profiles[moon].device_id": "M", "tracking.lost_after_s": "soon", "odd": [1]}
    told = new.restore(crafted(tmp_path / "b", settings=settings_part(saved=saved)))
    assert {"tracking.lost_after_s", "odd"} <= set(told.misfits)
    assert settings_in_force(new.script).tracking == new.script.tracking


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_disk_that_refuses_halfway_leaves_everything_as_it_was(
    old: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    old.back_up(tmp_path / "b", WORD)
    old.save({"tracking.lost_after_s": 7.0})
    before = old.state()
    real, calls = files.write_whole, []

    def refusing(path: Path, content: bytes) -> None:
        calls.append(path)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(restoring, "write_whole", refusing)
    with pytest.raises(OSError, match="No space"):
        old.restore(tmp_path / "b", WORD)
    assert old.state() == before


def test_an_outbox_that_cannot_get_its_place_leaves_everything_as_it_was(
    old: Box, new: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.store(1)
    old.back_up(tmp_path / "b", with_events=True)
    new.save({"tracking.lost_after_s": 7.0})
    before = new.state()
    rename = Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path == new.outbox:
            raise OSError(16, "Device or resource busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(BackupError, match="a disk of its own"):
        new.restore(tmp_path / "b")
    assert new.state() == before


def test_an_outbox_behind_a_link_stays_there(old: Box, new: Box, tmp_path: Path) -> None:
    old.store(1)
    old.back_up(tmp_path / "b", with_events=True)
    (tmp_path / "disk" / "outbox").mkdir(parents=True)
    new.outbox.symlink_to(tmp_path / "disk" / "outbox")
    assert new.restore(tmp_path / "b").waiting == 1
    assert new.outbox.is_symlink()
    assert list((tmp_path / "disk" / "outbox").glob("events-*.log"))
    assert [one.name for one in (tmp_path / "disk").iterdir()] == ["outbox"]


def test_somebody_elses_folder_is_left_alone(new: Box, tmp_path: Path) -> None:
    new.outbox.mkdir()
    (new.outbox / "thesis.txt").write_text("mine")
    with pytest.raises(OutboxError, match="not an outbox"):
        new.restore(crafted(tmp_path / "b", settings=settings_part()))
    assert os.listdir(new.outbox) == ["thesis.txt"]  # noqa: PTH208 - names alone


def test_what_root_restores_belongs_to_the_folders_owner(
    new: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, tuple[int, int]] = {}
    real = Path.stat

    def of_somebody(path: Path, **how: bool) -> os.stat_result:
        fields = list(real(path, **how))
        return os.stat_result([*fields[:4], 1234, 1234, *fields[6:]])

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        os, "chown", lambda path, uid, gid, **_: given.update({Path(path).name: (uid, gid)})
    )
    file = crafted(tmp_path / "b", settings=settings_part())
    new.restore(file)
    mine = new.folder.stat().st_uid == 0
    assert not (mine and given)  # of root's own
    monkeypatch.setattr(Path, "stat", of_somebody)
    restoring._give_to_owner(new.page)
    assert given["settings.json"] == given["cammra-page"] == (1234, 1234)


def test_parts_may_be_added_in_pieces() -> None:
    out = io.BytesIO()
    parts = PartsWriter(out)
    parts.add("access", 4, [b"12", b"", b"34"])
    parts.end()
    assert out.getvalue().count(b"\n") == 2
