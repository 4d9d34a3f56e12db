"""The command line: `cammra-edge …`. One module per command under `commands`."""

from cammra_edge.cli.program import main

__all__ = ["main"]
