"""Answers to an HTTP challenge: Digest (MD5, SHA-256, their -sess kinds, SHA-512-256) and Basic.

Pure: headers in, header out. A nonce that worked is used again with a higher count, so that later events cost
no second round trip. Source: RFC 7616 and RFC 7617; `tests/sinks/test_challenge.py` has the RFC's own
vectors.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cammra_edge.profile import Auth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PIECES = re.compile(rf"""(?P<name>{_WORD})(?:\s*=\s*(?P<value>"(?:[^"\\]|\\.)*"?|[^\s,"]*))?""")
_CLOSED = re.compile(r'"(?:[^"\\]|\\.)*"')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_STRENGTH = {"MD5": 0, "SHA-256": 1, "SHA-512-256": 2}
_SESSION = "-SESS"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to log in that a server offers."""

    scheme: str
    params: Mapping[str, str]

    @property
    def stale(self) -> bool:
        """Only the nonce was too old; name and password were good."""
        return self.params.get("stale", "").lower() == "true"


def parse(headers: Iterable[str]) -> list[Challenge]:
    """The challenges of `WWW-Authenticate` headers, several of which may stand in one; nonsense is skipped.

    Values keep one character a byte. Commas may be missing or too many, and the last quote may be unclosed.
    """
    challenges: list[Challenge] = []
    for header in headers:
        if _CONTROL.search(header):
            continue  # what it says could not be said back
        params: dict[str, str] = {}
        for piece in _PIECES.finditer(header):
            name, value = piece["name"], piece["value"]
            if value is None:
                params = {}
                challenges.append(Challenge(name.lower(), params))
            else:
                params[name.lower()] = _unquoted(value)
    return challenges


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    inner = value[1:-1] if _CLOSED.fullmatch(value) else value[1:]
    return re.sub(r"\\(.)", r"\1", inner)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _algorithm(challenge: Challenge) -> str:
    return challenge.params.get("algorithm", "MD5").upper()


def _answerable(challenge: Challenge) -> bool:
    if challenge.scheme == "basic":
        return True
    if challenge.scheme != "digest" or not challenge.params.get("nonce"):
        return False
    offered = _qops(challenge)
    return _algorithm(challenge).removesuffix(_SESSION) in _HASHES and (
        not offered or bool(offered & {"auth", "auth-int"})
    )


def _qops(challenge: Challenge) -> set[str]:
    return {
        qop.strip().lower() for qop in challenge.params.get("qop", "").split(",") if qop.strip()
    }


@dataclass(slots=True)
class Credentials:
    """Name and password of one profile, and what its receiver asked for last."""

    auth: Auth
    user: str
    password: str = field(repr=False)
    _challenge: Challenge | None = None
    _uses: int = 0
    _cnonce: str = ""

    def header(self, method: str, target: str, body: bytes) -> str | None:
        """Value of `Authorization` for this request, one character a byte; `None` to send none."""
        if not self.user or self.auth in {Auth.NONE, Auth.BEARER}:
            return None
        if self.auth is Auth.BASIC or (
            self._challenge is not None and self._challenge.scheme == "basic"
        ):
            return basic(self.user, self.password)
        if self._challenge is None:
            return None
        self._uses += 1
        return self._digest(self._challenge, method, target, body, cnonce=self._cnonce)

    def learn(self, headers: Iterable[str]) -> bool:
        """Take in the challenges of a 401; returns whether one of them can be answered."""
        schemes = {
            Auth.AUTO: {"digest", "basic"},
            Auth.DIGEST: {"digest"},
            Auth.BASIC: {"basic"},
        }.get(self.auth, set())
        offered = [
            challenge
            for challenge in parse(headers)
            if challenge.scheme in schemes and _answerable(challenge)
        ]
        self._take(max(offered, key=_preference, default=None))
        return bool(self.user) and self._challenge is not None

    @property
    def stale(self) -> bool:
        """Whether the last challenge said that only the nonce was too old."""
        return self._challenge is not None and self._challenge.stale

    def next_nonce(self, info: str) -> None:
        """Take over the nonce that an `Authentication-Info` header announces."""
        announced = parse([f"Info {info}"])
        nonce = announced[0].params.get("nextnonce") if announced else None
        if nonce and self._challenge is not None and self._challenge.scheme == "digest":
            self._take(Challenge("digest", {**self._challenge.params, "nonce": nonce}))

    def _take(self, challenge: Challenge | None) -> None:
        """Start counting anew, with one `cnonce` for the life of the nonce: the -sess kinds derive a key from both."""
        self._challenge = challenge
        self._uses = 0
        self._cnonce = secrets.token_hex(8)

    def _digest(
        self, challenge: Challenge, method: str, target: str, body: bytes, *, cnonce: str
    ) -> str:
        params = challenge.params
        algorithm = _algorithm(challenge)
        name = _HASHES[algorithm.removesuffix(_SESSION)]

        def hashed(*parts: str | bytes) -> str:
            joined = b":".join(part if isinstance(part, bytes) else part.encode() for part in parts)
            return hashlib.new(name, joined, usedforsecurity=False).hexdigest()

        # As the receiver wrote them, whatever the encoding.
        nonce, realm = (params.get(name, "").encode("latin-1") for name in ("nonce", "realm"))
        secret = hashed(self.user, realm, self.password)
        if algorithm.endswith(_SESSION):
            secret = hashed(secret, nonce, cnonce)
        offered = _qops(challenge)
        qop = "auth" if "auth" in offered else "auth-int" if offered else ""
        what = hashed(method, target, hashed(body)) if qop == "auth-int" else hashed(method, target)
        count = f"{self._uses:08x}"
        response = (
            hashed(secret, nonce, count, cnonce, qop, what) if qop else hashed(secret, nonce, what)
        )
        members = [
            f"username={_quoted(self.user.encode().decode('latin-1'))}",
            f"realm={_quoted(params.get('realm', ''))}",
            f"nonce={_quoted(params['nonce'])}",
            f"uri={_quoted(target)}",
            f'response="{response}"',
        ]
        if "algorithm" in params:
            members.append(f"algorithm={params['algorithm']}")
        if "opaque" in params:
            members.append(f"opaque={_quoted(params['opaque'])}")
        if qop:
            members += [f"qop={qop}", f"nc={count}", f'cnonce="{cnonce}"']
        return "Digest " + ", ".join(members)


def _preference(challenge: Challenge) -> int:
    if challenge.scheme == "basic":
        return -1
    return _STRENGTH[_algorithm(challenge).removesuffix(_SESSION)]


def basic(user: str, password: str) -> str:
    """Value of `Authorization` for Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
