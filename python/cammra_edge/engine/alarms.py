"""What calls for a person now, as one table: a code, its values, and the place on the page that leads on.

A pure function of the engine's status. Codes and values are for programs; the page has their words, a text and a
remedy each (`alarm_…` and `cure_…` in `static/en-alarms.json`). Held by `tests/web/test_alarms.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cammra_edge.delivery import ProfileState
from cammra_edge.engine.troubles import PICTURE_KINDS, InputKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cammra_edge.delivery import ProfileStatus
    from cammra_edge.engine.status import EngineStatus
    from cammra_edge.engine.troubles import InputTrouble

SILENT_S = 30.0
"""A source that has said nothing for so long is gone …"""
SILENT_GAPS = 20.0
"""… unless its frames come far apart: then after so many times its usual gap."""
LATELY_S = 120.0
"""Wrong input is an alarm for so long after it last came; the status counts it for good."""
DISK_WAITS_S = 10.0
"""A disk that answers nothing for so long is ill."""

DELIVERIES = "integration/deliveries"
KEEPALIVE = "integration/keepalive"
CAMERA = "settings/camera"


class AlarmCode(StrEnum):
    """What may be wrong, the most urgent first."""

    PROFILE_PAUSED = "profile_paused"
    DISK_ILL = "disk_ill"
    DISK_SLOW = "disk_slow"
    EVENTS_DAMAGED = "events_damaged"
    EVENTS_NOT_STORED = "events_not_stored"
    PARKED = "parked"
    UNHEARD = "unheard"
    PRESENCE_FAILED = "presence_failed"
    LEFT_BEHIND = "left_behind"
    SOURCE_TROUBLE = "source_trouble"
    SOURCE_NEVER_CAME = "source_never_came"
    SOURCE_GONE = "source_gone"
    FRAMES_REFUSED = "frames_refused"
    FRAMES_BROKEN = "frames_broken"
    WRONG_INPUT = "wrong_input"
    KEEPALIVE_FAILED = "keepalive_failed"
    CLOCK_UNSET = "clock_unset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One of them.

    Args:
        code: What is wrong.
        values: What its words need, such as the profile's key and name, how many, and why.
        where: The address on the page, behind `#`, where a person sees to it.
    """

    code: AlarmCode
    values: Mapping[str, object]
    where: str


def alarms_of(status: EngineStatus) -> list[Alarm]:
    """All that calls for a person, the most urgent first."""
    found = [*_of_profiles(status), *_of_disk(status), *_of_source(status), *_of_keepalive(status)]
    urgency = list(AlarmCode)
    return sorted(found, key=lambda alarm: urgency.index(alarm.code))


def _of_profiles(status: EngineStatus) -> Iterator[Alarm]:
    for place, profile in enumerate(status.profiles, start=1):
        values: dict[str, object] = {"profile": profile.key, "name": profile.name}
        if profile.state is ProfileState.REMOVED:
            events = profile.queue_events + profile.parked_now
            yield Alarm(
                code=AlarmCode.LEFT_BEHIND, values={**values, "n": events}, where=DELIVERIES
            )
            continue
        if profile.alarm:
            yield Alarm(
                code=AlarmCode.PROFILE_PAUSED,
                values={**values, "why": profile.why},
                where=f"integration/push/{place}",
            )
        if profile.unheard:
            yield Alarm(
                code=AlarmCode.UNHEARD,
                values={**values, "why": profile.unheard},
                where=f"integration/push/{place}",
            )
        if profile.presence:
            yield Alarm(
                code=AlarmCode.PRESENCE_FAILED,
                values={**values, "why": profile.presence},
                where=f"integration/push/{place}",
            )
        if profile.parked_now:
            yield _parked(profile, values)


def _parked(profile: ProfileStatus, values: Mapping[str, object]) -> Alarm:
    return Alarm(
        code=AlarmCode.PARKED, values={**values, "n": profile.parked_now}, where=DELIVERIES
    )


def _of_disk(status: EngineStatus) -> Iterator[Alarm]:
    def alarm(code: AlarmCode, **values: object) -> Alarm:
        return Alarm(code=code, values=values, where=CAMERA)

    if status.not_stored:
        yield alarm(AlarmCode.EVENTS_NOT_STORED, n=status.not_stored)
    disk = status.outbox
    if disk is None:
        return
    if disk.storage_waits_s > DISK_WAITS_S:  # which is a trouble of the outbox's own, too
        yield alarm(AlarmCode.DISK_SLOW, s=round(disk.storage_waits_s))
    elif not disk.durable or disk.trouble:
        yield alarm(AlarmCode.DISK_ILL, why=disk.trouble, n=disk.not_yet_durable)
    if disk.damage:
        yield alarm(AlarmCode.EVENTS_DAMAGED, n=disk.lost_events, why=disk.damage)


def _of_source(status: EngineStatus) -> Iterator[Alarm]:
    def alarm(code: AlarmCode, **values: object) -> Alarm:
        return Alarm(code=code, values=values, where=CAMERA)

    stream = status.stream
    trouble = None if status.source is None else status.source.trouble
    if trouble is not None:
        yield alarm(
            AlarmCode.SOURCE_TROUBLE, kind=trouble.kind, why=trouble.why, remedy=trouble.remedy
        )
    elif stream is not None and stream.silent_s > max(SILENT_S, SILENT_GAPS * stream.usual_gap_s):
        code = AlarmCode.SOURCE_GONE if status.frames else AlarmCode.SOURCE_NEVER_CAME
        yield alarm(code, s=round(stream.silent_s))
    if stream is not None and stream.clock_synced is False:
        yield alarm(AlarmCode.CLOCK_UNSET)
    yield from (_wrong(one) for one in status.input_troubles if one.ago_s <= LATELY_S)


def _wrong(trouble: InputTrouble) -> Alarm:
    values: dict[str, object] = {"n": trouble.count, "why": trouble.why}
    code = AlarmCode.WRONG_INPUT
    if trouble.kind is InputKind.FORMAT:
        code, values["formats"] = AlarmCode.FRAMES_REFUSED, list(trouble.fits)
    elif trouble.kind in PICTURE_KINDS:
        code = AlarmCode.FRAMES_BROKEN
    else:
        values |= {"kind": trouble.kind, "what": trouble.what, "remedy": trouble.remedy}
    return Alarm(code=code, values=values, where=CAMERA)


def _of_keepalive(status: EngineStatus) -> Iterator[Alarm]:
    signs = status.keepalive
    if signs is not None and signs.failed:
        yield Alarm(
            code=AlarmCode.KEEPALIVE_FAILED,
            values={"why": signs.why, "n": signs.failed},
            where=KEEPALIVE,
        )
