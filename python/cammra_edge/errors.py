"""Everything that can be wrong with what came from outside, as one family.

Each error names the field, the value it refused and what was wanted. A failure of the world around (a receiver that is
away, a full disk) is never an exception here: it is an outcome (`sinks.base`) or a counter.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cammra_edge.phrases import Said


class CammraError(Exception):
    """Parent of every error this package raises on purpose."""


class ConfigError(CammraError):
    """A setting that cannot be used.

    Args:
        field: The setting's path, such as `tls.pin`, `part_names[1]` or `profiles[barrier].server_url`.
        value: The value refused; the caller masks secrets.
        want: What would be accepted, as the end of the sentence "want …".
        owner: What the path begins at, such as `HttpPost` or `profile 'barrier'`; empty if it is complete.
    """

    def __init__(self, field: str, value: object, want: Said, *, owner: str = "") -> None:
        super().__init__(f"{owner}{': ' if owner else ''}{field} is {value!r}: want {want}")
        self.field = field
        self.value = value
        self.want = want
        self.owner = owner

    def __reduce__(self) -> tuple[object, ...]:
        return partial(ConfigError, owner=self.owner), (self.field, self.value, self.want)

    @property
    def errors(self) -> tuple[ConfigError, ...]:
        """Every field that is wrong: this one, or those of a `SettingsError`."""
        return (self,)


class SettingsError(ConfigError):
    """Settings that cannot be used; as a `ConfigError` it is the first of them.

    Args:
        errors: One for each wrong field, in the order of the fields; at least one.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        first = errors[0]
        super().__init__(first.field, first.value, first.want)
        self.args = ("; ".join(map(str, errors)),)
        self._errors = tuple(errors)

    def __reduce__(self) -> tuple[object, ...]:
        return SettingsError, (self._errors,)

    @property
    def errors(self) -> tuple[ConfigError, ...]:
        """One for each wrong field."""
        return self._errors


class FrameError(CammraError, ValueError):
    """A frame that cannot be used: its size, stride, type or JPEG is broken."""


class FrameFormatError(FrameError):
    """A frame whose buffers do not fit `frame_format`.

    Args:
        message: What does not fit.
        fits: The formats that such a buffer may have.
    """

    def __init__(self, message: str, fits: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.fits = tuple(fits)

    def __reduce__(self) -> tuple[object, ...]:
        return FrameFormatError, (str(self), self.fits)


class ImageError(CammraError, ValueError):
    """One image that cannot be made; its event goes on without it."""


class ReadError(CammraError, ValueError):
    """A plate read whose fields have the wrong type."""


class BoundaryError(CammraError, ValueError):
    """A boundary that occurs in what it should part."""


class RecordingError(CammraError):
    """A recorded stream that cannot be read; names the file and the line."""


class BackupError(CammraError):
    """A backup that cannot be made, or one that cannot be used."""


class OutboxError(CammraError):
    """The outbox cannot be opened: in use by another process, or of a newer schema."""
