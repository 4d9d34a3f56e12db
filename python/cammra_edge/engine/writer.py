"""From track events to the outbox: who wants them, their images, one commit per group.

Runs on the encoder's thread. Which profile gets what is decided here, once, before anything is encoded.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from cammra_edge.config.lists import ListIndex
from cammra_edge.engine.assembly import event_from, last_words, with_images
from cammra_edge.outbox import NewEvent, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cammra_edge.config import Settings
    from cammra_edge.engine.encoder import Queued
    from cammra_edge.engine.recent import Recent
    from cammra_edge.model import Event, ImageSpec
    from cammra_edge.outbox import Outbox
    from cammra_edge.profile import Profile

_log = logging.getLogger(__name__)

CROWDED = "the encoder could not keep up"


class EventWriter:
    """Completes track events and puts them into the outbox, for the profiles that `apply` was given.

    Args:
        stream_id: The camera's run or the recording.
        outbox: Where events go.
        recent: Gets every event, too.
        own_image: The picture that is remembered of each event, whoever wants it.
    """

    def __init__(
        self, stream_id: str, outbox: Outbox, recent: Recent, own_image: ImageSpec | None
    ) -> None:
        self._stream_id = stream_id
        self._outbox = outbox
        self._recent = recent
        self._own_image = own_image
        self._profiles: tuple[tuple[int, Profile], ...] = ()
        self._lists = ListIndex(())

    def apply(self, settings: Settings) -> None:
        """Use these profiles and plate lists from the next event on."""
        self._profiles = tuple(
            (self._outbox.profile_id(profile.key), profile) for profile in settings.profiles
        )
        self._lists = ListIndex(settings.plate_lists)

    def store(self, group: Sequence[Queued]) -> None:
        """Encode and commit a group, in order."""
        batch = list(map(self._new_event, group))
        self._outbox.put(batch)
        for new in batch:
            self._recent.add(new)

    def lose_vehicles_left_open(self) -> None:
        """Put the last events of vehicles of earlier streams that a crash or power cut left open."""
        left = self._outbox.open_vehicles(other_than=self._stream_id)
        if left:
            _log.info("lost vehicles=%d left open by an earlier run", len(left))
            self._outbox.put(
                [
                    NewEvent(event=event, wanted_by=_wanted(event, self._wishes_for(event)))
                    for event in chain.from_iterable(map(last_words, left))
                ]
            )

    def _new_event(self, queued: Queued) -> NewEvent:
        event = event_from(
            queued.event,
            stream_id=self._stream_id,
            car_id=self._outbox.car_id(self._stream_id, queued.event.vehicle_no),
            lists=self._lists,
        )
        wishes = self._wishes_for(event)
        specs = list(chain.from_iterable(wishes.values()))
        own = self._own_image
        if own is not None and all(spec.kind != own.kind for spec in specs):
            specs.append(own)
        else:
            own = None
        event, images = with_images(
            event,
            queued.event.shot,
            specs,
            why_none=CROWDED if queued.crowded else "",
        )
        if own is not None and event.missing:
            # No receiver is told of a picture that it did not want.
            missing = tuple(image for image in event.missing if image.kind != own.kind)
            event = replace(event, missing=missing)
        return NewEvent(event=event, images=images, wanted_by=_wanted(event, wishes))

    def _wishes_for(self, event: Event) -> dict[int, tuple[ImageSpec, ...]]:
        """Which profiles want the event, by number, and which images each wants with it."""
        return {
            profile_id: profile.image_specs()
            for profile_id, profile in self._profiles
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
