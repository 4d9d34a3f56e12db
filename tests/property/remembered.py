"""The outbox beside a simple model, as far as the model's rules share it: opening, dying, looking.

The model knows what was put and how each delivery stands. After a crash, or a power cut, the outbox must stand as the
model allows, and the model goes on from there. Where the power may go (`cuts`), what became of a delivery is never
certain before the next cut: settlements are written without a flush of their own.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis.stateful import RuleBasedStateMachine

from cammra_edge.config import OutboxSettings
from cammra_edge.outbox import EventQuery, Outbox
from tests.fakes import FakeClock, crash
from tests.property.crashing import DiedError, Mortal
from tests.property.power import Disk
from tests.property.putting import Packets, Put, Stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.outbox import Delivery

PROFILES = (1, 2)
REMOVED = 3
DAYS = 7
MAX_BYTES = {False: 16 << 20, True: 1 << 20}
"""For what waits: ample, and tight."""
HISTORY_BYTES = {False: 1 << 20, True: 256 << 20}
"""For what is remembered: little, and roomy."""


class Death(NamedTuple):
    """When it dies, if at all, and how.

    Args:
        at: At which call that changes the disk, from 1; 0: not.
        part: How much of a write is there all the same, in eighths.
        cut: The power goes, too: what of it stays is drawn from this seed; `None`: it is killed.
    """

    at: int = 0
    part: int = 0
    cut: int | None = None


class Remembered(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="remembering-"))
        self.clock = FakeClock()
        self.put_events: dict[str, Put] = {}
        self.ordinals: defaultdict[int, int] = defaultdict(int)
        self.packets: dict[tuple[int, int], str] = {}
        self.packet_of: dict[tuple[int, str], int] = {}
        self.first_taken: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.given = Packets()
        self.tried: set[tuple[int, str]] = set()
        self.by_hand: set[tuple[int, str]] = set()
        self.flying: dict[int, Delivery] = {}
        self.roomy, self.tight, self.cuts = True, False, False
        self.began = False
        self.disk = Disk(self.folder / "outbox")

    # -- living and dying ------------------------------------------------------------------------

    def open(self) -> None:
        self.clock = self.clock.restarted()
        self.flying.clear()
        config = OutboxSettings(
            path=self.folder / "outbox",
            max_bytes=MAX_BYTES[self.tight],
            history_bytes=HISTORY_BYTES[self.roomy],
            history_days=DAYS,
            max_age_s=10 * 365 * 86_400.0,
        )
        self.outbox = Outbox(config, clock=self.clock)
        self.clock.advance(0.001)  # no process stores anything in no time
        for no in (*PROFILES, REMOVED):
            assert self.outbox.profile_id(f"p{no}") == no

    @contextmanager
    def mortal(self, death: Death) -> Iterator[None]:
        """What the block does may end in a crash; so may the start after that, once."""
        mortal = Mortal(death.at, death.part, self.disk)
        try:
            with mortal.living():
                yield
        except DiedError:
            crash(self.outbox)
            mortal.bury()
            self.start_again(death)

    def start_again(self, death: Death) -> None:
        """After a crash, or a power cut."""
        self.lose_power(death)
        again = Mortal(1 + death.at % 12, death.part, self.disk)
        try:
            with again.living():
                self.open()
        except DiedError:
            again.bury()
            self.lose_power(death)
            with Mortal(disk=self.disk).living():
                self.open()
        self.look(was_cut=self.may_cut(death))

    def may_cut(self, death: Death) -> bool:
        return self.cuts and death.cut is not None

    def lose_power(self, death: Death) -> None:
        if self.may_cut(death):
            self.disk.cut(Random(death.cut))  # noqa: S311 - not a secret
            self.disk.close()
            self.disk = Disk(self.folder / "outbox")

    def look(self, *, was_cut: bool) -> None:
        """After a crash: how everything stands is what the model allows, and what the model goes on from."""
        was_erasing = any(put.may_be_erased for put in self.put_events.values())
        self.given.look(self.outbox.status(), was_torn=was_erasing or was_cut)
        for event_id, put in list(self.put_events.items()):
            if not self.outbox.knows(event_id):
                assert not put.sure, "an event is lost that put returned for"
                del self.put_events[event_id]
                continue
            self.stored(put)
            for no, stand in put.stands.items():
                now = self.standing(event_id, no)
                assert now in stand.may, f"{put}: {now} at {no}"
                stand.be(now, surely=was_cut or not self.cuts)
            self.look_whose(event_id, put)
        found = self.found()
        for event_id, put in self.put_events.items():
            put.erased |= put.may_be_erased and not put.waits and event_id not in found
            put.may_be_erased = False

    def look_whose(self, event_id: str, put: Put) -> None:
        """A delivery that was being given away is one's or the other's."""
        taker, put.taker = put.taker, None
        if taker is not None:
            assert put.waits, "a delivery is lost on its way to another profile"
            if put.stands[taker].now is Stands.SETTLED:
                del put.stands[taker]
            else:
                self.took(event_id, taker)

    def took(self, event_id: str, taker: int) -> None:
        """A delivery was given to this profile: it has a number of its own there."""
        delivery = self.delivery(event_id, taker)
        assert delivery is not None
        self.given.add(taker, delivery[0])
        self.by_hand.add((taker, event_id))

    def stored(self, put: Put) -> None:
        for no in put.stands if not put.sure else ():
            delivery = self.delivery(put.event.event_id, no)
            assert delivery is not None or self.tight
            self.given.add(no, delivery[0] if delivery else None)
        put.sure = True

    def delivery(self, event_id: str, no: int) -> tuple[Any, ...] | None:
        seq = self.outbox.history.seq_of(event_id)
        assert seq is not None
        return self.outbox._store.ledger.delivery(seq, no)

    def standing(self, event_id: str, no: int) -> Stands:
        found = self.delivery(event_id, no)
        return Stands.SETTLED if found is None else Stands(found[2])

    def found(self) -> set[str]:
        page = self.outbox.history.search(EventQuery(limit=1000))
        return {one.event.event_id for one in page.events}

    def flushed(self) -> None:
        for put in self.put_events.values():
            for stand in put.stands.values():
                stand.be(stand.now, surely=not self.cuts)
