"""`python -m cammra_edge` and the script `cammra-edge`."""

from __future__ import annotations

import sys

from cammra_edge.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
