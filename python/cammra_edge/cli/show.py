"""One line for an event that arrived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cammra_edge.cli.terminal import KIND_STYLES, Style, Terminal, shown
from cammra_edge.receiver import Way
from cammra_edge.receiver.contract import IMAGE_ARRAY, Member, is_test
from cammra_edge.receiver.extension import MEMBER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.receiver import Arrival

_ARROWS = {"in": "in ", "out": "out", "unknown": "?  "}
_PLATE_LETTERS = 12
_LONGEST = 16


def arrival_line(terminal: Terminal, arrival: Arrival, *, to: str = "") -> str:
    """The event on one line, then a line for each thing that is wrong with it.

    Args:
        terminal: For its colours.
        arrival: What a receiver got.
        to: The receiver's name, where there are several.
    """
    is_upload = arrival.way is Way.FTP and not arrival.body
    words = _upload_words(terminal, arrival) if is_upload else _event_words(terminal, arrival, to)
    at = datetime.fromtimestamp(arrival.at_utc_ns / 1e9, tz=UTC).astimezone()
    time = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"
    wrong = [
        terminal.styled(f"              wrong: {shown(why)}", Style.BAD) for why in arrival.problems
    ]
    return "\n".join(["  ".join([time, *words]), *wrong])


def _event_words(terminal: Terminal, arrival: Arrival, to: str) -> list[str]:
    kind = shown(arrival.kind or "no event")[:_LONGEST]
    plate = shown(arrival.plate)[:_LONGEST] or "(no plate)"
    pictures = " + ".join(
        f"{shown(picture.kind)[:_LONGEST] or 'picture'} {picture.width}x{picture.height}"
        for picture in arrival.pictures
    )
    words = [
        terminal.styled(f"{kind:<8}", KIND_STYLES.get(kind, Style.BAD)),
        terminal.styled(f"{plate:<{_PLATE_LETTERS}}", Style.BOLD),
        f"{shown(arrival.text(Member.PLATE_COUNTRY))[:3]:<3}",
        _ARROWS.get(arrival.direction, "?  "),
        f"{_rounded(arrival.text(Member.PLATE_CONFIDENCE)):<4}",
        f"vehicle {shown(arrival.car_id)[:_LONGEST]:<3}",
        f"#{arrival.packet:<4}",
        f"{to or arrival.way:<14}",
        terminal.styled(pictures or "no picture", Style.DIM),
    ]
    words += [terminal.styled(word, Style.DIM) for word in _own_words(arrival)]
    if is_test(arrival.body):
        words.append(terminal.styled("test", Style.DIM))
    if arrival.repeat:
        words.append(terminal.styled("again", Style.DIM))
    return words


def _own_words(arrival: Arrival) -> Iterator[str]:
    """What the sender's own member tells, as far as it fits a line."""
    own = arrival.body.get(MEMBER)
    if not isinstance(own, dict):
        return
    if isinstance(reason := own.get("reliable_by"), str) and reason:
        yield f"by {shown(reason)[:_LONGEST]}"
    repeat = own.get("repeat")
    if isinstance(repeat, dict) and isinstance(count := repeat.get("count"), str):
        yield f"repeats {shown(count)[:_LONGEST]}"


def _upload_words(terminal: Terminal, arrival: Arrival) -> list[str]:
    """A picture that came by FTP without an event: its path says all there is."""
    picture = arrival.pictures[0]
    return [
        terminal.styled(shown(picture.name), Style.BOLD),
        terminal.styled(f"{picture.width}x{picture.height}", Style.DIM),
    ]


def _rounded(fraction: str) -> str:
    """A number with two decimals; anything else as it came, cut short."""
    try:
        return f"{float(fraction):.2f}"[:4]
    except ValueError:
        return shown(fraction)[:4]


def arrival_data(arrival: Arrival, *, to: str = "") -> dict[str, object]:
    """The event as JSON data, without the pictures' bytes."""
    return {
        "number": arrival.number,
        "to": to or arrival.way.value,
        "peer": arrival.peer,
        "at_utc_ns": arrival.at_utc_ns,
        "repeat": arrival.repeat,
        "test": is_test(arrival.body),
        "problems": list(arrival.problems),
        "event": {name: value for name, value in arrival.body.items() if name != IMAGE_ARRAY},
        "pictures": [
            {
                "name": picture.name,
                "kind": picture.kind,
                "width": picture.width,
                "height": picture.height,
                "size_bytes": len(picture.jpeg),
            }
            for picture in arrival.pictures
        ],
    }
