"""The Tests of profiles that may use TLS: they show the receiver's certificate, trusted or not."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, TypeVar

from cammra_edge.profile import Ftp, HttpPost, Mqtt, Tcp
from cammra_edge.sinks import failures, tls
from cammra_edge.trial import certificate
from cammra_edge.trial.found import Found
from cammra_edge.trial.remedies import Remedy
from cammra_edge.trial.run import Trial
from cammra_edge.trial.step import NOTHING, FailedStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.phrases import Said
    from cammra_edge.profile import Endpoint

_SCHEMES = ("https", "mqtts", "tls", "ftps", "ftps-implicit")
_Way = TypeVar("_Way", bound=HttpPost | Tcp | Ftp | Mqtt)


class SecureTrial(Trial[_Way]):
    """Shows the receiver's certificate before the event is sent."""

    def _reaching(self) -> dict[str, Callable[[], Said]]:
        more = {"tls": self._secure} if self._endpoint.scheme in _SCHEMES else {}
        return super()._reaching() | more

    def _secure(self) -> Said:
        """Start TLS as the profile trusts; if that fails, show the certificate all the same."""
        if self._reached() is not self._endpoint:
            return Found.CHECKED_WHEN_SENT()
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
                shown = Found.NOT_TRUSTED_OLD(why=why, version=version, certificate=_about(der))
                raise FailedStep(shown, Remedy.UPDATE_RECEIVER()) from error
            raise FailedStep(Found.NOT_TRUSTED(why=why, certificate=_about(der))) from error
        return Found.TLS(version=version, certificate=_about(der))

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

    def _signed_in(self) -> Said:
        if self._way.user:
            return Found.AS_USER(user=self._way.user)
        return Found.BY_AUTH_HEADER() if self._way.auth_header else NOTHING


def _about(der: bytes) -> Said:
    """A certificate in words: for whom, by whom, until when, and its fingerprint."""
    read = certificate.read(der)
    subject, issuer, sha256 = read.subject or "?", read.issuer or "?", tls.fingerprint(der)
    if not read.not_after:
        return Found.CERTIFICATE_UNDATED(subject=subject, issuer=issuer, sha256=sha256)
    begin, end = read.not_before, read.not_after
    return Found.CERTIFICATE(subject=subject, issuer=issuer, begin=begin, end=end, sha256=sha256)
