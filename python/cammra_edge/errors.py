"""Everything that can be wrong with what came from outside, as one family.

Each error names the field, the value it refused and what was wanted. A failure of the world around (a receiver that is
away, a full disk) is never an exception here: it is an outcome (`sinks.base`) or a counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class CammraError(Exception):
    """Parent of every error this package raises on purpose."""


class ConfigError(CammraError):
    """A setting that cannot be used.

    Args:
        field: The setting by its path, such as `tls.pin`, `part_names[1]` or `profiles[barrier].server_url`.
        value: What was given; secrets are masked by the caller.
        want: What would have been good, as the end of the sentence "want …".
        owner: Whose field it is, for a person: `HttpPost`, `profile 'barrier'`. Empty where the path says it.
    """

    def __init__(self, field: str, value: object, want: str, *, owner: str = "") -> None:
        super().__init__(f"{owner}{': ' if owner else ''}{field} is {value!r}: want {want}")
        self.field = field
        self.value = value
        self.want = want

    @property
    def errors(self) -> tuple[ConfigError, ...]:
        """Every field that is wrong: this one, or all that a `SettingsError` has gathered."""
        return (self,)


class SettingsError(ConfigError):
    """Several settings that cannot be used; itself it speaks of the first.

    Args:
        errors: One for each field, in the order of the fields; at least one.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        first = errors[0]
        super().__init__(first.field, first.value, first.want)
        self.args = ("; ".join(map(str, errors)),)
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[ConfigError, ...]:
        """One for each field."""
        return self._errors


class FrameError(CammraError, ValueError):
    """A frame that cannot be used: its size, stride, type or JPEG is broken."""


class ImageError(CammraError, ValueError):
    """One image that cannot be made; its event goes on without it."""


class ReadError(CammraError, ValueError):
    """A plate read whose fields have the wrong type."""


class BoundaryError(CammraError, ValueError):
    """A boundary that occurs in what it should part."""


class RecordingError(CammraError):
    """A recorded stream that cannot be read; names the file and the line."""


class OutboxError(CammraError):
    """The outbox cannot be opened: in use by another process, or of a newer schema."""
