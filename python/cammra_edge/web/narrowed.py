"""Status and events as viewers are told them: what there is and how it stands, and not where it is.

What a receiver's refusal says names its host; so does an alarm about it. Who may not see deliveries (`roles`) is told
that there is a reason, and who sees it. Held by `tests/web/test_narrowed.py`.
"""

from __future__ import annotations

from typing import Any

from cammra_edge.web.sentences import Sentence

_SAID = {"why": str(Sentence.OPERATORS_SEE_WHY()), **Sentence.OPERATORS_SEE_WHY().plain()}


def narrowed_status(status: dict[str, Any]) -> dict[str, Any]:
    """Without addresses, folders and the local socket."""
    return {
        **status,
        "local_socket": "",
        "local_socket_trouble": "",
        "profiles": [_narrowed(profile) for profile in status["profiles"]],
        "keepalive": _narrowed(status["keepalive"]),
        "outbox": _without(status["outbox"], "path"),
        "source": _without(status.get("source"), "address"),
        "alarms": narrowed_alarms(status["alarms"]),
    }


def narrowed_alarms(alarms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those about a receiver without what it said."""
    return [
        {
            **alarm,
            "values": {**alarm["values"], "why": _SAID["why"]},
            "said": {**alarm["said"], "why": Sentence.OPERATORS_SEE_WHY().plain()},
        }
        if alarm["where"].startswith("integration/") and "why" in alarm["values"]
        else alarm
        for alarm in alarms
    ]


def narrowed_event(event: dict[str, Any]) -> dict[str, Any]:
    """Where it went, without what the receivers said of it."""
    return {**event, "went": [_narrowed(place) for place in event["went"]]}


def _narrowed(told: dict[str, Any] | None) -> dict[str, Any] | None:
    """One thing that has a reason, a last error, or both, or more of them."""
    if told is None:
        return None
    plain = {**told, **_SAID} if told.get("why") else dict(told)
    for name in ("last_error", "unheard", "presence"):
        if plain.get(name):
            plain[name] = _SAID["why"]
    return plain


def _without(told: dict[str, Any] | None, name: str) -> dict[str, Any] | None:
    return None if told is None else {**told, name: ""}
