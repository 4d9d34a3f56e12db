"""What the engine knows, as the page's JSON; called from any thread, changes nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cammra_edge.engine.alarms import Alarm, alarms_of
from cammra_edge.engine.outlook import outlook_of
from cammra_edge.model import Direction, Event, EventKind, Plate
from cammra_edge.outbox import EventState
from cammra_edge.outbox.exported import export_of
from cammra_edge.payload.paths import base_path
from cammra_edge.payload.published import topics
from cammra_edge.phrases import recognised, unicode
from cammra_edge.profile import FilesContent, Profile, PublishedContent
from cammra_edge.search import event_plain
from cammra_edge.sinks.whys import QueueWhy
from cammra_edge.web.sentences import WHYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cammra_edge.clock import Clock
    from cammra_edge.config import Settings
    from cammra_edge.delivery import Try
    from cammra_edge.engine import EngineStatus
    from cammra_edge.outbox import Delivery, Parked
    from cammra_edge.web.ports import PagedEngine

NS_PER_MS = 10**6
SHOWN_EVENTS = 100
PHRASES = ("why", "remedy")
"""Values of alarms that are phrases where they are ours."""


def status_plain(engine: PagedEngine, clock: Clock) -> dict[str, Any]:
    """The engine's status, what of it calls for a person, and when it was taken."""
    status = engine.status()
    return {
        **asdict(status),
        "profiles": [asdict(profile) | _why(profile.why) for profile in status.profiles],
        "alarms": alarms_plain(status),
        "now": clock.utc_ns() // NS_PER_MS,
    }


def alarms_plain(status: EngineStatus) -> list[dict[str, Any]]:
    """What calls for a person, and what the phrases among its values are known by."""
    return [_alarm(alarm) for alarm in alarms_of(status)]


def _alarm(alarm: Alarm) -> dict[str, Any]:
    values: dict[str, Any] = {}
    said: dict[str, Any] = {}
    for name, value in alarm.values.items():
        values[name] = unicode(value) if isinstance(value, str) else value
        if name in PHRASES and isinstance(value, str) and (phrase := recognised(value, WHYS)).code:
            said[name] = phrase.plain()
    return {**asdict(alarm), "values": values, "said": said}


def _why(why: str) -> dict[str, Any]:
    """What became of a try, and what it is known by; it may have been kept as a text, or come from a sink elsewhere."""
    return {"why": why, **recognised(why, WHYS).plain()}


def events_plain(engine: PagedEngine) -> list[dict[str, Any]]:
    """The latest events, oldest first, and where each went."""
    events = engine.recent_events()[-SHOWN_EVENTS:]
    went = _went(engine)
    profiles = engine.settings.profiles
    outcomes = engine.outcomes_of(
        [
            event.event_id
            for event in events
            if any((profile.key, event.event_id) not in went for profile in profiles)
        ]
    )
    return [
        event_plain(event) | {"went": _where(event, profiles, went, outcomes.get(event.event_id))}
        for event in events
    ]


def event_recalled(event: Event, key: str) -> str:
    """What a profile's memory of plates made of an event; empty where it was not asked."""
    return next((one.verdict for one in event.recalled if one.profile == key), "")


def _went(engine: PagedEngine) -> dict[tuple[str, str], Try]:
    """The last try of each event, by the profile's key and the event's id."""
    return {
        (key, entry.event_id): entry
        for key, entries in engine.operator.journal().items()
        for entry in entries
    }


def _where(
    event: Event,
    profiles: Sequence[Profile],
    went: Mapping[tuple[str, str], Try],
    stands: Mapping[str, EventState] | None,
) -> list[dict[str, Any]]:
    """Where the event went, by the last try of each profile; where none is known, by how it `stands` in the outbox.

    One that the outbox does not know is about to be stored, and waits where it is wanted.
    """
    places: list[dict[str, Any]] = []
    for profile in profiles:
        last = went.get((profile.key, event.event_id))
        if event_recalled(event, profile.key) == "repeat":
            place = {
                "outcome": EventState.UNWANTED,
                "tries": 0,
                **_why(QueueWhy.PLATE_TOLD_ALREADY()),
            }
        elif last is not None:
            place = {"outcome": last.outcome, "tries": last.number, **_why(last.why)}
        elif stands is None and profile.wants(event):
            place = {"outcome": EventState.WAITING, "tries": 0, **_why("")}
        elif stands and profile.key in stands:
            place = {"outcome": stands[profile.key], "tries": 0, **_why("")}
        else:
            continue
        places.append({"profile": profile.key, **place})
    return places


