"""A short name for settings as they are: equal settings have the same, whatever their secrets.

Held by `tests/config/test_fingerprint.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

from cammra_edge.fields import plain_of, settings_of

if TYPE_CHECKING:
    from cammra_edge.config import Settings

_DIGITS = 16


def fingerprint(settings: Settings) -> str:
    """Of all settings but secrets, whose hash would be something to guess them by."""
    text = json.dumps(_open(settings), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _open(value: object) -> Any:  # noqa: ANN401 - JSON
    if is_dataclass(value):
        known = settings_of(type(value))
        fields = {
            name: _open(getattr(value, name)) for name, field in known.items() if not field.secret
        }
        return {"": type(value).__name__, **fields}
    if isinstance(value, tuple) and any(map(is_dataclass, value)):
        return [_open(item) for item in value]
    return plain_of(value)
