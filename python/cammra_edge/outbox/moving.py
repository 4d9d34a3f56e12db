"""What has to be written once more, in pieces: what is only in memory, and what still matters of one segment.

Each piece is a size and a function that adds its frames to a group. Reading may wait for the disk, so a piece is read
before its group is built.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cammra_edge.outbox.log import DamagedError, StorageError
from cammra_edge.outbox.records import picture_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cammra_edge.outbox.store import Store
    from cammra_edge.storing import LogGroup

    Piece = tuple[int, Callable[[LogGroup], None]]

PIECE_BYTES = 2 << 20
PIECES = 16
"""A piece is not much longer than this part of a segment."""
FRAME_BYTES = 256
"""More than a frame's own bytes and its digest."""


class Moving:
    """See the module."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def unsaved_parts(self) -> Iterator[Piece]:
        """All that is only in memory, in the order of its events."""
        unsaved, ledger = self._store.unsaved, self._store.ledger
        pictures, payloads, size_bytes = {}, {}, 0
        for seq in sorted(unsaved.payloads):
            payloads[seq] = unsaved.payloads[seq]
            size_bytes += 2 * len(payloads[seq]) + FRAME_BYTES
            for no, segment, *_ in ledger.images(seq):
                if not segment and no in unsaved.pictures and no not in pictures:
                    pictures[no] = unsaved.pictures[no]
                    size_bytes += len(pictures[no][1]) + FRAME_BYTES
            if size_bytes > PIECE_BYTES:
                yield size_bytes, self._frames(pictures, payloads)
                pictures, payloads, size_bytes = {}, {}, 0
        digests = b"".join(unsaved.digests)
        yield size_bytes + len(digests), self._frames(pictures, payloads, digests)

    def parts_of(self, segment: int, *, gone: bool = False) -> Iterator[Piece]:
        """What is needed of a segment: events that wait, are parked or are their vehicle's last, and images of such.

        What is damaged is passed over; so is what cannot be read of a segment whose file is `gone`, of which the ids
        of all events are kept, too: nobody else does it then.

        Raises:
            StorageError: The disk does not let us read it now; perhaps it does later.
        """
        store = self._store
        unreadable = (DamagedError, StorageError) if gone else (DamagedError,)
        pictures: dict[int, tuple[str, bytes]] = {}
        payloads: dict[int, bytes] = {}
        size_bytes = 0
        # Small ones, so that the segment that they go to is filled.
        piece_bytes = min(PIECE_BYTES, store.log.segment_bytes // PIECES)
        for seq in store.ledger.live_in(segment):
            place = store.ledger.place(seq)
            payload = None
            with contextlib.suppress(*unreadable):
                payload = store.payload(seq)
            if payload is None:
                continue
            for no, lies_in, offset, length in store.ledger.images(seq):
                if lies_in == segment and no not in pictures:
                    with contextlib.suppress(*unreadable):
                        pictures[no] = picture_from(store.log.read(lies_in, offset, length)[1])
                        size_bytes += length + FRAME_BYTES
            if place is not None and place[0] == segment:
                payloads[seq] = payload
                size_bytes += 2 * len(payload) + FRAME_BYTES
            if size_bytes > piece_bytes:
                yield size_bytes, self._frames(pictures, payloads)
                pictures, payloads, size_bytes = {}, {}, 0
        digests = b""
        if gone:
            with contextlib.suppress(*unreadable):
                digests = store.log.digests(segment)
        if size_bytes or digests:
            yield size_bytes + len(digests), self._frames(pictures, payloads, digests)

    def _frames(
        self,
        pictures: dict[int, tuple[str, bytes]],
        payloads: dict[int, bytes],
        digests: bytes = b"",
    ) -> Callable[[LogGroup], None]:
        ledger = self._store.ledger

        def add(group: LogGroup) -> None:
            for no, (image_key, data) in pictures.items():
                group.image(no, image_key, data)
            for seq, payload in payloads.items():
                group.again(ledger, seq, payload)
            if digests:
                group.ids(ledger, digests)

        return add
