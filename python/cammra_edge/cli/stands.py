"""How an engine stands, as commands have it from `/api/status` or an outbox on disk, and how they say it.

Held by `tests/cli/test_source_commands.py` and `tests/cli/test_running_engine.py`.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from cammra_edge.camera import SourceState
from cammra_edge.cli.terminal import Style, shown
from cammra_edge.delivery import ProfileStatus
from cammra_edge.outbox import OutboxStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from _typeshed import DataclassInstance

    from cammra_edge.cli.terminal import Terminal

_T = TypeVar("_T", bound="DataclassInstance")


class Stands(NamedTuple):
    """The outbox, its profiles, and the source as JSON has it, where an engine runs that has one of ours."""

    outbox: OutboxStatus | None
    profiles: list[ProfileStatus]
    source: Mapping[str, Any] | None = None


def stands_from(plain: Mapping[str, Any]) -> Stands:
    """What `/api/status` tells; what a newer version has besides is left out."""
    outbox = plain["outbox"]
    return Stands(
        None if outbox is None else value_of(OutboxStatus, outbox),
        [value_of(ProfileStatus, profile) for profile in plain["profiles"]],
        plain.get("source"),
    )


def value_of(kind: type[_T], plain: Mapping[str, Any]) -> _T:
    """A value of this kind, as JSON has it."""
    return kind(**{one.name: plain[one.name] for one in fields(kind) if one.name in plain})


def show_source(terminal: Terminal, source: Mapping[str, Any]) -> None:
    """How a source stands, for people; `source` is a `SourceStatus` as JSON has it."""
    trouble = source["trouble"]
    state = "" if trouble else f" {source['state']}"
    good = {SourceState.PLAYING, SourceState.ENDED}
    style = Style.GOOD if source["state"] in good and not trouble else Style.NOTICE
    name = terminal.styled(f"source{state}", style)
    facts = ", ".join(_facts(source))
    terminal.line(f"{name} {shown(str(source['address']))}" + (f": {facts}" if facts else ""))
    if trouble:
        detail = f" ({trouble['detail']})" if trouble["detail"] else ""
        what = shown(f"{trouble['what']}{detail}; {trouble['remedy']}")
        terminal.line(f"  {terminal.styled('no pictures', Style.BAD)}: {what}")
    if counts := ", ".join(_counts(source)):
        terminal.line(f"  {counts}")


def _facts(source: Mapping[str, Any]) -> Iterator[str]:
    if source["width"]:
        yield f"{source['width']}x{source['height']}"
    if source["codec"]:
        yield shown(str(source["codec"]))
    if source["rate_fps"]:
        yield f"{source['rate_fps']:g} pictures a second"


def _counts(source: Mapping[str, Any]) -> Iterator[str]:
    words = (
        ("skipped_frames", "passed over, as newer ones had come"),
        ("damaged_frames", "damaged"),
        ("reconnects", "times opened anew"),
    )
    if source["pictures"]:
        yield f"{source['pictures']} pictures"
    yield from (f"{source[name]} {word}" for name, word in words if source[name])
    offset_ms = source["camera_clock_offset_ms"]
    if offset_ms is not None:
        way = "ahead of" if offset_ms > 0 else "behind"
        yield f"the camera's clock is {abs(offset_ms) / 1000:.1f} s {way} this machine's"
