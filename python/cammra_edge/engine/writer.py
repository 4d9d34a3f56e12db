"""From what tracks said to what the outbox holds: wishes of the profiles, images, one commit a group.

Runs on the encoder's thread. Which profile gets what is decided here, once, before anything is encoded.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict, deque
from itertools import chain
from typing import TYPE_CHECKING

from cammra_edge.config.lists import ListIndex
from cammra_edge.engine.assembly import event_from, last_words, with_images
from cammra_edge.outbox import NewEvent, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cammra_edge.config import Settings
    from cammra_edge.engine.encoder import Said
    from cammra_edge.model import Event, ImageSpec
    from cammra_edge.outbox import Outbox

_log = logging.getLogger(__name__)

RECENT_EVENTS = 1000
"""Events kept in memory for the page."""

RECENT_PICTURE_BYTES = 8 << 20
"""Pictures kept in memory for the page, beyond what waits in the outbox."""

CROWDED = "the encoder could not keep up"


class EventWriter:
    """Makes events of what tracks said and puts them into the outbox.

    Args:
        stream_id: The camera's run or the recording.
        settings: Whose profiles and plate lists count.
    """

    def __init__(self, stream_id: str, settings: Settings) -> None:
        self._stream_id = stream_id
        self.outbox: Outbox | None = None
        self.counts: Counter[str] = Counter()
        self.recent: deque[Event] = deque(maxlen=RECENT_EVENTS)
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._picture_bytes = 0
        self._pictures_lock = threading.Lock()
        self.apply(settings)

    def apply(self, settings: Settings) -> None:
        """From the next event on, these profiles and plate lists count."""
        self._profiles = settings.profiles
        self._lists = ListIndex(settings.plate_lists)

    def store(self, group: Sequence[Said]) -> None:
        """Encode and commit a group, in order."""
        outbox = self.outbox
        if outbox is None:
            raise RuntimeError("events can be stored only while the engine runs")
        batch = [self._new_event(outbox, said) for said in group]
        outbox.put(batch)
        for new in batch:
            self.counts[new.event.kind] += 1
            self.counts["unwanted"] += not new.wanted_by
            self.recent.append(new.event)
            self._remember(new.images)

    def picture(self, image_key: str) -> bytes | None:
        """The JPEG of a recent event, as long as it is kept; may be called from any thread."""
        with self._pictures_lock:
            return self._pictures.get(image_key)

    def _remember(self, images: Mapping[str, bytes]) -> None:
        with self._pictures_lock:
            for key, jpeg in images.items():
                self._picture_bytes += len(jpeg) - len(self._pictures.pop(key, b""))
                self._pictures[key] = jpeg
            while self._picture_bytes > RECENT_PICTURE_BYTES:
                _, oldest = self._pictures.popitem(last=False)
                self._picture_bytes -= len(oldest)

    def lose_vehicles_left_open(self) -> None:
        """Say the last words of vehicles of earlier streams that a crash or power cut left open."""
        if self.outbox is None:
            return
        left = self.outbox.open_vehicles(other_than=self._stream_id)
        if left:
            _log.info("lost vehicles=%d left open by an earlier run", len(left))
            self.outbox.put(
                [
                    NewEvent(event=event, wanted_by=_wanted(event, self._wishes_for(event)))
                    for event in chain.from_iterable(map(last_words, left))
                ]
            )

    def _new_event(self, outbox: Outbox, said: Said) -> NewEvent:
        event = event_from(
            said.event,
            stream_id=self._stream_id,
            car_id=outbox.car_id(self._stream_id, said.event.vehicle_no),
            lists=self._lists,
        )
        wishes = self._wishes_for(event)
        event, images = with_images(
            event,
            said.event.shot,
            chain.from_iterable(wishes.values()),
            why_none=CROWDED if said.crowded else "",
        )
        return NewEvent(event=event, images=images, wanted_by=_wanted(event, wishes))

    def _wishes_for(self, event: Event) -> dict[int, tuple[ImageSpec, ...]]:
        """The images each profile that wants the event wants with it, by profile number."""
        return {
            profile_id: profile.image_specs()
            for profile_id, profile in enumerate(self._profiles, start=1)
            if profile.wants(event)
        }


def _wanted(event: Event, wishes: Mapping[int, tuple[ImageSpec, ...]]) -> list[Wanted]:
    return [
        Wanted(
            profile_id=profile_id,
            image_keys=tuple(ref.image_key for ref in event.images if ref.spec in specs),
        )
        for profile_id, specs in wishes.items()
    ]
