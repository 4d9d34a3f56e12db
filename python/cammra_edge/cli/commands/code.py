"""`cammra-edge code`: a code that sets an admin's password on the page of the engine that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cammra_edge.cli.asking import RefusedError, engine_on, path_of
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.stored import add_where, stored_at
from cammra_edge.errors import OutboxError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cammra_edge.cli.terminal import Terminal

_NOT_FOUND = 404


def add_arguments(parser: ArgumentParser) -> None:
    """Its options."""
    add_where(parser)


def run(args: Namespace, terminal: Terminal) -> Exit:
    """Ask the running engine for a code."""
    path = stored_at(args.where).settings.path
    engine = engine_on(path)
    if engine is None:
        raise OutboxError(f"{path}: no engine runs on it, so there is no page to set a password on")
    try:
        told = engine.ask("POST", path_of("code"))
    except RefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        raise OutboxError(f"{path}: the engine that runs on it serves no page") from error
    finally:
        engine.close()
    terminal.line(f"code     {told['code']}")
    terminal.line(
        f"In the next {told['minutes']} minutes it sets the password of an admin, there already or new: on the page,"
        " Sign in, then 'Use a code from the console'."
    )
    terminal.data(told)
    return Exit.OK
