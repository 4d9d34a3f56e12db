"""`python -m cammra_edge` and the script `cammra-edge`."""

from __future__ import annotations

import signal
import sys

__all__ = ["main"]


def main() -> int:
    """Run the program. While its modules are read, and when all is done, Ctrl-C ends it without a word."""
    _end_by_ctrl_c()
    from cammra_edge.cli import main as run  # noqa: PLC0415 - as said

    code = run()
    _end_by_ctrl_c()
    return code


def _end_by_ctrl_c() -> None:
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