def try_plain(
    key: str, entry: Try, plates: Mapping[str, str], *, words: bool, kept: AbstractSet[int]
) -> dict[str, Any]:
    """One line of the journal; `words` says whether the receiver's own may be seen, `kept` whose bytes there are."""
    return {
        "profile": key,
        "at": entry.at_utc_ns // NS_PER_MS,
        "event": entry.event_id,
        "plate": plates.get(entry.event_id, ""),
        "kind": entry.kind,
        "packet": entry.packet,
        "number": entry.number,
        "outcome": entry.outcome,
        **_why(entry.why),
        "words": entry.words if words else "",
        "took_ms": round(entry.took_ns / NS_PER_MS, 1),
        "size_bytes": entry.size_bytes,
        "serial": entry.serial,
        "kept": entry.serial in kept,
    }


def parked_plain(
    key: str, delivery: Parked, plates: Mapping[str, str], *, words: bool
) -> dict[str, Any]:
    """One parked delivery; `words` as for `try_plain`."""
    return {
        "profile": key,
        "seq": delivery.seq,
        "event": delivery.event_id,
        "plate": plates.get(delivery.event_id, ""),
        "kind": delivery.kind,
        "packet": delivery.packet,
        "attempts": delivery.attempts,
        **_why(delivery.why),
        "words": delivery.words if words else "",
        "at": delivery.parked_utc_ns // NS_PER_MS,
    }


def parked_line(key: str, row: Parked, delivery: Delivery) -> bytes:
    """One parked delivery whole, as a line of JSON: as `parked export` writes it, with the pictures in base64."""
    export = export_of(row, delivery)
    plain = {
        "profile": key,
        "parked": export.parked,
        "event": export.event,
        "images": {name: b64encode(jpeg).decode() for name, jpeg in export.images.items()},
    }
    return (json.dumps(plain, separators=(",", ":")) + "\n").encode()


def outlook(engine: PagedEngine, settings: Settings, now_utc_ns: int) -> list[dict[str, Any]]:
    """How many of the latest events each profile of these settings would have sent, and its file names."""
    events = engine.recent_events()
    return [
        {
            **asdict(outlook_of(profile, events, settings)),
            "names": file_names(settings, profile, now_utc_ns),
        }
        for profile in settings.profiles
    ]


def file_names(settings: Settings, profile: Profile, now_utc_ns: int) -> list[str]:
    """The files that a profile would write for a vehicle passing now, named by the code that names them all."""
    content = profile.protocol.content()
    if not isinstance(content, FilesContent | PublishedContent):
        return []
    event = Event(
        event_id="0" * 32, stream_id="", vehicle_no=1, car_id=7543, kind=EventKind.RELIABLE, ordinal=1,
        at_utc_ns=now_utc_ns, first_utc_ns=now_utc_ns, plate=Plate(text="AXIS1234", confidence=0.9, country="SWE"),
        direction=Direction.IN,
    )  # fmt: skip
    sender = profile.sender(0, settings.device)  # no name holds the number
    if isinstance(content, PublishedContent):
        kinds = [spec.kind for spec in profile.image_specs(event.kind)]
        return topics(content, event, kinds, sender)
    base = base_path(content.path, content.naming, event, sender)
    plate_crop = [f"{base}_lp.jpg"] if len(profile.image_specs()) > 1 else []
    sidecar = [f"{base}.json"] if content.sidecar else []
    first = [f"{base}.jpg"] if profile.image_specs() else []
    return [*sidecar, *plate_crop, *first]
