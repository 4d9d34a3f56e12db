"""The outbox as a whole, put together for `Outbox.status`; asks no disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cammra_edge.outbox.values import OutboxStatus

if TYPE_CHECKING:
    from cammra_edge.clock import Clock
    from cammra_edge.config import OutboxSettings
    from cammra_edge.outbox.recovery import Found
    from cammra_edge.outbox.store import Store

NS_PER_S = 1_000_000_000
WAITS_LONG_S = 2.0
"""A disk that has not answered for so long is a trouble."""


def written_bytes() -> int:
    """Bytes that this process sent to storage so far, as the kernel counts them; 0 where it does not say."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("write_bytes:")), 0)


def status_of(  # noqa: PLR0913 - what it joins
    settings: OutboxSettings,
    store: Store,
    found: Found,
    clock: Clock,
    *,
    trouble: str,
    late_commits: int,
) -> OutboxStatus:
    """The status, asked for with the outbox's lock."""
    log = store.log
    since_ns = log.since_ns
    waits_s = max(0.0, (clock.mono_ns() - since_ns) / NS_PER_S) if since_ns else 0.0
    if waits_s > WAITS_LONG_S:
        trouble = f"storage has not answered for {waits_s:.0f} s"
    size_bytes, events = store.ledger.held
    return OutboxStatus(
        path=str(settings.path),
        durability=settings.durability,
        events=events,
        bytes=size_bytes,
        max_events=settings.max_events,
        max_bytes=settings.max_bytes,
        durable=not trouble and not store.unsaved,
        trouble=trouble,
        not_yet_durable=store.unsaved.events,
        late_commits=late_commits,
        storage_waits_s=round(waits_s, 3),
        segments=len(log.numbers()),
        file_bytes=log.size_bytes,
        process_written_bytes=written_bytes(),
        lost_events=found.lost,
        damage="; ".join(found.damage),
        set_aside="; ".join(log.set_aside),
    )
