"""From track events to the outbox: who wants them, their images, one commit per group.

Runs on the encoder's thread. Which profile gets what is decided here, once, before anything is encoded.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from cammra_edge.config.lists import ListIndex
from cammra_edge.engine.assembly import event_from, last_words, with_images
from cammra_edge.engine.encoder import GROUP
from cammra_edge.engine.recall import Recall
from cammra_edge.outbox import NewEvent, Wanted
from cammra_edge.profile import Filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cammra_edge.config import Settings
    from cammra_edge.engine.encoder import Queued
    from cammra_edge.engine.image_encoder import ImageEncoderDoor
    from cammra_edge.engine.recent import Recent
    from cammra_edge.model import Event, ImageSpec, Recalled
    from cammra_edge.outbox import Erasure, Outbox
    from cammra_edge.profile import Profile

_log = logging.getLogger(__name__)

CROWDED = "the encoder could not keep up"


class EventWriter:
    """Completes track events and puts them into the outbox, under the settings that `apply` was given.

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
        self.door: ImageEncoderDoor | None = None
        """To an image encoder that is not ours."""
        self._profiles: tuple[tuple[int, Profile], ...] = ()
        self._libjpeg_turbo = False
        self._lists = ListIndex(())
        self._recall = Recall(outbox)
        # What other threads ask for, in their order; none of it is lost while it is taken.
        self._settings: deque[Settings] = deque()
        self._forget: deque[Erasure] = deque()

    def apply(self, settings: Settings) -> None:
        """Use these profiles, plate lists and this encoder from the next group on. From any thread."""
        self._settings.append(settings)

    def store(self, group: Sequence[Queued]) -> None:
        """Encode and commit a group, in order."""
        self.follow()
        # While it falls behind, only our own encoder works, whose time is known.
        door = self.door if len(group) < GROUP else None
        batch = [self._new_event(queued, door) for queued in group]
        self._outbox.put(batch)
        self._recall.follow()
        for new in batch:
            self._recent.add(new)

    def forget(self, what: Erasure) -> None:
        """Let go of plates that are remembered and were erased. From any thread."""
        self._forget.append(what)

    def close(self) -> None:
        """There is nothing more to store."""
        if self.door is not None:
            self.door.close()

    def lose_vehicles_left_open(self) -> None:
        """Put the last events of vehicles of earlier streams that a crash or power cut left open."""
        self.follow()
        left = self._outbox.open_vehicles(other_than=self._stream_id)
        if left:
            _log.info("lost vehicles=%d left open by an earlier run", len(left))
            last = map(self._routed, chain.from_iterable(map(last_words, left)))
            self._outbox.put([route.new_event(route.event, {}) for route in last])
            self._recall.follow()

    def follow(self) -> None:
        """Do what other threads asked for since the last group: what is held goes at once where it no longer waits."""
        while self._settings:
            settings = self._settings.popleft()
            self._profiles = tuple(
                (self._outbox.profile_id(profile.key), profile) for profile in settings.profiles
            )
            self._lists = ListIndex(settings.plate_lists)
            self._libjpeg_turbo = settings.libjpeg_turbo
            self._recall.apply(settings)
        while self._forget:
            self._recall.forget(self._forget.popleft())

    def _new_event(self, queued: Queued, door: ImageEncoderDoor | None) -> NewEvent:
        event = event_from(
            queued.event,
            stream_id=self._stream_id,
            car_id=self._outbox.car_id(self._stream_id, queued.event.vehicle_no),
            lists=self._lists,
        )
        route = self._routed(event)
        specs = list(chain.from_iterable(route.wishes.values()))
        own = self._own_image
        if own is not None and all(spec.kind != own.kind for spec in specs):
            specs.append(own)
        else:
            own = None
        if door is not None and queued.event.shot is not None and not queued.crowded:
            door.make(queued.event.shot, specs)
        event, images = with_images(
            route.event,
            queued.event.shot,
            specs,
            why_none=CROWDED if queued.crowded else "",
            libjpeg_turbo=self._libjpeg_turbo,
        )
        if own is not None and event.missing:
            # No receiver is told of a picture that it did not want.
            missing = tuple(image for image in event.missing if image.kind != own.kind)
            event = replace(event, missing=missing)
        return route.new_event(event, images)

    def _routed(self, event: Event) -> _Route:
        """Which profiles want the event, and which images each wants with it."""
        wishes: dict[int, tuple[ImageSpec, ...]] = {}
        kept_back: dict[int, str] = {}
        recalled: list[Recalled] = []
        held: set[int] = set()
        for profile_id, profile in self._profiles:
            keeps = profile.kept_back_by(event)
            tells = keeps is None
            if self._is_judged(profile, event, tells=tells):
                one = self._recall.judge(profile, event, tells=tells)
                recalled.append(one)
                if tells and one.verdict == "repeat":
                    keeps = Filter.REPEAT_WINDOW_S
                elif one.verdict == "held":
                    held.add(profile_id)
            if keeps is None:
                wishes[profile_id] = profile.image_specs(event.kind)
            elif profile.enabled:
                kept_back[profile_id] = keeps.value
        if recalled:
            event = replace(event, recalled=tuple(recalled))
        return _Route(event, wishes, kept_back, held)

    def _is_judged(self, profile: Profile, event: Event, *, tells: bool) -> bool:
        if not (profile.repeat_window_s and (tells or self._recall.decides(profile, event))):
            return False
        # What is known was decided when it was stored, and will not be stored again.
        return not self._outbox.knows(event.event_id)


class _Route(NamedTuple):
    """Where an event goes: the images that each profile wants with it, by number, and what keeps it from the others."""

    event: Event
    wishes: Mapping[int, tuple[ImageSpec, ...]]
    kept_back: Mapping[int, str]
    held: AbstractSet[int]

    def new_event(self, event: Event, images: Mapping[str, bytes]) -> NewEvent:
        """The event with its images, for the outbox."""
        wanted = [
            Wanted(
                profile_id=profile_id,
                image_keys=tuple(ref.image_key for ref in event.images if ref.spec in specs),
                held=profile_id in self.held,
            )
            for profile_id, specs in self.wishes.items()
        ]
        return NewEvent(event=event, images=images, wanted_by=wanted, kept_back=self.kept_back)
