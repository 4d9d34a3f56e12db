"""Answers as plain data: what the API sends, and what the command line shows and writes to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cammra_edge.phrases import counted
from cammra_edge.search.times import iso_from
from cammra_edge.search.words import erasure_from, query_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cammra_edge.model import Event
    from cammra_edge.outbox import Erased, EventQuery, FoundEvent, FoundPage, HistoryStatus
    from cammra_edge.search.words import Words

NS_PER_MS = 10**6


def search_answer(
    search: Callable[[EventQuery], FoundPage], words: Words, zone_name: str
) -> dict[str, Any]:
    """One page of what `search` finds.

    Returns:
        `events`, newest first; `cursor` of the next page, empty where this is the last; `from` and `to` as they were
        understood, with their zone.

    Raises:
        SettingsError: Names every word that cannot be used.
    """
    query = query_from(words, zone_name)
    page = search(query)
    bounds = {"from": query.from_utc_ns, "to": query.to_utc_ns}
    return {
        "events": [found_plain(found, zone_name) for found in page.events],
        "cursor": page.cursor,
        **_times(bounds, zone_name),
    }


def erase_answer(erase: Callable[..., Erased], words: Words, zone_name: str) -> dict[str, Any]:
    """What `erase` (`outbox.History.erase`) overwrote, and what was kept for which profile since it waits or is parked.

    Raises:
        SettingsError: Names every word that cannot be used.
    """
    what = erasure_from(words, zone_name)
    erased = erase(
        plate=what.plate,
        before_utc_ns=what.before_utc_ns,
        everything=what.everything,
        undelivered=what.undelivered,
    )
    return {
        "events": erased.events,
        "pictures": erased.pictures,
        "waiting": dict(erased.waiting),
    }


def erased_in(answer: Mapping[str, Any]) -> str:
    """How much an answer of `erase_answer` says was overwritten, in words."""
    return f"{counted(answer['events'], 'event')} and {counted(answer['pictures'], 'picture')}"


def memory_answer(status: HistoryStatus, zone_name: str) -> dict[str, Any]:
    """How far back the outbox remembers; `texts_since` and `pictures_since` are empty where there are none."""
    since = {
        "texts_since": status.oldest_text_utc_ns,
        "pictures_since": status.oldest_picture_utc_ns,
    }
    return {
        "events": status.events,
        "bytes": status.bytes,
        "bound": status.bound,
        **_times(since, zone_name),
    }


def _times(times: Mapping[str, int | None], zone_name: str) -> dict[str, str]:
    return {
        name: "" if utc_ns is None else iso_from(utc_ns, zone_name)
        for name, utc_ns in times.items()
    }


def found_plain(found: FoundEvent, zone_name: str) -> dict[str, Any]:
    """One event that was found; of its images, those that are still there."""
    event = event_plain(found.event)
    return {
        **event,
        "seq": found.seq,
        "time": iso_from(found.event.at_utc_ns, zone_name),
        "exact": found.exact,
        "states": [state.value for state in found.states],
        "images": [image for image in event["images"] if image["key"] in found.image_keys],
    }


def event_plain(event: Event) -> dict[str, Any]:
    """One event, in the words of the page."""
    return {
        "id": event.event_id,
        "kind": event.kind.value,
        "car": event.car_id,
        "at": event.at_utc_ns // NS_PER_MS,
        "text": event.plate.text,
        "confidence": round(event.plate.confidence, 4),
        "country": event.plate.country,
        "direction": event.direction.value,
        "roi": event.roi_id,
        "changed": list(event.changed),
        "previous": event.previous_plate,
        "candidates": [
            {"text": one.text, "confidence": round(one.confidence, 4)} for one in event.candidates
        ],
        "reliable_by": event.reliable_by or "",
        "final": event.final,
        "first": event.first_utc_ns // NS_PER_MS,
        "last": None if event.last_utc_ns is None else event.last_utc_ns // NS_PER_MS,
        "clock_synced": event.clock_synced,
        "repeats": [
            {"profile": one.profile, "count": one.repeat.count}
            for one in event.recalled
            if one.repeat is not None and one.verdict != "repeat"
        ],
        "vehicle": " ".join(
            part for part in (event.info.colour, event.info.make, event.info.model) if part
        ),
        "images": [
            {
                "key": ref.image_key,
                "kind": ref.spec.kind.value,
                "width": ref.width,
                "height": ref.height,
            }
            for ref in event.images
        ],
        "missing": [{"kind": image.kind.value, "why": image.why} for image in event.missing],
        "image_text": event.image_text,
        "image_at": event.image_utc_ns // NS_PER_MS or None,
        "list": event.listed.name,
        "list_mode": event.listed.mode,
        "list_note": event.listed.description,
        "list_meant": event.listed.meant,
    }
