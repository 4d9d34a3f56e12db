"""Erasing what a running engine knows of events: in the outbox, in the latest events, in journals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.delivery import Try
    from cammra_edge.engine.recent import Recent
    from cammra_edge.engine.run import Run
    from cammra_edge.outbox import Erased, Erasure


def erase(run: Run, recent: Recent, what: Erasure) -> Erased:
    """See `Engine.erase`.

    Raises:
        OutboxError: The disk refused.
    """
    history, bearing = run.outbox.history, what.bearing
    erased = history.erase(
        plate=what.plate,
        before_utc_ns=what.before_utc_ns,
        everything=what.everything,
        undelivered=what.undelivered,
    )

    def is_kept(event_id: str) -> bool:
        return history.seq_of(event_id) in erased.kept

    def is_gone(entry: Try, texts: Sequence[str]) -> bool:
        seq = history.seq_of(entry.event_id)
        named = bearing is not None and any(map(bearing.is_in, texts))
        return seq not in erased.kept and (what.everything or named or seq in erased.seqs)

    recent.forget(what, is_kept)
    run.writer.forget(what)
    run.forget(is_gone)
    return erased
