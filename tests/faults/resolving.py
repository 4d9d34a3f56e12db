"""Name servers that are silent, slow or wrong, names that move, and addresses of which one is dead."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.message import Attempt, Body
from cammra_edge.profile import HttpPost
from cammra_edge.sinks import open_sink
from cammra_edge.sinks.base import Delivered, Outcome, TryLater
from tests.faults.finding import Finding
from tests.faults.name_server import NXDOMAIN, SERVFAIL, NameServer
from tests.faults.road import NOBODY, NOBODY_6, OURS, OURS_6, road
from tests.servers import Scripted, answer, answering

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

QUICK_S = 4.0
"""What a dead address or a silent name server may cost where a good address is known."""


class Names(NamedTuple):
    """A name server's doing, after a first event that reached the receiver where `known`."""

    outcome: type[Outcome]
    words: str = ""
    known: bool = False
    addresses: tuple[str, ...] = (OURS,)
    code: int = 0
    late_s: float = 0.0
    silent: bool = False
    quick: bool = True


CASES: Mapping[str, Names] = {
    "is silent": Names(TryLater, "no name server answered", silent=True, quick=False),
    "is silent, and the name was reached before": Names(Delivered, silent=True, known=True),
    "says that there is no such name": Names(TryLater, "no address found", code=NXDOMAIN),
    "says so of a name that was reached before": Names(
        TryLater, "no address found", code=NXDOMAIN, known=True
    ),
    "fails": Names(TryLater, "no address found", code=SERVFAIL),
    "fails, and the name was reached before": Names(Delivered, code=SERVFAIL, known=True),
    "answers after 3 s": Names(Delivered, late_s=3.0, quick=False),
    "names another address than before": Names(Delivered, addresses=(OURS_6,), known=True),
    "names an address of IPv6 only": Names(Delivered, addresses=(OURS_6,)),
    "names two, IPv6 dead": Names(Delivered, addresses=(NOBODY_6, OURS)),
    "names two, IPv4 dead": Names(Delivered, addresses=(NOBODY, OURS_6)),
}


def name_server(folder: Path, name: str) -> Finding:
    """What one event comes to."""
    case = CASES[name]
    with (
        road() as way,
        NameServer(OURS, [OURS]) as server,
        Scripted(answering(answer("200 OK", b"", "Connection: close")), host=OURS) as receiver,
        Scripted(
            answering(answer("200 OK", b"", "Connection: close")), host=OURS_6, port=receiver.port
        ) as receiver_6,
    ):
        outcome, took_s = way.at_camera(
            lambda: _sent(case, server, receiver.port),
            resolv_conf=server.resolv_conf(folder),
        )
        by_6 = bool(receiver_6.received)
    told = getattr(outcome, "why", "") or ("delivered by IPv6" if by_6 else "delivered by IPv4")
    return Finding(
        f"a name server that {name}",
        f"{told}, after {took_s:.1f} s",
        held=isinstance(outcome, case.outcome)
        and case.words in told
        and (took_s < QUICK_S or not case.quick)
        and by_6 == (OURS_6 in case.addresses),
    )


def _sent(case: Names, server: NameServer, port: int) -> tuple[Outcome, float]:
    sink = open_sink(HttpPost(f"http://receiver.example:{port}/"), clock=SYSTEM_CLOCK)
    if case.known:
        assert isinstance(sink.send(Body(content=b"{}"), _attempt(1)), Delivered)
    server.addresses, server.code = list(case.addresses), case.code
    server.late_s, server.silent = case.late_s, case.silent
    began_s = time.monotonic()
    outcome = sink.send(Body(content=b"{}"), _attempt(2))
    sink.close()
    return outcome, time.monotonic() - began_s


def _attempt(packet: int) -> Attempt:
    return Attempt(event_id="e" * 32, packet=packet)
