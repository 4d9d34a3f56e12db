"""SFTP servers that refuse what most grant: to tell sizes, to rename, or to rename as most do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Files, NamedFile
from cammra_edge.model import Device
from cammra_edge.phrases import quoted
from cammra_edge.profile import Ftp, Profile
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, GiveUp, Outcome, TryLater
from cammra_edge.trial import trial
from tests.servers import LOOPBACK, PATIENT, running

pytest.importorskip("asyncssh")
from tests.sinks.test_sftp import AGAIN, FILES, FIRST, JPEG, Server, wanted

if TYPE_CHECKING:
    from pathlib import Path

    from cammra_edge.message import Attempt

NO_RENAME = ("rename=SFTPOpUnsupported", "posix_rename=SFTPOpUnsupported")
UNSURE = "; the server does not tell sizes"
ONE = Files(files=FILES.files[-1:])
OTHER = {"GATE-1/09/n.jpg": b"another"}


def protocol(server: Server, *, rename: bool = True) -> Ftp:
    return Ftp(
        f"sftp://{LOOPBACK}:{server.port}",
        user="cam",
        password="geheim",
        host_key=server.fingerprint,
        rename=rename,
        timeouts=PATIENT,
    )


def sent(
    work: Path,
    *refusals: str,
    files: Files = FILES,
    attempt: Attempt = FIRST,
    there: dict[str, bytes] | None = None,
    rename: bool = True,
) -> tuple[Outcome, dict[str, bytes]]:
    """What becomes of one try against a server that refuses, and what is there afterwards."""
    server = Server(work)
    for path, content in (there or {}).items():
        (server.home / path).parent.mkdir(parents=True, exist_ok=True)
        (server.home / path).write_bytes(content)
    with running(server.with_password(*refusals), port=server.port):
        sink = open_sink(protocol(server, rename=rename), clock=SYSTEM_CLOCK)
        outcome = sink.send(files, attempt)
        sink.close()
    return outcome, server.stored()


@pytest.mark.parametrize(
    ("error", "kind"), [("SFTPPermissionDenied", GiveUp), ("SFTPFailure", TryLater)]
)
def test_a_server_that_refuses_to_rename_is_told_as_such(
    tmp_path: Path, error: str, kind: type[Outcome]
) -> None:
    outcome, stored = sent(tmp_path, f"rename={error}", f"posix_rename={error}")
    assert isinstance(outcome, kind)
    assert "takes files but refuses to rename them" in outcome.why  # type: ignore[union-attr] # of a kind that has one
    assert outcome.words == "not here"
    assert stored == {}


@pytest.mark.parametrize("error", ["SFTPOpUnsupported", "SFTPFailure"])
def test_a_server_that_knows_only_openssh_s_way_of_renaming(tmp_path: Path, error: str) -> None:
    assert sent(tmp_path, f"rename={error}") == (Delivered(quoted("3 files")), wanted())


def test_a_server_that_knows_no_renaming_gets_files_straight(tmp_path: Path) -> None:
    outcome, stored = sent(tmp_path, *NO_RENAME)
    assert isinstance(outcome, Delivered)
    assert "knows no renaming" in outcome.note
    assert stored == wanted()


def test_straight_uploads_need_no_renaming(tmp_path: Path) -> None:
    refusals = ("rename=SFTPPermissionDenied",)
    half = {"GATE-1/09/n.jpg": JPEG[:1000]}
    outcome, stored = sent(tmp_path, *refusals, there=half, rename=False)
    assert (outcome, stored) == (Delivered(quoted("3 files")), wanted())


@pytest.mark.parametrize(
    "stat", ["SFTPOpUnsupported", "SFTPPermissionDenied", "SFTPFailure", "without"]
)
@pytest.mark.parametrize("rename", [True, False], ids=["renaming", "straight"])
def test_a_server_that_tells_no_size_is_asked_for_names(
    tmp_path: Path, stat: str, *, rename: bool
) -> None:
    outcome, stored = sent(tmp_path, f"stat={stat}", there=OTHER, rename=rename)
    numbered = {path.replace(".j", "_1.j"): content for path, content in wanted().items()}
    assert (outcome, stored) == (Delivered(quoted("3 files" + UNSURE)), OTHER | numbered)


def test_without_sizes_a_repeat_knows_its_own_files_by_their_bytes(tmp_path: Path) -> None:
    outcome, stored = sent(tmp_path, "stat=SFTPFailure", there=wanted(), attempt=AGAIN)
    assert (outcome, stored) == (Delivered(quoted("3 files" + UNSURE)), wanted())


def test_a_name_that_only_the_rename_finds_taken_gets_a_number(tmp_path: Path) -> None:
    refusals = ("stat=SFTPFailure", "scandir=SFTPPermissionDenied")
    outcome, stored = sent(tmp_path, *refusals, files=ONE, there=OTHER)
    assert outcome == Delivered(quoted("1 file" + UNSURE))
    assert stored == OTHER | {"GATE-1/09/n_1.jpg": JPEG}


def test_what_a_server_says_is_not_told_to_logs(tmp_path: Path) -> None:
    files = Files(files=(NamedFile(path="HWR6677.jpg", content=JPEG),))
    outcome, stored = sent(tmp_path, "open=SFTPFailure", files=files)
    assert isinstance(outcome, TryLater)
    assert "not here" not in outcome.why
    assert outcome.words == "not here"
    assert stored == {}


def test_a_test_finds_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with running(server.with_password(*NO_RENAME), port=server.port):
        for rename in (True, False):
            profile = Profile("p", protocol(server, rename=rename))
            told = list(
                trial(profile, profile_id=1, device=Device(time_zone="UTC"), clock=SYSTEM_CLOCK)
            )
            failed = [step for step in told if step.state == "failed"]
            assert [step.name for step in failed] == (["rename"] if rename else [])
            assert all("«Rename when complete» off" in step.remedy for step in failed)
            assert server.stored() == {}
