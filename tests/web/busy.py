"""A still engine on a bad day: every state that a profile can be in, parked events, and a Test that takes its time."""

from __future__ import annotations

import base64
import io
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from cammra_edge.delivery import Try
from cammra_edge.outbox import Parked
from cammra_edge.trial import Step
from tests.web.still import StillEngine, StillStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cammra_edge.config import Settings

WHY = {
    "off": "",
    "idle": "",
    "sending": "",
    "retrying": "10.0.5.223:8077 refuses the connection: nothing listens on that port",
    "paused": "5 refused in a row, none delivered: status 401: wrong user or password",
}
TROUBLE = "no space is left"
AT_NS = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class BusyStatus(StillStatus):
    outbox: Mapping[str, object] = field(default_factory=lambda: {"trouble": TROUBLE})


class BusyEngine(StillEngine):
    """See the module. `states` are the profiles', by number; `done` lets a Test go on."""

    def __init__(
        self, settings: Settings, states: Sequence[str] = ("retrying", "paused", "off")
    ) -> None:
        super().__init__(settings, texts=["1AB1234", "MLB 84R"])
        self.states = list(states)
        self.waiting = [_parked(2, seq, "status 422: it finds it invalid") for seq in (7, 8)]
        self.done = threading.Event()
        self.fails = True
        self.asked: list[str] = []

    def status(self) -> StillStatus:
        profiles = tuple(
            {**one, "state": state, "why": WHY[state], "alarm": state == "paused", "queue_events": 13,
             "queue_bytes": 2_100_000, "oldest_age_s": 260.0, "retried": 7, "dropped": {"overflow": 2},
             "parked_now": sum(parked.profile_id == one["profile_id"] for parked in self.waiting)}
            for one, state in zip(super().status().profiles, self.states, strict=True)
        )  # fmt: skip
        return BusyStatus(profiles=profiles)

    def journal(self) -> Mapping[int, Sequence[Try]]:
        outcomes = ("delivered", "retry", "parked", "paused")
        return {1: [_try(number, outcome) for number, outcome in enumerate(outcomes, start=1)]}

    def picture(self, image_key: str) -> bytes | None:  # noqa: ARG002 - one picture for all
        return jpeg()

    def view(self, timeout_s: float = 2.0) -> bytes | None:  # noqa: ARG002 - a picture is there
        return jpeg()

    def parked(self, profile_id: int | None = None) -> Sequence[Parked]:
        return [one for one in self.waiting if profile_id in {None, one.profile_id}]

    def parked_bytes(self, profile_id: int, seq: int) -> bytes | None:
        return f"{profile_id} {seq}".encode()

    def retry_parked(self, profile_id: int, seq: int | None = None) -> int:
        return self._take("retry", profile_id, seq)

    def discard_parked(self, profile_id: int, seq: int | None = None) -> int:
        return self._take("discard", profile_id, seq)

    def _take(self, what: str, profile_id: int, seq: int | None) -> int:
        self.asked.append(f"{what} {profile_id} {seq}")
        left = [
            one
            for one in self.waiting
            if one.profile_id != profile_id or seq not in {None, one.seq}
        ]
        moved, self.waiting = len(self.waiting) - len(left), left
        return moved

    def test(self, profile_id: int, plate: str, settings: Settings) -> Iterator[Step]:  # noqa: ARG002 - the same for all
        yield Step("dns", "running")
        yield Step("dns", "ok", 3.0, "127.0.0.1")
        yield Step("tcp", "running")
        self.done.wait(60)
        if self.fails:
            yield Step("tcp", "failed", 1000.0, "127.0.0.1:9 refuses", "Look at the port.")
            return
        yield Step("tcp", "ok", 1.0)
        yield Step("auth", "skipped")
        yield Step("done", "ok", sent="QUJDREVGR0hJSktM", picture=base64.b64encode(jpeg()).decode())


def jpeg() -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (320, 180), (90, 110, 100)).save(out, "JPEG")
    return out.getvalue()


def _try(number: int, outcome: str) -> Try:
    return Try(
        at_utc_ns=AT_NS, event_id=f"{number:032x}", kind="new", packet=number, number=number, outcome=outcome,
        why="status 503", took_ns=3 * 10**6, size_bytes=9000,
    )  # fmt: skip


def _parked(profile_id: int, seq: int, why: str) -> Parked:
    return Parked(
        profile_id=profile_id, seq=seq, event_id=f"{seq:032x}", packet=seq, kind="lost", attempts=1, why=why,
        parked_utc_ns=AT_NS,
    )  # fmt: skip
