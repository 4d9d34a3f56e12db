"""A ledger beside a log of one segment, as tests use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.outbox.records import id_bytes
from cammra_edge.storing import Ledger, LogGroup

if TYPE_CHECKING:
    from cammra_edge.outbox import NewEvent

STORE = bytes(range(16))
ALL = 2**64 - 1
PICTURE = bytes(100_000)
NOTHING_FLIES: set[int] = set()


class Bench:
    """A log of one segment and its ledger; events are put in order, and wanted by profiles."""

    def __init__(self, known_events: int = 1000) -> None:
        self.ledger = Ledger(known_events)
        self.segment = 7
        self.offset = 64
        self.digests: dict[int, bytes] = {}
        self.payloads: dict[int, bytes] = {}
        self.seq = 0
        self.no = 0
        self.packets: dict[int, int] = {}
        self.now_ns = 0

    def group(self) -> LogGroup:
        return LogGroup(STORE, self.segment, self.offset)

    def add(self, group: LogGroup, new: NewEvent) -> int:
        nos = []
        for key, jpeg in new.images.items():
            no = self.ledger.image_no(key)
            if not no:
                self.no += 1
                no = self.no
                group.image(no, key, jpeg)
            nos.append(no)
        self.seq += 1
        self.now_ns += 1
        size = sum(len(jpeg) for jpeg in new.images.values())
        wanted = []
        for one in new.wanted_by:
            packet = self.packets[one.profile_id] = self.packets.get(one.profile_id, 0) + 1
            wanted.append((one.profile_id, packet, ALL, size))
        group.event(
            new.event,
            seq=self.seq,
            event_id=id_bytes(new.event.event_id),
            stored_ns=self.now_ns,
            image_nos=nos,
            wanted=wanted,
        )
        return self.seq

    def put(self, *events: NewEvent) -> list[int]:
        group = self.group()
        seqs = [self.add(group, event) for event in events]
        self.write(group)
        return seqs

    def write(self, group: LogGroup | None = None) -> None:
        """On disk, with what is pending."""
        group = self.group() if group is None else group
        group.settled(self.ledger)
        self.ledger.apply(group)
        self.offset += group.size
        self.digests[self.segment] = self.digests.get(self.segment, b"") + group.digests()

    def replayed(self) -> Ledger:
        """As a start finds it now."""
        ledger = Ledger(1000)
        for segment, digests in sorted(self.digests.items()):
            assert ledger.replay(segment, digests) == 0
        return ledger

    def waiting(self, profile: int = 1) -> list[int]:
        return [row[0] for row in self.ledger.waiting(profile, 0, 10_000)]

    def make_room(
        self,
        *,
        max_bytes: int | None = None,
        max_events: int | None = None,
        in_flight: set[int] = NOTHING_FLIES,
        profile: int | None = None,
        in_memory: bool = False,
    ) -> dict[tuple[int, str], int]:
        losses = self.ledger.make_room(max_bytes, max_events, in_flight, profile, in_memory)
        self.write()
        assert answers(self.replayed()) == answers(self.ledger)
        return {(profile, why): count for profile, why, count in losses}


def answers(ledger: Ledger) -> tuple[object, ...]:
    return (
        [ledger.waiting(profile, 0, 10_000) for profile in (1, 2, 3)],
        ledger.parked(None, (0, 0), 10_000),
        ledger.totals(),
        ledger.held,
        ledger.held_in_memory,
        ledger.segments(),
        ledger.open_vehicles(),
        ledger.packets,
        ledger.highest,
    )
