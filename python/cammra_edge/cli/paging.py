"""The page beside a command: the option `--page`, and what happens when the page cannot be served."""

from __future__ import annotations

import errno
import re
import socket
from argparse import ArgumentTypeError
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from cammra_edge.cli.commands.listen import address_of

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence
    from pathlib import Path

    from cammra_edge.cli.terminal import Terminal
    from cammra_edge.engine import Engine
    from cammra_edge.web.serve import ServedPage

PAGE_PORT = 8080
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!\Z)|\Z))+")
_DEFAULT = ("127.0.0.1", PAGE_PORT)


def add_page(parser: ArgumentParser) -> None:
    """The option `--page`."""
    parser.add_argument(
        "--page",
        type=address_of,
        default=_DEFAULT,
        metavar="[HOST:]PORT|off",
        help=f"where to serve the INTEGRATION page (default 127.0.0.1:{PAGE_PORT}); 0.0.0.0:PORT is every network",
    )
    parser.add_argument(
        "--host",
        type=host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="a name that the page is reached by, besides the machine's own; may be given several times",
    )


def host_name(text: str) -> str:
    """A name as browsers send it: in lower case, and in ASCII.

    Raises:
        ArgumentTypeError: It is none.
    """
    try:
        name = text.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise ArgumentTypeError(f"{text!r}: want a name such as gate-1.example, without a port")
    return name


def page_of(
    engine: Engine,
    address: tuple[str, int] | None,
    terminal: Terminal,
    *,
    hosts: Sequence[str] = (),
    folder: Path | None = None,
) -> AbstractContextManager[ServedPage | None]:
    """Serve the page of an engine, before that starts: saved settings count from the first delivery on.

    The command works without a page: when the page's packages are missing, or the default port is in use, it only
    says so.

    Raises:
        OSError: The page cannot listen on the address that `--page` names.
    """
    if address is None:
        return nullcontext()
    try:
        from cammra_edge.web import serve_page  # noqa: PLC0415 - an extra
    except ImportError as error:
        terminal.note(f"no page: {error.name} is not installed (pip install 'cammra-edge[page]')")
        return nullcontext()
    if address is _DEFAULT and _in_use(address):
        terminal.note(f"no page: port {PAGE_PORT} is in use; --page PORT takes another one")
        return nullcontext()
    return serve_page(engine, address[0], address[1], hosts=hosts, folder=folder)


def _in_use(address: tuple[str, int]) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            return error.errno in {errno.EADDRINUSE, errno.EACCES}
    return False
