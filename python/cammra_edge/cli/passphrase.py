"""The passphrase of a backup: from the environment, or typed at a terminal; never a word of the command line."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from typing import Final

from cammra_edge.cli.exits import UsageError
from cammra_edge.web.passwords import check_password

VARIABLE: Final = "CAMMRA_PASSPHRASE"
NEW: Final = True


def passphrase(is_new: bool = False) -> str:  # noqa: FBT001, FBT002 - `passphrase(NEW)`
    """The passphrase; a new one is typed twice, and must not be easy to guess.

    Raises:
        UsageError: There is neither the variable nor a terminal, or the second one differs.
        ConfigError: It is too short.
    """
    word = os.environ.get(VARIABLE)
    if word is None:
        if not sys.stdin.isatty():
            raise UsageError(f"the backup needs a passphrase: put it in {VARIABLE}")
        word = getpass("Passphrase: ")
        if is_new and word != getpass("Again: "):
            raise UsageError("that was another one")
    if is_new:
        check_password(word, VARIABLE)
    return word
