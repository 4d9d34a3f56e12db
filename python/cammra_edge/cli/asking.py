"""Asks the engine that runs on an outbox, over its local socket: the page's API, without a token.

Held by `tests/cli/test_running_engine.py`.
"""

from __future__ import annotations

import http.client
import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from cammra_edge.engine import socket_place
from cammra_edge.errors import CammraError, OutboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from socket import socket

_ANSWER_S = 30.0
_NEXT_LINE_S = 120.0
_BLOCK_BYTES = 1 << 18
_GOOD = range(200, 300)


class RefusedError(CammraError):
    """What the engine does not do, in its own words.

    Args:
        status: Its HTTP status.
        words: What it says.
        retry_after_s: When to ask again; 0 for never.
    """

    def __init__(self, status: int, words: str, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.status = status
        self.retry_after_s = retry_after_s


def path_of(*parts: object) -> str:
    """A path of the API whose parts may hold anything."""
    return "/api/" + "/".join(quote(str(part), safe="") for part in parts)


class RunningEngine:
    """The engine at the other end of this link; asked one thing at a time."""

    def __init__(self, outbox: Path, link: socket) -> None:
        self._outbox = outbox
        self._link = http.client.HTTPConnection("localhost")
        self._link.sock = link
        self._link.auto_open = 0

    def close(self) -> None:
        """Hang up."""
        self._link.close()

    def ask(self, method: str, path: str, body: object = None, **query: object) -> Any:  # noqa: ANN401 - JSON is anything
        """One question, and its answer as JSON.

        Raises:
            RefusedError: The engine does not do that.
            OutboxError: It does not answer.
        """
        content = self.content(method, path, body, **query)
        with self._answering(_ANSWER_S):
            return json.loads(content)

    def content(self, method: str, path: str, body: object = None, **query: object) -> bytes:
        """As `ask`, for an answer that is not JSON."""
        with self._answering(_ANSWER_S):
            return self._answer(method, path, body, query).read()

    def lines(
        self, method: str, path: str, body: object = None, **query: object
    ) -> Iterator[bytes]:
        """As `ask`, for an answer that comes line by line."""
        with self._answering(_NEXT_LINE_S):
            answer = self._answer(method, path, body, query)
            begun = b""
            while block := answer.read1(_BLOCK_BYTES):
                *lines, begun = (begun + block).split(b"\n")
                yield from lines

    def _answer(
        self, method: str, path: str, body: object, query: Mapping[str, object]
    ) -> http.client.HTTPResponse:
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        self._link.request(method, f"{path}?{asked}" if asked else path, content, headers)
        answer = self._link.getresponse()
        if answer.status not in _GOOD:
            raise _refusal(answer.status, answer.read())
        return answer

    @contextmanager
    def _answering(self, longest_s: float) -> Iterator[None]:
        try:
            if self._link.sock is None:
                raise http.client.NotConnected("it has hung up")
            self._link.sock.settimeout(longest_s)
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise OutboxError(
                f"{self._outbox}: the engine that runs on it does not answer: {str(error) or type(error).__name__}"
            ) from error


def _refusal(status: int, content: bytes) -> CammraError:
    try:
        said = json.loads(content)
        fields = [f"{one['field']}: want {one['want']}" for one in said.get("fields", ())]
        words = "; ".join(fields) or str(said["error"])
        wait_s = float(said.get("retry_after_s", 0.0))
    except (ValueError, LookupError, TypeError, AttributeError):
        words, wait_s = f"the engine answers {status}", 0.0
    if status >= http.client.INTERNAL_SERVER_ERROR:
        return OutboxError(words)
    return RefusedError(status, words, wait_s)


def engine_on(outbox: Path) -> RunningEngine | None:
    """The engine that runs on this outbox; `None` where none listens."""
    owners = {os.geteuid()}
    with suppress(OSError):
        owners.add(outbox.stat().st_uid)
    for place in socket_place.places(outbox):
        link = socket_place.connected(place, frozenset(owners))
        if link is not None:
            return RunningEngine(outbox, link)
    return None
