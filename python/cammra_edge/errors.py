"""Everything that can be wrong with what came from outside, as one family.

Each error names the field, the value it refused and what was wanted. A failure of the world around (a receiver that is
away, a full disk) is never an exception here: it is an outcome (`sinks.base`) or a counter.
"""


class CammraError(Exception):
    """Parent of every error this package raises on purpose."""


class ConfigError(CammraError):
    """A setting that cannot be used.

    Args:
        field: The setting as its owner would type it, such as `profiles[1].server_url`.
        value: What was given; secrets are masked by the caller.
        want: What would have been good, as the end of the sentence "want …".
    """

    def __init__(self, field: str, value: object, want: str) -> None:
        super().__init__(f"{field} is {value!r}: want {want}")
        self.field = field
        self.value = value
        self.want = want


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
