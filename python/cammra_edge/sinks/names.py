"""Addresses of names: asked without holding anybody up, and remembered for when no name server answers.

A name server that is silent costs no more than its share of the try, and where the name was reached before, the
address of then is used again, for a day (as RFC 8767 proposes). A name that is said not to exist is believed to be
gone: its old address may be another's by now. Held by `tests/sinks/test_dial.py` and `tests/faults/network.py`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from cammra_edge.sinks.whys import Why

if TYPE_CHECKING:
    from cammra_edge.sinks.deadline import Deadline

Address = tuple[Any, ...]
"""Family, type, protocol, canonical name and address, as from `socket.getaddrinfo`."""

_PATIENCE_S: Final = 2.0
"""How long an answer is waited for where an address of before is known."""
_GOOD_FOR_S: Final = 86_400.0
_MOST_REMEMBERED: Final = 64
_MOST_ASKING: Final = 4
"""Questions about one name at a time; the system's resolver may take half a minute for each."""
_GONE: Final = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)
)

_Name = tuple[str, int]


class _Question:
    """One call of the system's resolver, which has no time limit, on a thread of its own."""

    def __init__(self, name: _Name) -> None:
        self.name = name
        self.answered = threading.Event()
        self.addresses: list[Address] = []
        self.error: OSError | None = None

    def ask(self) -> None:
        host, port = self.name
        try:
            self.addresses = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            self.error = error if isinstance(error, OSError) else socket.gaierror(str(error))
        with _lock:
            _open[self.name].remove(self)
            if not _open[self.name]:
                del _open[self.name]
        self.answered.set()


_lock = threading.Lock()
_open: dict[_Name, list[_Question]] = {}
_reached: dict[_Name, tuple[Address, Deadline]] = {}


def addresses(host: str, port: int, deadline: Deadline) -> list[Address]:
    """The addresses of a name, or the one that was reached last where no name server answers.

    Raises:
        TimeoutError: No name server answered.
        socket.gaierror: There is no such name, or nobody knows.
    """
    last = _last_reached((host, port))
    if last is None:
        return resolved(host, port, deadline.wait_s())
    # Where the question before is still open, nobody waits for another.
    patience_s = 0.0 if (host, port) in _open else _PATIENCE_S
    try:
        return resolved(host, port, deadline.wait_s(patience_s))
    except socket.gaierror as error:
        if error.errno in _GONE:
            raise
    except OSError:  # nobody answered, or there was nothing to ask with
        pass
    return [last]


def remember(host: str, port: int, address: Address, deadline: Deadline) -> None:
    """A connection to this address of the name came about."""
    if address[4][0] == host:
        return
    with _lock:
        _reached.pop((host, port), None)
        while len(_reached) >= _MOST_REMEMBERED:
            del _reached[next(iter(_reached))]
        _reached[host, port] = (address, deadline.anew(_GOOD_FOR_S))


def resolved(host: str, port: int, wait_s: float) -> list[Address]:
    """The addresses of a name: of both families, since a camera may have only one.

    Raises:
        TimeoutError: No name server answered.
        socket.gaierror: There is no such name.
        OSError: There is no thread left to ask with.
    """
    with contextlib.suppress(socket.gaierror):  # then it is a name
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    question = _asked((host, port))
    if not question.answered.wait(wait_s):
        raise TimeoutError(Why.NO_NAME_SERVER(host=host))
    if question.error is not None:
        raise question.error
    return question.addresses


def _asked(name: _Name) -> _Question:
    """A question of its own, or the youngest where there are enough."""
    with _lock:
        questions = _open.setdefault(name, [])
        if len(questions) >= _MOST_ASKING:
            return questions[-1]
        question = _Question(name)
        questions.append(question)
        try:
            threading.Thread(target=question.ask, name="resolver", daemon=True).start()
        except RuntimeError as error:
            questions.remove(question)
            if not questions:
                del _open[name]
            raise OSError(errno.EAGAIN, Why.NO_THREAD_FOR_NAMES()) from error
        return question


def _last_reached(name: _Name) -> Address | None:
    with _lock:
        address, good_for = _reached.get(name, (None, None))
        if good_for is not None and good_for.left_s() <= 0:
            del _reached[name]
            return None
        return address
