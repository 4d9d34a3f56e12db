"""Who may see on the page what receivers answer: people who may set where they are, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from cammra_edge.delivery import Transcript, Try
from cammra_edge.outbox import Parked
from cammra_edge.web import serve_page
from tests.web.conftest import first_visitor
from tests.web.still import PATIENT_S, StillEngine, still_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WORDS = "Image file missing"


class Answered(StillEngine):
    """Its receiver has refused one event."""

    def transcripts_kept(self) -> frozenset[int]:
        return frozenset({7})

    def transcript(self, event_id: str, serial: int) -> Transcript | None:
        sent = Transcript(request=b"POST / \xff\x1b[2J\r\n\r\n\xc2\x85end", answer=WORDS.encode())
        return sent if (event_id, serial) == ("e", 7) else None

    def journal(self) -> Mapping[str, Sequence[Try]]:
        entry = Try(
            at_utc_ns=1, event_id="e", kind="new", packet=1, number=1, outcome="parked", why="status 400", words=WORDS,
            took_ns=1, size_bytes=1, serial=7,
        )  # fmt: skip
        return {"barrier": [entry]}

    def parked(
        self,
        key: str | None = None,  # noqa: ARG002 - there is one
        *,
        after: int = 0,  # noqa: ARG002 - as above
        limit: int = 200,  # noqa: ARG002 - as above
    ) -> Mapping[str, Sequence[Parked]]:
        row = Parked(
            profile_id=1, seq=1, event_id="e", packet=1, kind="new", attempts=1, why="status 400", words=WORDS,
            parked_utc_ns=1,
        )  # fmt: skip
        return {"barrier": [row]}


@pytest.mark.parametrize(
    ("scopes", "deny_local", "shown"),
    [
        (["read", "settings"], False, WORDS),
        (["read", "deliveries"], False, ""),
        (["read", "settings"], True, ""),
    ],
)
def test_words_are_for_those_who_may_change_settings(
    tmp_path: Path, scopes: list[str], shown: str, *, deny_local: bool
) -> None:
    engine = Answered(still_settings(tmp_path))
    folder = tmp_path / "page"
    with (
        serve_page(engine, port=0, folder=folder, say=False, deny_local=deny_local) as page,
        first_visitor(page) as person,
    ):
        token = person.send("POST", "/api/tokens", {"name": "robot", "scopes": scopes}).json()
        headers = {"Authorization": f"Bearer {token['secret']}"}
        with httpx.Client(
            base_url=page.url, headers=headers, trust_env=False, timeout=PATIENT_S
        ) as robot:
            for path in ("/api/journal", "/api/parked"):
                (entry,) = robot.get(path).json()
                assert (entry["why"], entry["words"]) == ("status 400", shown)
            assert (WORDS in robot.get("/api/journal.csv").text) == bool(shown)


@pytest.mark.parametrize(
    ("scopes", "deny_local", "status", "shown"),
    [
        (["deliveries", "settings"], False, 200, WORDS),
        (["deliveries"], False, 200, ""),
        (["deliveries", "settings"], True, 200, ""),
        (["read", "settings"], False, 403, ""),
    ],
)
def test_the_bytes_of_an_answer_are_for_the_same_people(
    tmp_path: Path, scopes: list[str], status: int, shown: str, *, deny_local: bool
) -> None:
    engine = Answered(still_settings(tmp_path))
    folder = tmp_path / "page"
    with (
        serve_page(engine, port=0, folder=folder, say=False, deny_local=deny_local) as page,
        first_visitor(page) as person,
    ):
        token = person.send("POST", "/api/tokens", {"name": "robot", "scopes": scopes}).json()
        headers = {"Authorization": f"Bearer {token['secret']}"}
        answer = httpx.get(f"{page.url}api/journal/e/7", headers=headers, trust_env=False)
        assert answer.status_code == status
        if status == 200:
            # What steers a terminal is spelled out; lines stay lines.
            request = "POST / \\xff\\x1b[2J\n\n\\x85end"
            assert answer.json() == {"request": request, "answer": shown}
