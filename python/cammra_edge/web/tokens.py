"""The tokens of programs: what each may do, and the digest of its secret."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from cammra_edge.errors import ConfigError
from cammra_edge.web.access_file import AccessFile, Token
from cammra_edge.web.roles import SCOPES
from cammra_edge.web.sentences import PageWant
from cammra_edge.web.sessions import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cammra_edge.clock import Clock

MAX_TOKENS = 32


class Tokens:
    """The tokens that are accepted. All methods may be called from any thread."""

    def __init__(self, file: AccessFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    def all(self) -> tuple[Token, ...]:
        """Every one of them."""
        return self._file.tokens

    def make(self, name: str, scopes: Iterable[str]) -> tuple[str, Token]:
        """A token for a program, and its secret, to be shown once.

        Raises:
            ConfigError: The name or a scope cannot be used.
            OSError: The disk refused; nothing has changed.
        """
        known = tuple(scope for scope in SCOPES if scope in set(scopes))
        if not known or set(scopes) - set(SCOPES):
            raise ConfigError(
                "scopes", ", ".join(scopes)[:80], PageWant.SOME_OF(options=", ".join(SCOPES))
            )
        if not name.strip() or len(name) > 64:  # noqa: PLR2004 - fits a line of the list
            raise ConfigError("name", name[:64], PageWant.TOKEN_NAME())
        secret = "ce_" + secrets.token_urlsafe(32)
        made_utc_s = self._clock.utc_ns() // 10**9
        token = Token(secrets.token_hex(6), name.strip(), known, made_utc_s, digest_of(secret))
        with self._file.lock:
            if len(self._file.tokens) >= MAX_TOKENS:
                raise ConfigError("tokens", MAX_TOKENS, PageWant.TOKENS_AT_MOST(most=MAX_TOKENS))
            self._file.keep(tokens=(*self._file.tokens, token))
        return secret, token

    def remove(self, token_id: str) -> Token | None:
        """Accept a token no more; `None`: there is none of this id.

        Raises:
            OSError: The disk refused; nothing has changed.
        """
        with self._file.lock:
            gone = next((one for one in self._file.tokens if one.token_id == token_id), None)
            if gone is not None:
                self._file.keep(tokens=tuple(one for one in self._file.tokens if one is not gone))
        return gone

    def find(self, secret: str) -> Token | None:
        """The token with this secret."""
        digest = digest_of(secret)
        known = (one for one in self._file.tokens if hmac.compare_digest(one.digest, digest))
        return next(known, None)
