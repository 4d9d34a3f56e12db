"""Whatever lies in the page's folder: the page is served, sending goes on, and the owner is told what was done."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cammra_edge.audit import AuditLog, Deed, Who
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.errors import OutboxError
from cammra_edge.web import serve_page
from cammra_edge.web.access import Access
from cammra_edge.web.access_file import read_access
from tests.web.conftest import Browser, first_visitor
from tests.web.still import PASSWORD, PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cammra_edge.config import Settings


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a page that has been used."""
    folder = tmp_path_factory.mktemp("used") / "page"
    engine = StillEngine(still_settings(folder.parent))
    with (
        serve_page(engine, port=0, folder=folder, say=False) as page,
        first_visitor(page) as browser,
    ):
        assert browser.send(
            "PATCH", "/api/settings", {"changes": {"device.model": "M1"}}
        ).is_success
        assert browser.send("POST", "/api/tokens", {"name": "t", "scopes": ["read"]}).is_success
    return folder


@pytest.fixture
def home(used: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(used, tmp_path / "page")


def a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    (path / "inside").mkdir(parents=True)


def a_folder_twice(path: Path) -> None:
    a_folder(path)
    a_folder(path.with_name(path.name + ".broken"))


def a_loop(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path)


def holding(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


BROKEN = [
    holding(b""),
    holding(b"{"),
    holding(b"[]"),
    holding(b"{}"),
    holding(b"\xff" * 100),
    holding(b"[" * 100_000),
    a_folder,
    a_folder_twice,
    a_loop,
]
ACCESS = [
    *BROKEN,
    holding(b'{"format": 1, "password": null, "tokens": [{}]}'),
    holding(b'{"format": 1, "password": null, "tokens": null}'),
    holding(b'{"format": 1, "password": [1], "tokens": []}'),
    holding(b'{"password": {"salt": "0", "n": 3, "r": 0, "p": -1, "hash": ""}, "tokens": []}'),
    holding(b'{"password": {"salt": "00", "n": 1073741824, "r": 8, "p": 1, "hash": "00"}}'),
    holding(b'{"format": 2, "people": {}, "tokens": []}'),
    holding(
        b'{"format": 2, "people": [{"name": "a", "role": "root", "password": {}}], "tokens": []}'
    ),
]


@pytest.mark.parametrize("breaks", ACCESS)
def test_a_broken_password_file_is_set_aside_and_told_once(
    home: Path, breaks: Callable[[Path], None]
) -> None:
    path = home / "access.json"
    breaks(path)
    access = Access(path, SYSTEM_CLOCK)
    assert "passwords was broken" in access.trouble
    assert access.setup_code
    assert not access.knows("", PASSWORD)
    assert access.tokens.all() == ()
    access.tokens.make("new", ["read"])
    assert Access(path, SYSTEM_CLOCK).trouble == ""


def test_a_broken_password_file_opens_to_the_console_s_code_alone(
    engine: StillEngine, home: Path
) -> None:
    (home / "access.json").write_bytes(b"{")
    with serve_page(engine, port=0, folder=home, say=False) as page:
        assert page.setup_code
        with first_visitor(page) as browser:
            notice = browser.send("GET", "/api/settings").json()["notice"]
            assert "passwords was broken" in notice
            assert browser.send("GET", "/api/tokens").json() == []
    with (
        serve_page(engine, port=0, folder=home, say=False) as page,
        httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        again = Browser(http)
        assert again.sign_in(PASSWORD).is_success
        assert again.send("GET", "/api/settings").json()["notice"] == ""


def test_what_is_whole_in_a_broken_password_file_stays(home: Path) -> None:
    path = home / "access.json"
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content | {"tokens": [*content["tokens"], {"id": 5}]}))
    access = Access(path, SYSTEM_CLOCK)
    assert "tokens must be made anew" in access.trouble
    assert access.knows("", PASSWORD)
    assert [token.name for token in access.tokens.all()] == ["t"]
    assert Access(path, SYSTEM_CLOCK).trouble == ""


_SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "password",
                    "people",
                    "role",
                    "devices",
                    "tokens",
                    "salt",
                    "n",
                    "r",
                    "p",
                    "hash",
                    "id",
                    "name",
                    "scopes",
                    "made",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(content=_SHAPES)
def test_no_shape_of_the_password_file_is_a_password(
    tmp_path_factory: pytest.TempPathFactory,
    content: Any,  # noqa: ANN401 - any shape is the point
) -> None:
    path = tmp_path_factory.mktemp("shape") / "access.json"
    path.write_text(json.dumps(content))
    assert read_access(path).people == ()
    assert read_access(path).trouble == "", "what is left is whole"
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("breaks", BROKEN)
def test_broken_settings_leave_the_last_whole_version_in_force(
    engine: StillEngine, home: Path, breaks: Callable[[Path], None]
) -> None:
    breaks(home / "settings" / "settings.json")
    with serve_page(engine, port=0, folder=home, say=False):
        assert engine.settings.device.model == "M1"


@pytest.mark.parametrize("saved", [{"profiles": [1]}, {"profiles": {"9": {}}}, {"device": 5}])
def test_saved_names_that_nobody_knows_are_left_aside(
    tmp_path: Path, home: Path, saved: dict[str, object]
) -> None:
    plain = {"format": 1, "version": 2, "at": 1, "who": "x", "changed": [], "saved": saved}
    (home / "settings" / "settings.json").write_text(json.dumps(plain))
    script = still_settings(tmp_path)
    engine = StillEngine(script)
    with serve_page(engine, port=0, folder=home, say=False):
        assert engine.settings == script


class Unwilling(StillEngine):
    """Takes no settings but those it began with."""

    def apply(self, settings: Settings) -> None:
        raise OutboxError(f"not {settings.device.model}")


def test_saved_settings_that_the_engine_cannot_take_do_not_keep_it_from_sending(
    tmp_path: Path, home: Path
) -> None:
    script = still_settings(tmp_path)
    engine = Unwilling(script)
    with serve_page(engine, port=0, folder=home, say=False) as page:
        assert engine.settings == script
        with httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http:
            browser = Browser(http)
            browser.sign_in(PASSWORD)
            state = browser.send("GET", "/api/settings").json()
    assert "cannot be used (not M1)" in state["notice"]
    assert state["settings"]["device.model"] == script.device.model


@pytest.mark.parametrize("breaks", BROKEN)
def test_a_broken_audit_log_is_empty(home: Path, breaks: Callable[[Path], None]) -> None:
    breaks(home / "audit.jsonl")
    audit = AuditLog(home / "audit.jsonl", SYSTEM_CLOCK)
    assert audit.entries() == []
    audit.note(Who("admin", "::1"), Deed.SIGN_IN, "signed in")
    assert [entry["what"] for entry in audit.entries()] in ([], ["signed in"])


@pytest.mark.parametrize("breaks", BROKEN)
def test_without_its_certificate_the_page_is_served_on_this_camera_alone(
    engine: StillEngine,
    home: Path,
    breaks: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    breaks(home / "certificate.pem")
    with serve_page(engine, "0.0.0.0", port=0, folder=home) as page:  # noqa: S104 - the case
        assert page.url.startswith("http://127.0.0.1:")
    assert "certificate cannot be used" in capsys.readouterr().err


def test_a_certificate_that_is_gone_keeps_nothing_from_sending(
    engine: StillEngine, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone.pem"
    with serve_page(engine, "::1", port=0, folder=home, certificate=gone) as page:
        assert page.url.startswith("http://[::1]:")
    assert "certificate cannot be used (No such file or directory)" in capsys.readouterr().err


def test_where_nothing_can_be_kept_a_change_is_refused_and_the_page_served(
    engine: StillEngine, tmp_path: Path
) -> None:
    (tmp_path / "page").write_text("not a folder")
    with (
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page,
        httpx.Client(base_url=page.url, trust_env=False, timeout=PATIENT_S) as http,
    ):
        first = http.post("/api/setup", json={"code": page.setup_code, "password": PASSWORD})
    assert first.status_code == 503
    assert "disk refused" in first.json()["error"]
