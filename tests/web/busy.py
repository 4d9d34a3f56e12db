"""A still engine on a bad day: every state that a profile can be in, parked events, and a Test that takes its time."""

from __future__ import annotations

import base64
import io
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from cammra_edge.delivery import ProfileState, ProfileStatus, Try
from cammra_edge.engine.troubles import InputKind, InputTrouble
from cammra_edge.outbox import OutboxStatus, Parked
from cammra_edge.phrases import quoted
from cammra_edge.trial import Step
from tests.web.still import StillEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cammra_edge.config import Settings
    from cammra_edge.engine import EngineStatus

WHY = {
    "off": "",
    "idle": "",
    "sending": "",
    "retrying": "10.0.5.223:8077 refuses the connection: nothing listens on that port",
    "paused": "5 refused in a row, none delivered: status 401: wrong user or password",
}
TROUBLE = "no space is left"
DAMAGE = "segment 7: 4096 bytes cannot be read"
MISFIT = "shape (4, 4): want (height, width, 3)"
AT_NS = 1_700_000_000_000_000_000


class BusyEngine(StillEngine):
    """See the module. `states` are the profiles', by number; `done` lets a Test go on."""

    def __init__(
        self, settings: Settings, states: Sequence[str] = ("retrying", "paused", "off")
    ) -> None:
        super().__init__(settings, texts=["1AB1234", "MLB 84R"])
        self.states = list(states)
        self.waiting = {"vms": [_parked(seq, "status 422: it finds it invalid") for seq in (7, 8)]}
        self.done = threading.Event()
        self.fails = True
        self.asked: list[str] = []
        self.left: tuple[ProfileStatus, ...] = ()
        self.input_troubles = (
            InputTrouble(
                kind=InputKind.FORMAT, count=3, what="frames do not fit", why=MISFIT, remedy="set frame_format",
            ),
        )  # fmt: skip

    def status(self) -> EngineStatus:
        status = super().status()
        profiles = tuple(
            replace(
                profile, state=ProfileState(state), why=WHY[state], alarm=state == "paused", queue_events=13,
                queue_bytes=2_100_000, oldest_age_s=260.0, retried=7, dropped={"overflow: oldest event": 2},
                parked_now=len(self.waiting.get(profile.key, ())),
            )
            for profile, state in zip(status.profiles, self.states, strict=True)
        )  # fmt: skip
        outbox = OutboxStatus(
            path="outbox", durability="power", max_events=100, max_bytes=1 << 30, trouble=TROUBLE,
            lost_events=3, damage=DAMAGE,
        )  # fmt: skip
        return replace(status, outbox=outbox, profiles=profiles + self.left)

    def journal(self) -> Mapping[str, Sequence[Try]]:
        outcomes = ("delivered", "retry", "parked", "paused")
        return {
            "barrier": [_try(number, outcome) for number, outcome in enumerate(outcomes, start=1)]
        }

    def picture(self, image_key: str) -> bytes | None:  # noqa: ARG002 - one picture for all
        return jpeg()

    def view(self, timeout_s: float = 2.0) -> bytes | None:  # noqa: ARG002 - a picture is there
        return jpeg()

    def parked(
        self,
        key: str | None = None,
        *,
        after: int = 0,  # noqa: ARG002 - all of it on one page
        limit: int = 200,  # noqa: ARG002 - as above
    ) -> Mapping[str, Sequence[Parked]]:
        return {own: parked for own, parked in self.waiting.items() if key in {None, own}}

    def parked_bytes(self, key: str, seq: int) -> bytes | None:
        return f"{key} {seq}".encode()

    def retry_parked(self, key: str, seq: int | None = None) -> int:
        return self._take("retry", key, seq)

    def discard_parked(self, key: str, seq: int | None = None) -> int:
        return self._take("discard", key, seq)

    def give_backlog(self, from_key: str, to_key: str) -> int:
        self.asked.append(f"give {from_key} {to_key}")
        moved = sum(status.queue_events for status in self.left)
        self.left = ()
        return moved

    def _take(self, what: str, key: str, seq: int | None) -> int:
        self.asked.append(f"{what} {key} {seq}")
        parked = self.waiting[key]
        self.waiting[key] = [one for one in parked if seq not in {None, one.seq}]
        return len(parked) - len(self.waiting[key])

    def test(self, key: str, plate: str, settings: Settings) -> Iterator[Step]:  # noqa: ARG002 - the same for all
        yield Step("dns", "running")
        yield Step("dns", "ok", 3.0, quoted("127.0.0.1"))
        yield Step("tcp", "running")
        self.done.wait(60)
        if self.fails:
            yield Step(
                "tcp", "failed", 1000.0, quoted("127.0.0.1:9 refuses"), quoted("Look at the port.")
            )
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


def _parked(seq: int, why: str) -> Parked:
    return Parked(
        profile_id=2, seq=seq, event_id=f"{seq:032x}", packet=seq, kind="lost", attempts=1, why=why,
        parked_utc_ns=AT_NS,
    )  # fmt: skip
