"""Questions in words: the parameters of the API, the options of the command line, the fields of the page's form."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cammra_edge.errors import ConfigError, SettingsError
from cammra_edge.outbox import Erasure, EventQuery
from cammra_edge.outbox.wants import OutboxWant
from cammra_edge.search.times import utc_ns_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cammra_edge.phrases import Said

Words = Mapping[str, Any]
"""Values by name; an empty text, an empty list and `None` restrict nothing."""

_FIELDS = {
    "from": "from_utc_ns",
    "to": "to_utc_ns",
    "list": "list_name",
    "kind": "kinds",
    "before": "before_utc_ns",
    "all": "everything",
}
"""What a word is called in `EventQuery` and `Erasure`, where that differs."""
_WORDS = {field: word for word, field in _FIELDS.items()}


def query_from(words: Words, zone_name: str) -> EventQuery:
    """The query in these words: fields of `EventQuery`, but `from`, `to`, `list` and `kind` for short.

    Args:
        words: A date alone is its begin as `from`, its end as `to`.
        zone_name: The zone of times without one.

    Raises:
        SettingsError: Names every word that cannot be used.
    """
    with _in_words():
        return EventQuery(**_fields(words, zone_name))


def erasure_from(words: Words, zone_name: str) -> Erasure:
    """What these words want forgotten: `plate`, `before` or `all`, and `undelivered`.

    Args:
        words: A date alone is its begin as `before`.
        zone_name: The zone of times without one.

    Raises:
        SettingsError: Names every word that cannot be used.
    """
    with _in_words():
        return Erasure(**_fields(words, zone_name))


_NOT_OF_WHAT = {"plate", "cursor", "limit"}


def given_in(words: Words) -> list[str]:
    """Which words restrict what is found, for the audit log: by name, the plate itself left out."""
    return [name for name, value in words.items() if value and name not in _NOT_OF_WHAT]


def is_search(words: Words) -> bool:
    """Whether somebody looks for something, and not at the latest of all."""
    return bool(words.get("plate") or given_in(words))


def _fields(words: Words, zone_name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    errors: list[ConfigError] = []
    for word, value in words.items():
        if value in ("", None, [], ()):
            continue
        name = _FIELDS.get(word, word)
        fields[name] = value
        if name.endswith("_utc_ns"):
            try:
                fields[name] = utc_ns_from(word, value, zone_name, to_its_end=word == "to")
            except ConfigError as error:
                errors.append(error)
    if errors:
        raise SettingsError(errors)
    return fields


def _in_short(want: Said) -> Said:
    if want.code == OutboxWant.TIME_AFTER.code:
        return OutboxWant.TIME_AFTER(other="from")
    return want


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ConfigError as refusal:
        errors = [
            ConfigError(
                _WORDS.get(error.field, error.field),
                error.value,
                _in_short(error.want),
            )
            for error in refusal.errors
        ]
        raise SettingsError(errors) from refusal
