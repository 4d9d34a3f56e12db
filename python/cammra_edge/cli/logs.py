"""What is logged, and how a line looks: to standard error, with its level in front where the journal reads it.

systemd's journal takes `<4>` and its like for a line's level (sd-daemon(3)); it says in `JOURNAL_STREAM` which stream
is its own. Held by `tests/cli/test_logs.py`.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

_FORMAT: Final = "%(levelname)s %(name)s %(message)s"
_LEVELS: Final = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG: Final = 7
ERROR_LEVEL: Final = "<3>"
"""In front of a line that tells of an error."""


def log_to_stderr(level: int) -> None:
    """Log to standard error from this level on."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter(_FORMAT)
    handler.setFormatter(JournalFormatter(_FORMAT) if journal_reads(sys.stderr) else plain)
    logging.basicConfig(handlers=[handler], level=level)


def journal_reads(stream: TextIO) -> bool:
    """Whether what is written to this stream goes to the journal."""
    told = os.environ.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return told == f"{found.st_dev}:{found.st_ino}"


class JournalFormatter(logging.Formatter):
    """Begins every line with the record's level."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, tracebacks too."""
        level = next((told for least, told in _LEVELS if record.levelno >= least), _DEBUG)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())
