"""The Tests of profiles that may use TLS: they show the receiver's certificate, trusted or not."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, TypeVar

from cammra_edge.profile import Ftp, HttpPost, Tcp
from cammra_edge.sinks import failures, tls
from cammra_edge.trial import certificate
from cammra_edge.trial.run import Trial
from cammra_edge.trial.step import FailedStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.profile import Endpoint

_SCHEMES = ("https", "tls", "ftps", "ftps-implicit")
_OLD = "Bring the receiver up to date; until then switch «Old receivers» on, which is weak."
_Way = TypeVar("_Way", bound=HttpPost | Tcp | Ftp)


class SecureTrial(Trial[_Way]):
    """Shows the receiver's certificate before the event is sent."""

    def _reaching(self) -> dict[str, Callable[[], str]]:
        more = {"tls": self._secure} if self._endpoint.scheme in _SCHEMES else {}
        return super()._reaching() | more

    def _secure(self) -> str:
        """Start TLS as the profile trusts; if that fails, show the certificate all the same."""
        if self._reached() is not self._endpoint:
            return "checked when the event is sent, as there is a proxy in between"
        trust = tls.Trust(self._way.tls)
        trust.context()
        try:
            version, der = self._shown(trust)
        except ssl.SSLError as error:
            why = failures.outcome(error, self._endpoint).why
            try:
                version, der = self._shown(tls.Trust(tls.ANY))
            except OSError:
                raise FailedStep(why) from error
            if failures.is_too_old(error):
                raise FailedStep(f"{why}; it offers {version}; {_about(der)}", _OLD) from error
            raise FailedStep(f"{why}; {_about(der)}") from error
        return f"{version}; {_about(der)}"

    def _shown(self, trust: tls.Trust) -> tuple[str, bytes]:
        """The TLS version and the certificate of a receiver that is trusted."""
        limits, endpoint = self._way.timeouts, self._endpoint
        sock = self._dialled(endpoint)
        with trust.start(sock, endpoint.host, self._deadline, limits.connect_s) as secure:
            cipher = (secure.cipher() or ("no cipher",))[0]
            return f"{secure.version()} with {cipher}", secure.getpeercert(binary_form=True) or b""


class HttpTrial(SecureTrial[HttpPost]):
    """Goes through a proxy if there is one, and signs in with a user or a header."""

    def _reached(self) -> Endpoint:
        return self._way.proxy_endpoint() or self._endpoint

    def _signed_in(self) -> str:
        if self._way.user:
            return f"as {self._way.user}"
        return "by Auth-Header" if self._way.auth_header else ""


def _about(der: bytes) -> str:
    """A certificate in words: for whom, by whom, until when, and its fingerprint."""
    read = certificate.read(der)
    dates = (
        f"good from {read.not_before} to {read.not_after}" if read.not_after else "dates unknown"
    )
    who = f"certificate of {read.subject or '?'}, signed by {read.issuer or '?'}"
    return f"{who}, {dates}, SHA-256 {tls.fingerprint(der)}"
