"""Numbers of events that were not stored: given to the next one, but only where nothing of them lies on the disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cammra_edge.outbox.log import Log
from tests.fakes import new_event

if TYPE_CHECKING:
    from cammra_edge.outbox import Outbox
    from cammra_edge.storing import LogGroup
    from tests.outbox.conftest import Bench


def deliver_all(outbox: Outbox) -> list[int]:
    """The packet of each event."""
    packets = []
    while (delivery := outbox.take(1)) is not None:
        packets.append(delivery.packet)
        outbox.done(delivery)
    return packets


def test_numbers_that_may_lie_on_the_disk_are_given_to_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Log.write

    def interrupted(log: Log, group: LogGroup, *, flush: bool = True) -> None:
        write(log, group, flush=flush)
        raise KeyboardInterrupt

    bench.outbox.put([new_event(1)])
    with monkeypatch.context() as patched:
        patched.setattr(Log, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.outbox.put([new_event(2)])
    bench.outbox.put([new_event(3)])
    assert deliver_all(bench.crash()) == [1, 2, 3]


def test_what_cannot_be_stored_leaves_no_gap(bench: Bench) -> None:
    bad = replace(new_event(1), event=replace(new_event(1).event, listed=object()))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        bench.outbox.put([bad])
    bench.outbox.put([new_event(2)])
    assert deliver_all(bench.outbox) == [1]
